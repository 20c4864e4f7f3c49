//! The one home of Zstandard: one frame for the whole document, which is never ended.
//!
//! Two compressors write its blocks. One looks for matches. Where that takes long the other takes its place, which looks
//! for none and only gives bytes short codes. Blocks without matches neither use nor change the offsets that a decoder
//! remembers, so they may stand anywhere. Then the first starts anew, as in a frame of its own whose header is left
//! away; what it expects a decoder to remember is brought about by two matches that are written by hand.

use zstd_safe::zstd_sys::ZSTD_EndDirective::{ZSTD_e_continue, ZSTD_e_flush};
use zstd_safe::{
    CCtx, CParameter, DCtx, DParameter, InBuffer, OutBuffer, ParamSwitch, ResetDirective, Strategy,
};

use super::block::SAMPLE;
use crate::format::chunk::PLAIN_MAX;

/// Bytes that a match may reach back, as a power of two.
const WINDOW: u32 = 21;
/// Output is asked for in pieces of this size.
const PIECE: usize = 1 << 15;
/// Bytes of a frame's header: the magic, what it has, and the window.
const FRAME_HEADER: usize = 6;
/// Offsets that a decoder remembers at the start of a frame, the latest last. (There is a third, older one, which no compressor
/// of ours uses.)
const REMEMBERED: [usize; 2] = [4, 1];
/// Bytes of a match that reminds a decoder of an offset.
const REMINDER: usize = 3;
/// Bytes in no match that stand before such a match in a block, least and most: so many that the block is shorter than what it
/// stands for, as each must be.
const BEFORE: (usize, usize) = (1 << 9, 1 << 14);

/// Compresses, or copies if `pack` is off.
pub(super) struct Compressor {
    searching: Option<Stream>,
    /// Made when it is needed.
    coding: Option<Stream>,
    mode: Mode,
}

/// Who compresses what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Who looks for matches.
    Search,
    /// Who looks for none.
    Code,
    /// Who looks for none, until a reminder is possible.
    Return,
}

impl Compressor {
    /// With tables of about 1.5 MB and a window of 2 MB.
    pub(super) fn new(pack: bool) -> Self {
        let searching = pack.then(|| Stream::new(searching(WINDOW, 18)));
        Self { searching, coding: None, mode: Mode::Search }
    }

    /// With tables and a window that fit a sample.
    pub(super) fn for_samples() -> Self {
        let searching = Some(Stream::new(searching(SAMPLE.ilog2(), 15)));
        Self { searching, coding: None, mode: Mode::Search }
    }

    /// Forgets all that came.
    pub(super) fn restart(&mut self) {
        if let Some(stream) = &mut self.searching {
            stream.restart();
        }
    }

    /// Whether to look for matches from here on. Some bytes came before, and all were flushed.
    pub(super) fn search(&mut self, search: bool) {
        self.mode = match (self.mode, search) {
            (Mode::Search, true) => Mode::Search,
            (Mode::Search, false) => {
                self.coding.get_or_insert_with(|| Stream::new(coding())).restart_within();
                Mode::Code
            }
            (Mode::Code | Mode::Return, true) => Mode::Return,
            (Mode::Code | Mode::Return, false) => Mode::Code,
        };
    }

    /// Appends what `bytes` become to `out`; all of it if `flush`.
    pub(super) fn push(&mut self, mut bytes: &[u8], flush: bool, out: &mut Vec<u8>) {
        let Some(searching) = &mut self.searching else {
            out.extend_from_slice(bytes);
            return;
        };
        let Some(coding) = self.coding.as_mut().filter(|_| self.mode != Mode::Search) else {
            searching.push(bytes, flush, out);
            return;
        };
        if self.mode == Mode::Return {
            let (len, reminded) = remind(coding, bytes, out);
            bytes = &bytes[len..];
            if reminded {
                self.mode = Mode::Search;
                searching.restart_within();
                searching.push(bytes, flush, out);
                return;
            }
        }
        coding.push(bytes, flush, out);
    }
}

/// Codes the beginning of `bytes` so that a decoder remembers the offsets of a frame's start; returns how much, and whether
/// that was possible.
fn remind(coding: &mut Stream, bytes: &[u8], out: &mut Vec<u8>) -> (usize, bool) {
    let mut len = 0;
    for offset in REMEMBERED {
        let again = |at: &usize| bytes[*at..][..REMINDER] == bytes[at - offset..][..REMINDER];
        let last = bytes.len().saturating_sub(REMINDER);
        let Some(place) = (len + BEFORE.0..last).find(again) else { return (len, false) };
        let start = len.max(place - BEFORE.1.min(place));
        coding.push(&bytes[len..start], true, out);
        let mut block = Vec::new();
        coding.push(&bytes[start..place], true, &mut block);
        let reminds = append_match(&mut block, place - start, offset).is_some();
        out.extend_from_slice(&block);
        if !reminds {
            return (place, false);
        }
        len = place + REMINDER;
    }
    (len, true)
}

/// Appends a match to a block of Zstandard that has so many bytes and no match yet; `None`, and nothing is changed, if it cannot
/// have one. Each code of the match is the only one of its kind in the block, so that it is written as a byte; then come their further
/// bits, from the last byte on.
fn append_match(block: &mut Vec<u8>, literals: usize, offset: usize) -> Option<()> {
    let size = block.len().checked_sub(3)?;
    let header = (size << 3) as u32 | COMPRESSED << 1;
    if block[..3] != header.to_le_bytes()[..3] || block.last() != Some(&0) {
        return None;
    }
    // From 64 on, codes of a number of literals have its powers of two.
    let log = literals.ilog2();
    let (literals_code, literals_rest) = (19 + log as u8, literals - (1 << log));
    // Offsets are counted from 4 on; both of ours are of the same power of two.
    let (offset_code, offset_rest) = (2, offset + 3 - 4);
    let bits = (1 << 2 | offset_rest) << log | literals_rest;
    let bits_len = (log as usize + 3).div_ceil(8);
    let size = size - 1 + 5 + bits_len;
    if size >= literals + REMINDER {
        return None;
    }
    block.pop();
    block.extend_from_slice(&[1, 0b0101_0100, literals_code, offset_code, 0]);
    block.extend_from_slice(&(bits as u32).to_le_bytes()[..bits_len]);
    let header = (size << 3) as u32 | COMPRESSED << 1;
    block[..3].copy_from_slice(&header.to_le_bytes()[..3]);
    Some(())
}

/// The kind of a block that has literals and matches.
const COMPRESSED: u32 = 2;

/// One of the compressors.
struct Stream {
    context: CCtx<'static>,
    /// Whether what comes begins with the header of a frame that is left away.
    drops_header: bool,
}

impl Stream {
    fn new(context: CCtx<'static>) -> Self {
        Self { context, drops_header: false }
    }

    /// Begins a frame.
    fn restart(&mut self) {
        self.context.reset(ResetDirective::SessionOnly).expect("a session can always be left");
    }

    /// Begins anew within a frame.
    fn restart_within(&mut self) {
        self.restart();
        self.drops_header = true;
    }

    fn push(&mut self, bytes: &[u8], flush: bool, out: &mut Vec<u8>) {
        let (directive, mut input) =
            (if flush { ZSTD_e_flush } else { ZSTD_e_continue }, InBuffer::around(bytes));
        let start = out.len();
        loop {
            out.reserve(PIECE);
            let len = out.len();
            let mut output = OutBuffer::around_pos(out, len);
            let left = self
                .context
                .compress_stream2(&mut output, &mut input, directive)
                .expect("fixed parameters, and memory for them");
            if input.pos == bytes.len() && (!flush || left == 0) {
                break;
            }
        }
        if self.drops_header && out.len() > start {
            self.drops_header = false;
            out.drain(start..start + FRAME_HEADER);
        }
    }
}

fn searching(window: u32, tables: u32) -> CCtx<'static> {
    context(&[
        CParameter::CompressionLevel(6),
        CParameter::WindowLog(window),
        CParameter::HashLog(tables),
        CParameter::ChainLog(tables),
        CParameter::SearchLog(4),
        CParameter::MinMatch(6),
        CParameter::TargetLength(16),
        CParameter::Strategy(Strategy::ZSTD_lazy2),
        CParameter::ContentSizeFlag(false),
    ])
}

/// Steps so wide that no block has a second one.
fn coding() -> CCtx<'static> {
    context(&[
        CParameter::CompressionLevel(1),
        CParameter::WindowLog(17),
        CParameter::HashLog(6),
        CParameter::ChainLog(6),
        CParameter::TargetLength(1 << 17),
        CParameter::Strategy(Strategy::ZSTD_fast),
        CParameter::LiteralCompressionMode(ParamSwitch::Enable),
        CParameter::ContentSizeFlag(false),
    ])
}

fn context(parameters: &[CParameter]) -> CCtx<'static> {
    let mut context = CCtx::create();
    for &parameter in parameters {
        context.set_parameter(parameter).expect("a parameter within its bounds");
    }
    context
}

/// Compresses pieces of the document, each by itself and soon.
pub(crate) struct Once(CCtx<'static>);

impl Once {
    /// With tables and a window that fit a piece.
    pub(crate) fn new() -> Self {
        let mut context = CCtx::create();
        for parameter in [
            CParameter::CompressionLevel(1),
            CParameter::WindowLog(PLAIN_MAX.ilog2()),
            CParameter::HashLog(14),
        ] {
            context.set_parameter(parameter).expect("a parameter within its bounds");
        }
        Self(context)
    }

    /// What `bytes` become.
    pub(crate) fn pack(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(zstd_safe::compress_bound(bytes.len()));
        self.0.compress2(&mut out, bytes).expect("fixed parameters, and room for the output");
        out
    }
}

/// Fills `out` with exactly what one frame, and nothing after it, holds; `None` if it holds anything else.
pub(crate) fn unpack(coded: &[u8], out: &mut [u8]) -> Option<()> {
    let is_one = zstd_safe::find_frame_compressed_size(coded) == Ok(coded.len());
    let len = DCtx::create().decompress(out, coded).ok().filter(|_| is_one)?;
    (len == out.len()).then_some(())
}

/// Decompresses, or copies if `pack` is off.
pub(super) struct Decompressor {
    context: Option<DCtx<'static>>,
}

impl Decompressor {
    /// With a window of at most 2 MB.
    pub(super) fn new(pack: bool) -> Self {
        Self { context: pack.then(decompression) }
    }

    /// Fills `out` with exactly what `coded` holds; `None` if it holds anything else.
    pub(super) fn fill(&mut self, coded: &[u8], out: &mut [u8]) -> Option<()> {
        let Some(context) = &mut self.context else {
            return (coded.len() == out.len()).then(|| out.copy_from_slice(coded));
        };
        let len = out.len();
        let (mut input, mut output) = (InBuffer::around(coded), OutBuffer::around(out));
        while input.pos < coded.len() || output.pos() < len {
            let before = (input.pos, output.pos());
            let hint = context.decompress_stream(&mut output, &mut input).ok()?;
            // The frame does not end; nor may we turn in circles.
            if hint == 0 || (input.pos, output.pos()) == before {
                return None;
            }
        }
        Some(())
    }
}

fn decompression() -> DCtx<'static> {
    let mut context = DCtx::create();
    context.set_parameter(DParameter::WindowLogMax(WINDOW)).expect("a window within its bounds");
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random.
    fn numbers() -> impl FnMut() -> usize {
        let mut state = 9u64;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize
        }
    }

    #[test]
    fn what_is_searched_and_what_is_not_is_one_frame() {
        let mut number = numbers();
        let (mut pushes, mut returns) = ([0; 3], 0);
        for _ in 0..60 {
            let (mut compressor, mut decompressor) =
                (Compressor::new(true), Decompressor::new(true));
            for round in 0..12 {
                compressor.search(round == 0 || number().is_multiple_of(2));
                let (mut whole, mut coded) = (Vec::new(), Vec::new());
                for _ in 0..=number() % 4 {
                    let (len, few) = (1 + number() % 9000, 1 + number() % 40);
                    let mut part: Vec<u8> = (0..len).map(|_| (number() % few) as u8).collect();
                    if number().is_multiple_of(4) {
                        // The same again and again, with next to no match that is not remembered.
                        (1..len).for_each(|at| part[at] = part[at.saturating_sub(1 + len % 4)]);
                    }
                    let before = compressor.mode;
                    compressor.push(&part, number().is_multiple_of(2), &mut coded);
                    returns +=
                        usize::from(before == Mode::Return && compressor.mode == Mode::Search);
                    whole.extend_from_slice(&part);
                    pushes[compressor.mode as usize] += 1;
                }
                compressor.push(&[], true, &mut coded);
                let mut back = vec![0; whole.len()];
                decompressor.fill(&coded, &mut back).expect("one frame");
                assert!(back == whole);
            }
        }
        assert!(pushes.iter().all(|&count| count > 100) && returns > 50, "{pushes:?} {returns}");
    }

    #[test]
    fn who_only_codes_writes_no_matches() {
        let text = b"the same again, ".repeat(10_000);
        let mut compressor = Compressor::new(true);
        compressor.search(false);
        let mut coded = Vec::new();
        compressor.push(&text, true, &mut coded);
        assert!(coded.len() > text.len() / 4 && coded.len() < text.len() / 2, "{}", coded.len());
    }
}
