//! The framed form read by position: any part of the document, by several threads.

use std::io::{self, BufReader, Read, Write};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use xxhash_rust::xxh64::Xxh64;

use super::cut::{Cutter, is_final};
use super::encode::encode_cut;
use super::format::{
    Entry, FrameWriter, HEADER_LEN_MAX, TRAILER_LEN, Trailer, check_frame_bytes, line_ends,
};
use super::one::{One, share};
use super::place::{ReadAt, Region, WriteAt};
use super::range::{check_lines, check_output, check_range, start_in, within};
use super::turns::{HOLD, Lane, Output, Turns};
use crate::codec::single::MEMORY_LIMIT;
use crate::format::header::{FramesHeader, Start};
use crate::format::source::Source;
use crate::options::coding::Options;
use crate::options::error::Error;
use crate::options::limits::Limits;

/// Bytes read at a time.
const READ: usize = 1 << 15;
/// What a thread takes beside what it decodes with: its stack, and what its allocator keeps.
const THREAD: u64 = 1 << 19;
/// What an entry of the index takes while the list of them grows.
const ENTRY: u64 = 2 * size_of::<End>() as u64;

/// A framed encoding that can be read by position.
///
/// Holds the index, 32 bytes for each frame. Every method reads and decodes the frames it needs and no
/// other; what is damaged elsewhere is not noticed.
///
/// ```
/// use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
/// let document = "{\"id\":1}\n".repeat(1000);
/// let framing = Framing::new().frame_bytes(4096);
/// let mut encoded = Vec::new();
/// encode_frames(document.as_bytes(), &mut encoded, &Options::default(), framing)?;
///
/// let len = encoded.len() as u64;
/// let frames = Frames::open(encoded, len, Limits::default())?.expect("the framed form");
/// assert_eq!(frames.document_bytes(), 9000);
/// assert_eq!(frames.read_range(4500..4509)?, b"{\"id\":1}\n");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
pub struct Frames<S> {
    source: S,
    limits: Limits,
    header: FramesHeader,
    header_len: u64,
    ends: Vec<End>,
}

/// Where a frame ends, and its check.
#[derive(Clone, Copy)]
struct End {
    raw: u64,
    coded: u64,
    /// Ends of lines in the document up to here.
    lines: u64,
    check: u64,
}

/// Where a frame is.
///
/// ```
/// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
/// # let document = "{\"id\":1}\n".repeat(1000);
/// # let framing = Framing::new().frame_bytes(4096);
/// # let mut encoded = Vec::new();
/// # encode_frames(document.as_bytes(), &mut encoded, &Options::new(), framing)?;
/// # let len = encoded.len() as u64;
/// # let frames = Frames::open(encoded, len, Limits::new())?.expect("the framed form");
/// for frame in frames.iter() {
///     println!("{:?} of the document in {:?} of the file", frame.document, frame.encoded);
/// }
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its bytes of the document.
    pub document: Range<u64>,
    /// Its bytes of the encoding.
    pub encoded: Range<u64>,
}

impl<S> std::fmt::Debug for Frames<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (count, limits) = (self.ends.len(), &self.limits);
        f.debug_struct("Frames")
            .field("count", &count)
            .field("limits", limits)
            .finish_non_exhaustive()
    }
}

impl<S: ReadAt> Frames<S> {
    /// Reads the index of an encoding of `len` bytes; `None` if that is not in the framed form.
    ///
    /// ```
    /// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
    /// # let document = "{\"id\":1}\n".repeat(1000);
    /// # let framing = Framing::new().frame_bytes(4096);
    /// # let mut encoded = Vec::new();
    /// # encode_frames(document.as_bytes(), &mut encoded, &Options::new(), framing)?;
    /// # let len = encoded.len() as u64;
    /// let frames = Frames::open(&encoded, len, Limits::new())?.expect("the framed form");
    /// assert!(Frames::open(b"other bytes".as_slice(), 11, Limits::new())?.is_none());
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the index is missing or damaged. [`Decoder`](crate::Decoder) needs none.
    pub fn open(source: S, len: u64, limits: Limits) -> Result<Option<Self>, Error> {
        let mut start = at(&source, 0..len.min(HEADER_LEN_MAX));
        let header = match Start::read_from(&mut start) {
            Ok(Start::Frames(header)) => header,
            Ok(Start::Single(_)) | Err(Error::Truncated { .. } | Error::NotSigma) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        check_frame_bytes(&header, 0)?;
        let header_len = start.offset;
        let trailer_start = len.checked_sub(TRAILER_LEN).filter(|&at| at > header_len);
        let Some(trailer_start) = trailer_start else {
            return Err(Error::Truncated { offset: len });
        };
        let trailer = Trailer::read_from(&mut at(&source, trailer_start..len))?;
        let corrupt = |what| Error::Corrupt { offset: trailer_start, what };
        let index_start = trailer_start.checked_sub(trailer.index_len);
        let index_start = index_start.filter(|&start| start > header_len);
        let index_start =
            index_start.ok_or_else(|| corrupt("the index is longer than the file"))?;
        let mut frames = Self { source, limits, header, header_len, ends: Vec::new() };
        if frames.read_index(index_start..trailer_start)? != trailer.check {
            return Err(corrupt("the checksum of the index differs"));
        }
        let mark = frames.coded_end();
        if mark + 1 != index_start || at(&frames.source, mark..index_start).byte()? != 0 {
            return Err(corrupt("the index does not follow the last frame and its mark"));
        }
        Ok(Some(frames))
    }

    /// Reads the entries; their check.
    fn read_index(&mut self, range: Range<u64>) -> Result<u64, Error> {
        let mut hash = Xxh64::new(0);
        hash.update(&self.header.bytes);
        let mut source = at(&self.source, range.clone());
        let mut end = End { raw: 0, coded: self.header_len, lines: 0, check: 0 };
        let (mut count, limit_bytes) = (0, self.limits.memory_bytes.unwrap_or(u64::MAX));
        while source.offset < range.end {
            let offset = source.offset;
            let entry = Entry::read_from(&mut source)?;
            hash.update(&entry.bytes());
            let raw = end.raw.checked_add(entry.raw_len).filter(|_| entry.raw_len > 0);
            let coded = end.coded.checked_add(entry.coded_len).filter(|&end| end < range.start);
            let lines = end.lines.checked_add(entry.lines).filter(|_| entry.lines <= entry.raw_len);
            let (Some(raw), Some(coded), Some(lines)) = (raw, coded, lines) else {
                return Err(Error::Corrupt { offset, what: "an entry of the index is impossible" });
            };
            end = End { raw, coded, lines, check: entry.check };
            count += 1;
            // What does not fit is counted, to say what would.
            if count * ENTRY <= limit_bytes {
                self.ends.push(end);
            }
        }
        if count * ENTRY > limit_bytes {
            let needed_bytes = Some(count * ENTRY + self.first_needs(range.start));
            return Err(Error::Limit { what: MEMORY_LIMIT, limit_bytes, needed_bytes });
        }
        Ok(hash.digest())
    }

    /// What decoding the first frame takes; the frames end at `end`.
    fn first_needs(&self, end: u64) -> u64 {
        let frame = Frame { document: 0..0, encoded: self.header_len..end };
        match self.open_frame(&frame, Some(0)) {
            Err(Error::Limit { needed_bytes, .. }) => needed_bytes.unwrap_or(0),
            _ => 0,
        }
    }

    /// What the index takes.
    fn index_bytes(&self) -> u64 {
        self.ends.len() as u64 * ENTRY
    }

    fn coded_end(&self) -> u64 {
        self.ends.last().map_or(self.header_len, |end| end.coded)
    }

    /// Bytes of the document.
    ///
    /// ```
    /// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
    /// # let document = "{\"id\":1}\n".repeat(1000);
    /// # let framing = Framing::new().frame_bytes(4096);
    /// # let mut encoded = Vec::new();
    /// # encode_frames(document.as_bytes(), &mut encoded, &Options::new(), framing)?;
    /// # let len = encoded.len() as u64;
    /// # let frames = Frames::open(encoded, len, Limits::new())?.expect("the framed form");
    /// assert_eq!(frames.document_bytes(), 9000);
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    pub fn document_bytes(&self) -> u64 {
        self.ends.last().map_or(0, |end| end.raw)
    }

    /// The frame size that the document was cut by, in bytes.
    ///
    /// ```
    /// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
    /// # let document = "{\"id\":1}\n".repeat(1000);
    /// # let framing = Framing::new().frame_bytes(4096);
    /// # let mut encoded = Vec::new();
    /// # encode_frames(document.as_bytes(), &mut encoded, &Options::new(), framing)?;
    /// # let len = encoded.len() as u64;
    /// # let frames = Frames::open(encoded, len, Limits::new())?.expect("the framed form");
    /// assert_eq!(frames.frame_bytes(), 4096);
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    pub fn frame_bytes(&self) -> u64 {
        self.header.frame_bytes
    }

    /// Ends of lines (`\n`) in the document.
    ///
    /// ```
    /// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
    /// # let document = "{\"id\":1}\n".repeat(1000);
    /// # let framing = Framing::new().frame_bytes(4096);
    /// # let mut encoded = Vec::new();
    /// # encode_frames(document.as_bytes(), &mut encoded, &Options::new(), framing)?;
    /// # let len = encoded.len() as u64;
    /// # let frames = Frames::open(encoded, len, Limits::new())?.expect("the framed form");
    /// assert_eq!(frames.line_ends(), 1000);
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    pub fn line_ends(&self) -> u64 {
        self.ends.last().map_or(0, |end| end.lines)
    }

    /// How many frames there are.
    ///
    /// ```
    /// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
    /// # let document = "{\"id\":1}\n".repeat(1000);
    /// # let framing = Framing::new().frame_bytes(4096);
    /// # let mut encoded = Vec::new();
    /// # encode_frames(document.as_bytes(), &mut encoded, &Options::new(), framing)?;
    /// # let len = encoded.len() as u64;
    /// # let frames = Frames::open(encoded, len, Limits::new())?.expect("the framed form");
    /// assert_eq!(frames.count(), 3);
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The frames in their order.
    ///
    /// ```
    /// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
    /// # let document = "{\"id\":1}\n".repeat(1000);
    /// # let framing = Framing::new().frame_bytes(4096);
    /// # let mut encoded = Vec::new();
    /// # encode_frames(document.as_bytes(), &mut encoded, &Options::new(), framing)?;
    /// # let len = encoded.len() as u64;
    /// # let frames = Frames::open(encoded, len, Limits::new())?.expect("the framed form");
    /// assert_eq!(frames.iter().map(|frame| frame.document.end).max(), Some(9000));
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = Frame> + '_ {
        (0..self.ends.len()).map(|index| self.frame(index))
    }

    fn frame(&self, index: usize) -> Frame {
        let (raw, coded) = match index.checked_sub(1) {
            Some(before) => (self.ends[before].raw, self.ends[before].coded),
            None => (0, self.header_len),
        };
        let end = self.ends[index];
        Frame { document: raw..end.raw, encoded: coded..end.coded }
    }

    /// A frame as the index has it.
    fn entry(&self, index: usize) -> Entry {
        let (frame, end) = (self.frame(index), self.ends[index]);
        Entry {
            raw_len: frame.document.end - frame.document.start,
            coded_len: frame.encoded.end - frame.encoded.start,
            lines: end.lines - index.checked_sub(1).map_or(0, |before| self.ends[before].lines),
            check: end.check,
        }
    }

    /// How many threads, at most `wanted`, the memory limit allows beside the index; each takes what the first
    /// frame's level takes, and 2.5 MiB more if there are several.
    ///
    /// ```
    /// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
    /// # let document = "{\"id\":1}\n".repeat(1000);
    /// # let framing = Framing::new().frame_bytes(4096);
    /// # let mut encoded = Vec::new();
    /// # encode_frames(document.as_bytes(), &mut encoded, &Options::new(), framing)?;
    /// # let len = encoded.len() as u64;
    /// # let frames = Frames::open(encoded, len, Limits::new())?.expect("the framed form");
    /// assert_eq!(frames.threads_allowed(8)?, 8, "there is no limit");
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it does not allow one.
    pub fn threads_allowed(&self, wanted: usize) -> Result<usize, Error> {
        if self.limits.memory_bytes.is_none() || self.ends.is_empty() {
            return Ok(wanted.max(1));
        }
        let mut threads = wanted.max(1);
        loop {
            // A damaged frame is not what is asked about here.
            match self.open_frame(&self.frame(0), self.memory_share(threads)) {
                Err(error @ Error::Limit { .. }) if threads == 1 => return Err(self.of_all(error)),
                Err(Error::Limit { .. }) => threads -= 1,
                _ => return Ok(threads),
            }
        }
    }

    /// What each thread may use.
    fn memory_share(&self, threads: usize) -> Option<u64> {
        let total = self.limits.memory_bytes?.saturating_sub(self.index_bytes());
        Some(if threads <= 1 {
            total
        } else {
            (total / threads as u64).saturating_sub(HOLD as u64 + THREAD)
        })
    }

    /// An error of the only thread, which may use what the index leaves.
    fn of_all(&self, error: Error) -> Error {
        match (error, self.limits.memory_bytes) {
            (Error::Limit { what: MEMORY_LIMIT, needed_bytes, .. }, Some(limit_bytes)) => {
                let needed_bytes = needed_bytes.map(|needed| needed + self.index_bytes());
                Error::Limit { what: MEMORY_LIMIT, limit_bytes, needed_bytes }
            }
            (error, _) => error,
        }
    }

    /// Decodes `range` of the document, in bytes, by so many threads; `u64::MAX` as its end means the
    /// document's.
    ///
    /// A thread that is ahead keeps at most 2 MiB for its turn and then waits, so several threads help
    /// most with frames of few MiB; [`Self::decode_range_at`] never waits.
    ///
    /// ```
    /// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
    /// # let document = "{\"id\":1}\n".repeat(1000);
    /// # let framing = Framing::new().frame_bytes(4096);
    /// # let mut encoded = Vec::new();
    /// # encode_frames(document.as_bytes(), &mut encoded, &Options::new(), framing)?;
    /// # let len = encoded.len() as u64;
    /// # let frames = Frames::open(encoded, len, Limits::new())?.expect("the framed form");
    /// let mut part = Vec::new();
    /// frames.decode_range(4500..9000, &mut part, 2)?;
    /// assert_eq!(part, document.as_bytes()[4500..]);
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    pub fn decode_range<W: Write + Send>(
        &self,
        range: Range<u64>,
        output: W,
        threads: usize,
    ) -> Result<(), Error> {
        let range = self.check(&range)?;
        let write = |lane: &mut Lane<'_, Plain<W>>, part: &[u8], _| lane.part(part);
        let output = self.run(&range, Plain(output), threads, write, |lane| lane.end(()))?;
        Ok({ output }.0.flush()?)
    }

    /// As [`Self::decode_range`], to an output that is written by position: its byte 0 is the first of
    /// the range.
    ///
    /// ```no_run
    /// # use sigma_encoder::{Frames, Limits};
    /// # fn decode(encoded: Vec<u8>) -> Result<(), sigma_encoder::Error> {
    /// let len = encoded.len() as u64;
    /// let frames = Frames::open(encoded, len, Limits::new())?.expect("the framed form");
    /// let file = std::fs::File::create("events.ndjson")?;
    /// frames.decode_range_at(0..u64::MAX, &file, 4)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn decode_range_at<W: WriteAt>(
        &self,
        range: Range<u64>,
        output: &W,
        threads: usize,
    ) -> Result<(), Error> {
        let range = self.check(&range)?;
        let write = |lane: &mut Lane<'_, Nowhere>, part: &[u8], position: u64| {
            lane.check()?;
            output.write_all_at(part, position - range.start)
        };
        self.run(&range, Nowhere, threads, write, |_| Ok(()))?;
        Ok(())
    }

    /// Decodes and checks all frames, and writes nothing.
    ///
    /// ```
    /// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
    /// # let document = "{\"id\":1}\n".repeat(1000);
    /// # let framing = Framing::new().frame_bytes(4096);
    /// # let mut encoded = Vec::new();
    /// # encode_frames(document.as_bytes(), &mut encoded, &Options::new(), framing)?;
    /// # let len = encoded.len() as u64;
    /// # let frames = Frames::open(encoded, len, Limits::new())?.expect("the framed form");
    /// frames.test(2)?;
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    pub fn test(&self, threads: usize) -> Result<(), Error> {
        let range = self.check(&(0..u64::MAX))?;
        let write = |lane: &mut Lane<'_, Nowhere>, _: &[u8], _| lane.check();
        self.run(&range, Nowhere, threads, write, |_| Ok(()))?;
        Ok(())
    }

    /// Which bytes of the document hold its lines `lines`, counted from 0; `u64::MAX` as their end means
    /// the document's. What follows the last `\n` is a line if it is not empty.
    ///
    /// The index says in which frames they begin and end; these two are decoded.
    ///
    /// ```
    /// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
    /// let document = "{\"id\":1}\n".repeat(1000);
    /// # let mut encoded = Vec::new();
    /// # encode_frames(document.as_bytes(), &mut encoded, &Options::default(), Framing::default())?;
    /// # let len = encoded.len() as u64;
    /// let frames = Frames::open(encoded, len, Limits::default())?.expect("the framed form");
    /// assert_eq!(frames.lines(500..510)?, 4500..4590);
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Also [`Error::Lines`] when the document has fewer.
    pub fn lines(&self, lines: Range<u64>) -> Result<Range<u64>, Error> {
        let wanted = if lines.start <= self.line_ends() && lines.end <= self.line_ends() {
            check_lines(&lines, self.line_ends())?
        } else {
            check_lines(&lines, self.line_ends() + u64::from(self.ends_open()?))?
        };
        let start = self.line_start(wanted.start)?;
        let end = if wanted.end == wanted.start { start } else { self.line_start(wanted.end)? };
        Ok(start..end)
    }

    /// Whether the document ends with a line that has no end.
    ///
    /// ```
    /// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
    /// # let document = "{\"id\":1}\n".repeat(1000);
    /// # let framing = Framing::new().frame_bytes(4096);
    /// # let mut encoded = Vec::new();
    /// # encode_frames(document.as_bytes(), &mut encoded, &Options::new(), framing)?;
    /// # let len = encoded.len() as u64;
    /// # let frames = Frames::open(encoded, len, Limits::new())?.expect("the framed form");
    /// assert!(!frames.ends_open()?);
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    pub fn ends_open(&self) -> Result<bool, Error> {
        let len = self.document_bytes();
        Ok(len > 0 && self.read_unlimited(len - 1..len)? != b"\n")
    }

    /// Where a line begins, of the document's or the one after its last.
    fn line_start(&self, line: u64) -> Result<u64, Error> {
        let index = self.ends.partition_point(|end| end.lines < line);
        if line == 0 || index == self.ends.len() {
            return Ok(if line == 0 { 0 } else { self.document_bytes() });
        }
        let mut ends = index.checked_sub(1).map_or(0, |before| self.ends[before].lines);
        let mut start = None;
        self.decode_frame(index, self.memory_share(1), |block, position| {
            let in_block = line_ends(block);
            if start.is_none() && ends + in_block >= line {
                start = Some(position + start_in(block, line, ends) as u64);
            }
            ends += in_block;
            Ok(())
        })?;
        start.ok_or_else(|| differs(self.frame(index).encoded.start))
    }

    fn read_unlimited(&self, range: Range<u64>) -> Result<Vec<u8>, Error> {
        let mut part = Vec::new();
        let write = |lane: &mut Lane<'_, Plain<&mut Vec<u8>>>, part: &[u8], _| lane.part(part);
        self.run(&range, Plain(&mut part), 1, write, |lane| lane.end(()))?;
        Ok(part)
    }

    /// Writes this encoding with all that `input` gives at the end of its document; says how many
    /// frames there are then.
    ///
    /// Frames are copied as they are, but for the last, or the last two, which are encoded again with
    /// what comes: with the same options the output is what [`encode_frames`](crate::encode_frames)
    /// writes for the whole document at once.
    ///
    /// ```
    /// use sigma_encoder::{Frames, Framing, Limits, Options, decode, encode_frames};
    /// let mut encoded = Vec::new();
    /// encode_frames(&b"[1]\n"[..], &mut encoded, &Options::default(), Framing::default())?;
    /// let len = encoded.len() as u64;
    /// let frames = Frames::open(encoded, len, Limits::default())?.expect("the framed form");
    /// let (mut longer, mut document) = (Vec::new(), Vec::new());
    /// frames.append(&b"[2]\n"[..], &mut longer, &Options::default(), 1)?;
    /// decode(longer.as_slice(), &mut document)?;
    /// assert_eq!(document, b"[1]\n[2]\n");
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When reading or writing fails, or a frame that is encoded again is damaged; the others are not
    /// looked at.
    pub fn append<R: Read + Send, W: Write + Send>(
        &self,
        input: R,
        mut output: W,
        options: &Options,
        threads: usize,
    ) -> Result<u64, Error> {
        io::copy(&mut Region::new(&self.source, 0, self.kept_bytes()), &mut output)?;
        self.append_behind(input, output, options, threads)
    }

    /// How many bytes of this encoding, from its start on, an [`append`](Self::append) copies as they are: a file
    /// system may do that without reading them.
    ///
    /// ```
    /// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
    /// # let document = "{\"id\":1}\n".repeat(1000);
    /// # let framing = Framing::new().frame_bytes(4096);
    /// # let mut encoded = Vec::new();
    /// # encode_frames(document.as_bytes(), &mut encoded, &Options::new(), framing)?;
    /// # let len = encoded.len() as u64;
    /// # let frames = Frames::open(&encoded, len, Limits::new())?.expect("the framed form");
    /// let mut longer = encoded[..frames.kept_bytes() as usize].to_vec();
    /// frames.append_behind(&b"{}\n"[..], &mut longer, &Options::new(), 1)?;
    /// assert!(sigma_encoder::decode_all(longer.as_slice())?.ends_with(b"{\"id\":1}\n{}\n"));
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    pub fn kept_bytes(&self) -> u64 {
        self.kept().checked_sub(1).map_or(self.header_len, |last| self.ends[last].coded)
    }

    /// How many frames an append copies.
    fn kept(&self) -> usize {
        let (frame_bytes, len) = (self.header.frame_bytes, self.document_bytes());
        let is_kept = |frame: &Frame| is_final(frame.document.start, frame_bytes, len);
        self.iter().take_while(is_kept).count()
    }

    /// As [`append`](Self::append), to an output that has the first [`kept_bytes`](Self::kept_bytes) of this encoding
    /// already.
    ///
    /// ```no_run
    /// # use sigma_encoder::{Frames, Options};
    /// # fn grow(frames: &Frames<Vec<u8>>, copy: std::fs::File) -> Result<(), sigma_encoder::Error> {
    /// frames.append_behind(&b"{}\n"[..], copy, &Options::new(), 1)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append).
    pub fn append_behind<R: Read + Send, W: Write + Send>(
        &self,
        input: R,
        output: W,
        options: &Options,
        threads: usize,
    ) -> Result<u64, Error> {
        let kept = self.kept();
        let raw = kept.checked_sub(1).map_or(0, |last| self.ends[last].raw);
        let frame_bytes = self.header.frame_bytes;
        let entries = (0..kept).map(|index| self.entry(index));
        let writer = FrameWriter::behind(output, self.header.clone(), entries);
        let tail = Tail { frames: self, index: kept, one: None, given: 0 };
        let cutter = Cutter::behind(tail.chain(input), frame_bytes, raw, kept as u64);
        encode_cut(Turns::new(writer, kept as u64), cutter, options, threads)
    }

    /// Decodes `range` of the document, in bytes.
    ///
    /// ```
    /// # use sigma_encoder::{Frames, Framing, Limits, Options, encode_frames};
    /// # let document = "{\"id\":1}\n".repeat(1000);
    /// # let framing = Framing::new().frame_bytes(4096);
    /// # let mut encoded = Vec::new();
    /// # encode_frames(document.as_bytes(), &mut encoded, &Options::new(), framing)?;
    /// # let len = encoded.len() as u64;
    /// # let frames = Frames::open(encoded, len, Limits::new())?.expect("the framed form");
    /// assert_eq!(frames.read_range(4500..4508)?, b"{\"id\":1}");
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    pub fn read_range(&self, range: Range<u64>) -> Result<Vec<u8>, Error> {
        let mut part = Vec::new();
        self.decode_range(range, &mut part, 1)?;
        Ok(part)
    }

    fn check(&self, range: &Range<u64>) -> Result<Range<u64>, Error> {
        let range = check_range(range, self.document_bytes())?;
        check_output(&range, self.limits)?;
        Ok(range)
    }

    /// Decodes the frames of a range. `write` takes each part with its position in the document, `end`
    /// follows a frame's last.
    fn run<O: Output>(
        &self,
        range: &Range<u64>,
        output: O,
        threads: usize,
        write: impl Fn(&mut Lane<'_, O>, &[u8], u64) -> io::Result<()> + Sync,
        end: impl Fn(&mut Lane<'_, O>) -> io::Result<()> + Sync,
    ) -> Result<O, Error> {
        let first = self.ends.partition_point(|end| end.raw <= range.start);
        let last = self.ends.partition_point(|end| end.raw < range.end);
        // An empty range needs no frame.
        let count = if range.is_empty() { 0 } else { last + 1 - first };
        let threads = threads.min(count);
        let memory = self.memory_share(threads);
        let indices = AtomicUsize::new(first);
        let next = || {
            let index = indices.fetch_add(1, Ordering::Relaxed);
            (index as u64, Ok((index < first + count).then_some(index)))
        };
        Turns::new(output, first as u64).run(threads, next, |index, lane| {
            let decoded = self.decode_frame(index, memory, |block, position| {
                let part = within(block, position, range);
                let position = position.max(range.start);
                if part.is_empty() { lane.check() } else { write(lane, part, position) }
            });
            decoded.map_err(|error| match threads > 1 {
                true => of_one_thread(error),
                false => self.of_all(error),
            })?;
            Ok(end(lane)?)
        })
    }

    /// Decodes a whole frame and checks it, in blocks with their positions in the document.
    fn decode_frame(
        &self,
        index: usize,
        memory: Option<u64>,
        mut write: impl FnMut(&[u8], u64) -> io::Result<()>,
    ) -> Result<(), Error> {
        let frame = self.frame(index);
        let offset = frame.encoded.start;
        let mut position = frame.document.start;
        let mut decode = || {
            let mut one = self.open_frame(&frame, memory)?;
            while one.advance()? && position < frame.document.end {
                write(one.block(), position)?;
                position += one.block().len() as u64;
            }
            one.finish()
        };
        match decode() {
            Ok(entry) => {
                if entry == self.entry(index) {
                    Ok(())
                } else {
                    Err(differs(offset))
                }
            }
            // The file goes on, but the frame must not.
            Err(Error::Truncated { .. }) => Err(differs(offset)),
            Err(error) => Err(error),
        }
    }

    fn open_frame(
        &self,
        frame: &Frame,
        memory: Option<u64>,
    ) -> Result<One<BufReader<Region<'_, S>>>, Error> {
        let source = at(&self.source, frame.encoded.clone());
        let limits = Limits { memory_bytes: memory, ..self.limits };
        let one = One::open(&share(source), frame.document.start, limits)?;
        let (offset, what) = (frame.encoded.start, "the index names a frame that is none");
        one.ok_or(Error::Corrupt { offset, what })
    }
}

/// The document from a frame on, as a reader.
struct Tail<'a, S> {
    frames: &'a Frames<S>,
    index: usize,
    one: Option<One<BufReader<Region<'a, S>>>>,
    /// Bytes of the block at hand that were given out.
    given: usize,
}

impl<S: ReadAt> Tail<'_, S> {
    /// Has bytes at hand, but at the document's end.
    fn advance(&mut self) -> Result<(), Error> {
        while self.index < self.frames.ends.len() {
            let frame = self.frames.frame(self.index);
            let one = match &mut self.one {
                Some(one) => one,
                none => none.insert(self.frames.open_frame(&frame, self.frames.memory_share(1))?),
            };
            if self.given < one.block().len() {
                return Ok(());
            }
            self.given = 0;
            if one.advance()? {
                continue;
            }
            let found = self.one.take().map(One::finish).transpose()?;
            if found != Some(self.frames.entry(self.index)) {
                return Err(differs(frame.encoded.start));
            }
            self.index += 1;
        }
        Ok(())
    }
}

impl<S: ReadAt> Read for Tail<'_, S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.advance().map_err(|error| match error {
            Error::Io(error) => error,
            error => io::Error::other(error),
        })?;
        let Some(one) = &self.one else { return Ok(0) };
        let rest = &one.block()[self.given..];
        let len = rest.len().min(bytes.len());
        bytes[..len].copy_from_slice(&rest[..len]);
        self.given += len;
        Ok(len)
    }
}

fn differs(offset: u64) -> Error {
    Error::Corrupt { offset, what: "a frame differs from the index" }
}

/// Encoded bytes of this range.
fn at<S: ReadAt>(source: &S, range: Range<u64>) -> Source<BufReader<Region<'_, S>>> {
    let region = Region::new(source, range.start, range.end);
    let mut source = Source::new(BufReader::with_capacity(READ, region));
    source.offset = range.start;
    source
}

/// The memory limit is shared by threads.
fn of_one_thread(error: Error) -> Error {
    match error {
        Error::Limit { what: MEMORY_LIMIT, limit_bytes, needed_bytes } => {
            let what = "share of the memory limit of one thread";
            Error::Limit { what, limit_bytes, needed_bytes }
        }
        error => error,
    }
}

/// Writes parts as they come.
struct Plain<W>(W);

impl<W: Write + Send> Output for Plain<W> {
    type End = ();

    fn part(&mut self, part: &[u8]) -> io::Result<()> {
        self.0.write_all(part)
    }

    fn end(&mut self, (): ()) -> io::Result<()> {
        Ok(())
    }
}

/// Where order does not matter.
struct Nowhere;

impl Output for Nowhere {
    type End = ();

    fn part(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, (): ()) -> io::Result<()> {
        Ok(())
    }
}
