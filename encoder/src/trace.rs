//! Every decision of a short document, and a digest of those before it: what a second implementer of the
//! format compares with. `FORMAT.md` prints one.

use std::fmt::Write as _;

use xxhash_rust::xxh64::Xxh64;

use crate::coder::{BitWriter, Coder, Part};
use crate::encode::{header, settings};
use crate::lexer::ITEM_MAX;
use crate::memory::Memory;
use crate::model::Model;
use crate::prior;
use crate::settings::{Class, Options};

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
    writer: BitWriter,
    part: Part,
    count: usize,
    text: String,
}

impl Coder for Tracer {
    const ENCODING: bool = true;

    fn bit(&mut self, bit: u32, p: u32) -> u32 {
        let (low, high) = self.writer.interval();
        self.count += 1;
        let (count, name) = (self.count, self.part.name());
        let _ = writeln!(self.text, "{count:>4}  {name:<14} {p:>5}  {bit}  {low:08x} {high:08x}");
        self.writer.bit(bit, p)
    }

    fn enter(&mut self, part: Part) {
        self.part = part;
    }
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
    let writer = BitWriter::new(Vec::new(), options.coding.pack);
    let mut tracer = Tracer { writer, part: Part::SegmentFlags, count: 0, text: String::new() };
    let mut rest = document;
    while !rest.is_empty() {
        let len = model.item_len(rest).unwrap_or(rest.len());
        let limit = if len == rest.len() { len } else { ITEM_MAX };
        let _ = writeln!(tracer.text, "item `{}`", rest[..len].escape_ascii());
        model.code_item(&mut tracer, &rest[..len], limit).expect("what is given is coded");
        rest = &rest[len..];
    }
    let (low, high) = tracer.writer.interval();
    let _ = writeln!(tracer.text, "end  {:27} {low:08x} {high:08x}", "");
    tracer.text
}
