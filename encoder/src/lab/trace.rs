//! Every decision of a document or of an encoding, and a digest of those before it: what a second implementer
//! of the format compares with. `FORMAT.md` prints one.

use std::fmt::Write as _;
use std::io::{Read, Write};

use xxhash_rust::xxh64::Xxh64;

use crate::base::memory::Memory;
use crate::cm::arithmetic::{ArithmeticDecoder, ArithmeticEncoder};
use crate::cm::coder::{Coder, Part};
use crate::codec::chunk_decoder::ChunkDecoder;
use crate::codec::chunk_reader::ChunkReader;
use crate::codec::setup::{header, model, settings};
use crate::fast;
use crate::format::header::{Header, Start};
use crate::format::source::Source;
use crate::frames::walk::{Visitor, walk};
use crate::grammar::lexer::{Lexer, State};
use crate::model::items::Model;
use crate::model::prior;
use crate::options::class::Class;
use crate::options::coding::Options;
use crate::options::error::Error;
use crate::options::limits::{Budget, Limits};

/// The prior's decisions are told so many at a time, then ten times as many, and so on.
const FIRST: u64 = 10;

/// Notes the decisions of the prior.
#[derive(Default)]
struct Digest {
    hash: Xxh64,
    count: u64,
    text: String,
    next: u64,
}

impl Digest {
    fn tell(&mut self) {
        let _ = writeln!(self.text, "{:>8}  {:016x}", self.count, self.hash.digest());
    }
}

impl Coder for Digest {
    const ENCODING: bool = true;

    fn bit(&mut self, bit: u32, p: u32) -> u32 {
        let p = p.to_le_bytes();
        self.hash.update(&[p[0], p[1], bit as u8]);
        self.count += 1;
        if self.count == self.next {
            self.tell();
            self.next *= 10;
        }
        bit
    }
}

/// Writes decisions and notes each.
struct Tracer {
    writer: ArithmeticEncoder,
    part: Part,
    count: usize,
    text: String,
}

impl Coder for Tracer {
    const ENCODING: bool = true;

    fn bit(&mut self, bit: u32, p: u32) -> u32 {
        let interval = self.writer.interval();
        self.count += 1;
        tell(&mut self.text, self.count, self.part, (p, bit), interval);
        self.writer.bit(bit, p)
    }

    fn enter(&mut self, part: Part) {
        self.part = part;
    }
}

/// The line of a decision.
fn tell(text: &mut String, count: usize, part: Part, (p, bit): (u32, u32), interval: (u32, u32)) {
    let (name, (low, high)) = (part.name(), interval);
    let _ = writeln!(text, "{count:>4}  {name:<14} {p:>5}  {bit}  {low:08x} {high:08x}");
}

/// The number of decisions of the prior so far and XXH64 (seed 0) over all of them, each as `p` in two bytes,
/// the lowest first, and the bit in one.
pub fn prior(options: &Options) -> String {
    let (_, digest) = taught(options);
    digest.text
}

fn taught(options: &Options) -> (Model, Digest) {
    let header = header(options, Class::Small);
    let mut model = Model::new(settings(&header), Memory { lazy: true, pool: true });
    let mut digest = Digest { next: FIRST, ..Digest::default() };
    prior::teach_by(&mut model, &mut digest);
    digest.tell();
    (model, digest)
}

/// The items of a short document, and before each decision its number, what it is about, the probability of
/// a 1, the bit, and the interval.
pub fn document(document: &[u8], options: &Options) -> String {
    let (mut model, _) = taught(options);
    let writer = ArithmeticEncoder::new(Vec::new(), options.coding.pack);
    let mut tracer = Tracer { writer, part: Part::SegmentFlags, count: 0, text: String::new() };
    let mut rest = document;
    while !rest.is_empty() {
        let len = model.item_len(rest).unwrap_or(rest.len());
        let _ = writeln!(tracer.text, "item `{}`", rest[..len].escape_ascii());
        model.code_next(&mut tracer, rest);
        rest = &rest[len..];
    }
    let (low, high) = tracer.writer.interval();
    let _ = writeln!(tracer.text, "end  {:27} {low:08x} {high:08x}", "");
    tracer.text
}

/// Reads decisions and notes each.
struct Follower {
    reader: ArithmeticDecoder,
    part: Part,
    count: usize,
    lexer: Lexer,
    text: String,
}

impl Coder for Follower {
    const ENCODING: bool = false;

    fn bit(&mut self, bit: u32, p: u32) -> u32 {
        let interval = self.reader.interval();
        let bit = self.reader.bit(bit, p);
        self.count += 1;
        tell(&mut self.text, self.count, self.part, (p, bit), interval);
        bit
    }

    fn is_overrun(&self) -> bool {
        self.reader.is_overrun()
    }

    fn enter(&mut self, part: Part) {
        self.part = part;
    }
}

impl ChunkReader for Follower {
    fn start(&mut self, reader: ArithmeticDecoder) {
        self.text.push_str("chunk of items\n");
        self.reader.start(reader);
    }

    fn reader(&self) -> &ArithmeticDecoder {
        &self.reader
    }

    fn end(&mut self) -> Vec<u8> {
        let (low, high) = self.reader.interval();
        let _ = writeln!(self.text, "end  {:27} {low:08x} {high:08x}", "");
        self.reader.end()
    }

    fn plain(&mut self, bytes: &[u8], coded: &[u8]) {
        let kind = if bytes == coded { "stored" } else { "packed" };
        let _ = writeln!(self.text, "chunk of {} bytes, {kind}", bytes.len());
    }

    fn item(&mut self, item: &[u8]) {
        let state = match self.lexer.state {
            State::Structure => "segment",
            State::Key => "segment in a key",
            State::Text => "text",
            State::Scalar => "scalar",
        };
        let _ = writeln!(self.text, "{state} `{}`", item.escape_ascii());
        if self.lexer.state.is_segment() {
            self.lexer.take_segment(item, |_, _| {});
        } else {
            self.lexer.take_value(item);
        }
    }
}

/// Writes the decisions of encodings, as [`document`] does, and what they make: each item after its decisions,
/// and in which state it is read. Blocks of the level `fast` have no decisions.
///
/// # Errors
///
/// When an encoding is damaged; what comes before is written.
pub fn decisions<R: Read, W: Write>(input: R, mut output: W) -> Result<(), Error> {
    let mut source = Source::new(input);
    while !source.is_at_end()? {
        source = match Start::read_from(&mut source)? {
            Start::Single(header) => follow(source, header, &mut output)?,
            Start::Frames(header) => {
                let mut frames = FrameFollower { output: &mut output };
                walk(source, header, Budget::new(Limits::NONE), &mut frames)?.0
            }
        };
    }
    Ok(output.flush()?)
}

/// Writes the decisions of each frame.
struct FrameFollower<'a, W> {
    output: &'a mut W,
}

impl<W: Write> Visitor for FrameFollower<'_, W> {
    fn encoding(&mut self, encoding: &mut dyn Read) -> Result<(), Error> {
        writeln!(self.output, "frame")?;
        let mut source = Source::new(encoding);
        let Start::Single(header) = Start::read_from(&mut source)? else {
            return Err(Error::NotSigma);
        };
        follow(source, header, self.output)?.expect_end()
    }
}

/// The decisions of one encoding; what comes after it.
fn follow<R: Read>(
    source: Source<R>,
    header: Header,
    output: &mut impl Write,
) -> Result<Source<R>, Error> {
    if header.is_blocks() {
        writeln!(output, "blocks")?;
        let mut unpacker = fast::Unpacker::new(source, header, Budget::new(Limits::NONE));
        while unpacker.next_block()?.is_some() {}
        return Ok(unpacker.source);
    }
    let model = model(&header, Memory { lazy: true, pool: true });
    let follower = Follower {
        reader: ArithmeticDecoder::new(Vec::new(), true),
        part: Part::SegmentFlags,
        count: 0,
        lexer: Lexer::new(),
        text: String::new(),
    };
    let mut decoder = ChunkDecoder::after_header(source, header, follower, model);
    loop {
        let more = decoder.next_block().map(|block| block.is_some());
        output.write_all(decoder.coder.text.as_bytes())?;
        decoder.coder.text.clear();
        if !more? {
            return Ok(decoder.source);
        }
    }
}
