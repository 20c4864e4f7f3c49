//! What an encoding says of itself: headers and lengths are read, and nothing is decoded but documents
//! so short that no length says where their encoding ends.

use std::io::Read;

use crate::codec::single::Single;
use crate::format::chunk::{CODED_MAX, ChunkKind};
use crate::format::header::{Header, Start};
use crate::format::source::Source;
use crate::frames::format::skip_frames;
use crate::options::coding::Level;
use crate::options::error::Error;
use crate::options::limits::{Budget, Limits};

/// What an encoding holds.
///
/// ```
/// use sigma_encoder::{Options, encode_all, outline};
/// let encoded = encode_all(&b"[1,2,3]"[..], &Options::new())?;
/// assert_eq!(outline(encoded.as_slice())?.document_bytes, 7);
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outline {
    /// Encodings that follow each other; 1 but where files were joined.
    pub encodings: u64,
    /// Bytes of the document.
    pub document_bytes: u64,
    /// Frames; 0 without any.
    pub frames: u64,
    /// Ends of lines, where all of the document has frames.
    pub lines: Option<u64>,
    /// The level, where all of the document has one and no frames, each of which has its own.
    pub level: Option<Level>,
}

/// Reads what an encoding says of itself. What it holds is not checked.
///
/// ```no_run
/// let file = std::fs::File::open("events.ndjson.sg")?;
/// let outline = sigma_encoder::outline(std::io::BufReader::new(file))?;
/// println!("{} bytes in {} frames", outline.document_bytes, outline.frames);
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
///
/// # Errors
///
/// When reading fails, or lengths lead to where there is nothing.
pub fn outline<R: Read>(input: R) -> Result<Outline, Error> {
    let mut source = Source::new(input);
    let mut whole = Outline::default();
    loop {
        let offset = source.offset;
        let start = match Start::read_from(&mut source) {
            Err(Error::NotSigma) if offset > 0 => return Err(Error::TrailingBytes { offset }),
            start => start?,
        };
        let part;
        (source, part) = one(source, start)?;
        whole = joined(whole, part);
        if source.is_at_end()? {
            return Ok(whole);
        }
    }
}

fn joined(before: Outline, part: Outline) -> Outline {
    if before.encodings == 0 {
        return part;
    }
    Outline {
        encodings: before.encodings + 1,
        document_bytes: before.document_bytes.saturating_add(part.document_bytes),
        frames: before.frames + part.frames,
        lines: before.lines.zip(part.lines).map(|(a, b)| a.saturating_add(b)),
        level: before.level.filter(|_| before.level == part.level),
    }
}

/// What one encoding says, after its header; and what follows it.
fn one<R: Read>(mut source: Source<R>, start: Start) -> Result<(Source<R>, Outline), Error> {
    let mut outline = Outline { encodings: 1, ..Outline::default() };
    match start {
        Start::Frames(_) => {
            let (document_bytes, frames, lines) = skip_frames(&mut source)?;
            outline = Outline { document_bytes, frames, lines: Some(lines), ..outline };
        }
        Start::Single(header) if header.is_compact() => {
            outline.level = Some(header.level);
            let budget = Budget::new(Limits::NONE);
            let mut single = Single::new(source, header, Limits::NONE, budget)?;
            while let Some(block) = single.next_block()? {
                outline.document_bytes += block.len() as u64;
            }
            source = single.into_rest().0;
        }
        Start::Single(header) => {
            outline.level = Some(header.level);
            outline.document_bytes = skip_chunks(&mut source, &header)?;
        }
    }
    Ok((source, outline))
}

/// Passes over the chunks or blocks of the full form: bytes of the document.
fn skip_chunks<R: Read>(source: &mut Source<R>, header: &Header) -> Result<u64, Error> {
    let mut document_bytes = 0_u64;
    loop {
        let offset = source.offset;
        let len = source.varint()?;
        if len == 0 {
            source.skip(header.check.whole_len() as u64)?;
            return Ok(document_bytes);
        }
        document_bytes = document_bytes.saturating_add(len);
        let coded_len = if header.is_blocks() {
            let mut coded_len = [0; 4];
            source.fill(&mut coded_len[..3])?;
            u64::from(u32::from_le_bytes(coded_len))
        } else {
            let what = "a chunk has an unknown kind or is too long";
            let split = ChunkKind::split(source.varint()?).filter(|split| split.1 <= CODED_MAX);
            split.ok_or(Error::Corrupt { offset, what })?.1
        };
        source.skip(coded_len + header.check.part_len() as u64)?;
    }
}
