//! The elements of the framed form, each with its reading beside its writing (FORMAT.md, section 1).

use std::io::{self, Read, Write};

use xxhash_rust::xxh64::Xxh64;

use crate::format::header::FramesHeader;
use crate::format::source::Source;
use crate::format::varint::write_varint;
use crate::options::error::Error;
use crate::options::framing::Framing;

/// Ends the framed form.
const END_MAGIC: [u8; 4] = [0xCE, 0xA3, 1, 0x81];
/// Coded bytes come in packets of this many; a shorter one is a frame's last.
pub(crate) const PACKET: usize = 1 << 16;
/// What the trailer takes.
pub(super) const TRAILER_LEN: u64 = 20;
/// What the header takes at most.
pub(super) const HEADER_LEN_MAX: u64 = 4 + 255 + 4;

/// Refuses a frame size that nothing was cut by.
pub(crate) fn check_frame_bytes(header: &FramesHeader, offset: u64) -> Result<(), Error> {
    match (Framing::FRAME_BYTES_MIN..=Framing::FRAME_BYTES_MAX).contains(&header.frame_bytes) {
        true => Ok(()),
        false => Err(Error::Corrupt { offset, what: "the frame size is out of bounds" }),
    }
}

/// A frame in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Bytes of the document, not 0.
    pub(crate) raw_len: u64,
    /// Bytes of the frame, with all that is around the encoding in it.
    pub(crate) coded_len: u64,
    /// Ends of lines (`\n`) among its bytes of the document.
    pub(crate) lines: u64,
    /// Check of the bytes of the document.
    pub(super) check: u64,
}

/// What is said of a frame's bytes of the document, while they pass by.
pub(super) struct Tally {
    hash: Xxh64,
    pub(super) raw_len: u64,
    lines: u64,
}

impl Tally {
    /// Of a frame that begins at `raw_start` of the document: its check fails at any other place.
    pub(super) fn new(raw_start: u64) -> Self {
        Self { hash: Xxh64::new(raw_start), raw_len: 0, lines: 0 }
    }

    /// Adds the next bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.raw_len += bytes.len() as u64;
        self.lines += line_ends(bytes);
    }

    /// The frame's entry, of so many bytes.
    pub(super) fn entry(&self, coded_len: u64) -> Entry {
        let Self { hash, raw_len, lines } = self;
        Entry { raw_len: *raw_len, coded_len, lines: *lines, check: hash.digest() }
    }
}

/// How many lines end in these bytes. Short sums of bytes are what a compiler makes wide.
pub(crate) fn line_ends(bytes: &[u8]) -> u64 {
    let count = |part: &[u8]| part.iter().map(|&byte| u8::from(byte == b'\n')).sum::<u8>();
    bytes.chunks(255).map(|part| u64::from(count(part))).sum()
}

impl Entry {
    pub(super) fn bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(35);
        write_varint(self.raw_len, &mut bytes);
        write_varint(self.coded_len, &mut bytes);
        write_varint(self.lines, &mut bytes);
        bytes.extend_from_slice(&self.check.to_le_bytes());
        bytes
    }

    pub(crate) fn read_from<R: Read>(source: &mut Source<R>) -> Result<Self, Error> {
        let (raw_len, coded_len) = (source.varint()?, source.varint()?);
        Ok(Self { raw_len, coded_len, lines: source.varint()?, check: read_u64(source)? })
    }

    /// What ends a frame: what the entry says of the document.
    fn frame_end(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(26);
        write_varint(self.raw_len, &mut bytes);
        write_varint(self.lines, &mut bytes);
        bytes.extend_from_slice(&self.check.to_le_bytes());
        bytes
    }

    /// Reads what ends a frame; how long the frame is is known when that was read.
    pub(crate) fn read_frame_end<R: Read>(source: &mut Source<R>) -> Result<Self, Error> {
        let (raw_len, lines) = (source.varint()?, source.varint()?);
        Ok(Self { raw_len, coded_len: 0, lines, check: read_u64(source)? })
    }
}

/// The last bytes: by them a reader who can seek finds the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trailer {
    /// Bytes of the index, which ends where the trailer begins.
    pub(crate) index_len: u64,
    /// Check of the header and the index.
    pub(super) check: u64,
}

impl Trailer {
    fn bytes(self) -> Vec<u8> {
        [&self.index_len.to_le_bytes()[..], &self.check.to_le_bytes(), &END_MAGIC].concat()
    }

    pub(crate) fn read_from<R: Read>(source: &mut Source<R>) -> Result<Self, Error> {
        let offset = source.offset;
        let trailer = Self { index_len: read_u64(source)?, check: read_u64(source)? };
        let mut magic = [0; 4];
        source.fill(&mut magic)?;
        if magic == END_MAGIC {
            return Ok(trailer);
        }
        Err(Error::Corrupt { offset, what: "the trailer of the framed form is missing" })
    }
}

fn read_u64<R: Read>(source: &mut Source<R>) -> Result<u64, Error> {
    let mut bytes = [0; 8];
    source.fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// The length of a packet.
pub(crate) fn read_packet_len<R: Read>(source: &mut Source<R>) -> Result<usize, Error> {
    let offset = source.offset;
    match usize::try_from(source.varint()?) {
        Ok(len) if len <= PACKET => Ok(len),
        _ => Err(Error::Corrupt { offset, what: "a packet of a frame is too long" }),
    }
}

/// Passes over the framed form after its header: bytes of the document, frames, ends of lines.
pub(crate) fn skip_frames<R: Read>(source: &mut Source<R>) -> Result<(u64, u64, u64), Error> {
    let (mut document_bytes, mut frames, mut lines, mut index_len) = (0_u64, 0, 0_u64, 0);
    loop {
        let start = source.offset;
        let mut len = read_packet_len(source)?;
        if len == 0 {
            source.skip(index_len + TRAILER_LEN)?;
            return Ok((document_bytes, frames, lines));
        }
        source.skip(len as u64)?;
        while len == PACKET {
            len = read_packet_len(source)?;
            source.skip(len as u64)?;
        }
        let said = Entry::read_frame_end(source)?;
        let entry = Entry { coded_len: source.offset - start, ..said };
        document_bytes = document_bytes.saturating_add(entry.raw_len);
        lines = lines.saturating_add(entry.lines);
        index_len += entry.bytes().len() as u64;
        frames += 1;
    }
}

/// Writes the framed form from front to back.
pub(super) struct FrameWriter<W> {
    output: W,
    /// The entries so far, as they are written: some 16 bytes for each frame.
    index: Vec<u8>,
    header: FramesHeader,
    /// Bytes written of the frame at hand.
    coded_len: u64,
    pub(super) frames: u64,
}

impl<W: Write> FrameWriter<W> {
    pub(super) fn new(mut output: W, header: FramesHeader) -> io::Result<Self> {
        output.write_all(&header.written())?;
        Ok(Self { output, index: Vec::new(), header, coded_len: 0, frames: 0 })
    }

    /// Goes on after frames that another writer wrote: the output is behind the last of them.
    pub(super) fn behind(
        output: W,
        header: FramesHeader,
        entries: impl Iterator<Item = Entry>,
    ) -> Self {
        let mut writer = Self { output, index: Vec::new(), header, coded_len: 0, frames: 0 };
        for entry in entries {
            writer.index.extend_from_slice(&entry.bytes());
            writer.frames += 1;
        }
        writer
    }

    /// Writes a packet of the frame at hand; the last one is shorter than [`PACKET`].
    pub(super) fn packet(&mut self, packet: &[u8]) -> io::Result<()> {
        let mut len = Vec::with_capacity(3);
        write_varint(packet.len() as u64, &mut len);
        self.output.write_all(&len)?;
        self.output.write_all(packet)?;
        self.coded_len += (len.len() + packet.len()) as u64;
        Ok(())
    }

    /// Ends the frame at hand.
    pub(super) fn end_frame(&mut self, entry: Entry) -> io::Result<()> {
        let end = entry.frame_end();
        self.output.write_all(&end)?;
        let coded_len = self.coded_len + end.len() as u64;
        self.index.extend_from_slice(&Entry { coded_len, ..entry }.bytes());
        self.coded_len = 0;
        self.frames += 1;
        Ok(())
    }

    /// Writes the end mark, the index and the trailer; how many frames there are.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        let mut hash = Xxh64::new(0);
        hash.update(&self.header.bytes);
        hash.update(&self.index);
        let trailer = Trailer { index_len: self.index.len() as u64, check: hash.digest() };
        self.output.write_all(&[0])?;
        self.output.write_all(&self.index)?;
        self.output.write_all(&trailer.bytes())?;
        self.output.flush()?;
        Ok(self.frames)
    }
}
