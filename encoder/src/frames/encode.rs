//! Encodes a document frame by frame, by several threads.

use std::io::{self, Read, Write};
use std::sync::{Mutex, PoisonError};

use super::cut::{Cutter, start_of};
use super::format::{Entry, FrameWriter, PACKET, Tally};
use super::place::{ReadAt, Region};
use super::turns::{Lane, Output, Turns};
use crate::codec::reader::encode;
use crate::format::header::FramesHeader;
use crate::options::coding::Options;
use crate::options::error::Error;
use crate::options::framing::Framing;

/// Encodes all that `input` gives, in frames; says how many.
///
/// With one thread, memory is a level's. More threads must each hold a whole frame of the document,
/// since a pipe can only be read in order: [`encode_frames_at`] needs not. The bytes written depend on
/// the document, the options and `framing.frame_bytes` alone.
///
/// ```
/// use sigma_encoder::{Framing, Options, decode, encode_frames};
/// let document = "{\"id\":1}\n".repeat(1000);
/// let framing = Framing::new().frame_bytes(4096).threads(2);
/// let mut encoded = Vec::new();
/// let frames = encode_frames(document.as_bytes(), &mut encoded, &Options::default(), framing)?;
/// assert_eq!(frames, 3);
/// let mut decoded = Vec::new();
/// decode(encoded.as_slice(), &mut decoded)?;
/// assert_eq!(decoded, document.as_bytes());
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
///
/// # Errors
///
/// When reading or writing fails, or the frame size is not within
/// [`Framing::FRAME_BYTES_MIN`]`..=`[`Framing::FRAME_BYTES_MAX`].
pub fn encode_frames<R: Read + Send, W: Write + Send>(
    input: R,
    output: W,
    options: &Options,
    framing: Framing,
) -> Result<u64, Error> {
    let turns = turns(output, framing)?;
    encode_cut(turns, Cutter::new(input, framing.frame_bytes), options, framing.threads)
}

/// Encodes the frames that are cut from a pipe; how many there are then.
pub(super) fn encode_cut<R: Read + Send, W: Write + Send>(
    turns: Turns<FrameWriter<W>>,
    cutter: Cutter<R>,
    options: &Options,
    threads: usize,
) -> Result<u64, Error> {
    let cutter = Mutex::new(cutter);
    let cutter = || cutter.lock().unwrap_or_else(PoisonError::into_inner);
    let output = if threads <= 1 {
        let next = || {
            let mut cutter = cutter();
            (cutter.frames, cutter.next_frame().map_err(Error::from))
        };
        turns.run(1, next, |start, lane| encode_frame(&mut *cutter(), start, options, lane))?
    } else {
        // Each thread reads its own frame, so that no more frames are held than threads work.
        let next = || {
            let mut cutter = cutter();
            (cutter.frames, whole_frame(&mut cutter).map_err(Error::from))
        };
        turns.run(threads, next, |(start, frame), lane| {
            encode_frame(frame.as_slice(), start, options, lane)
        })?
    };
    Ok(output.finish()?)
}

/// The next frame, with where it begins.
fn whole_frame<R: Read>(cutter: &mut Cutter<R>) -> io::Result<Option<(u64, Vec<u8>)>> {
    let Some(start) = cutter.next_frame()? else { return Ok(None) };
    let mut frame = Vec::new();
    // As much as it can need, so that it is not moved as it grows; where memory is short, it grows.
    let _ = frame.try_reserve_exact(usize::try_from(cutter.frame_len_max()).unwrap_or(0));
    cutter.read_to_end(&mut frame)?;
    Ok(Some((start, frame)))
}

/// Encodes the first `len` bytes of a source that is read by position, in frames; says how many.
///
/// Each thread takes a level's memory and at most 2 MiB of output that waits for its turn, whatever
/// the size of frames. The bytes are those that [`encode_frames`] writes.
///
/// ```no_run
/// use sigma_encoder::{Framing, Options, encode_frames_at};
/// let source = std::fs::File::open("events.ndjson")?;
/// let output = std::fs::File::create("events.ndjson.sg")?;
/// let framing = Framing::new().threads(4);
/// encode_frames_at(&source, source.metadata()?.len(), &output, &Options::default(), framing)?;
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
///
/// # Errors
///
/// As [`encode_frames`]; also when the source has fewer bytes than `len`.
pub fn encode_frames_at<S: ReadAt + ?Sized, W: Write + Send>(
    source: &S,
    len: u64,
    output: W,
    options: &Options,
    framing: Framing,
) -> Result<u64, Error> {
    let turns = turns(output, framing)?;
    // Not an atomic number: not every machine has those of 64 bits.
    let numbers = Mutex::new(0_u64);
    let next = || {
        let number = next_of(&numbers);
        let region = || -> io::Result<Option<(u64, u64)>> {
            let start = start_of(source, len, framing.frame_bytes, number)?;
            let end = start_of(source, len, framing.frame_bytes, number + 1)?;
            Ok((start < end).then_some((start, end)))
        };
        (number, region().map_err(Error::from))
    };
    let count_max = usize::try_from(len.div_ceil(framing.frame_bytes)).unwrap_or(usize::MAX);
    let output = turns.run(framing.threads.min(count_max), next, |(start, end), lane| {
        encode_frame(Region::new(source, start, end), start, options, lane)
    })?;
    Ok(output.finish()?)
}

fn next_of(numbers: &Mutex<u64>) -> u64 {
    let mut next = numbers.lock().unwrap_or_else(PoisonError::into_inner);
    *next += 1;
    *next - 1
}

fn turns<W: Write + Send>(output: W, framing: Framing) -> Result<Turns<FrameWriter<W>>, Error> {
    let sizes = Framing::FRAME_BYTES_MIN..=Framing::FRAME_BYTES_MAX;
    if !sizes.contains(&framing.frame_bytes) {
        let (least, most) = sizes.into_inner();
        let found = framing.frame_bytes;
        let message = format!("a frame of {found} bytes; choose from {least} to {most} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message).into());
    }
    let header = FramesHeader::new(framing.frame_bytes);
    Ok(Turns::new(FrameWriter::new(output, header)?, 0))
}

/// Encodes one frame, which begins at `start` of the document.
fn encode_frame<R: Read, W: Write + Send>(
    input: R,
    start: u64,
    options: &Options,
    lane: &mut Lane<'_, FrameWriter<W>>,
) -> Result<(), Error> {
    let mut input = Tallied { inner: input, tally: Tally::new(start) };
    let mut packets = Packets { lane, packet: Vec::with_capacity(PACKET) };
    encode(&mut input, &mut packets, options)?;
    packets.lane.part(&packets.packet)?;
    Ok(lane.end(input.tally.entry(0))?)
}

impl<W: Write + Send> Output for FrameWriter<W> {
    /// What is said of the frame's bytes of the document.
    type End = Entry;

    fn part(&mut self, part: &[u8]) -> io::Result<()> {
        self.packet(part)
    }

    fn end(&mut self, entry: Entry) -> io::Result<()> {
        self.end_frame(entry)
    }
}

/// Counts and hashes what is read.
struct Tallied<R> {
    inner: R,
    tally: Tally,
}

impl<R: Read> Read for Tallied<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(bytes)?;
        self.tally.add(&bytes[..len]);
        Ok(len)
    }
}

/// Cuts coded bytes into full packets; what is left over is the frame's last packet.
struct Packets<'a, 'b, W> {
    lane: &'a mut Lane<'b, FrameWriter<W>>,
    packet: Vec<u8>,
}

impl<W: Write + Send> Write for Packets<'_, '_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len().min(PACKET - self.packet.len());
        self.packet.extend_from_slice(&bytes[..len]);
        if self.packet.len() == PACKET {
            self.lane.part(&self.packet)?;
            self.packet.clear();
        }
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
