//! The one home of Zstandard: one frame for the whole document, which is never ended.

use zstd_safe::zstd_sys::ZSTD_EndDirective::{ZSTD_e_continue, ZSTD_e_flush};
use zstd_safe::{
    CCtx, CParameter, DCtx, DParameter, InBuffer, OutBuffer, ResetDirective, Strategy,
};

use super::block::SAMPLE;
use crate::format::chunk::PLAIN_MAX;

/// Bytes that a match may reach back, as a power of two.
const WINDOW: u32 = 21;
/// Output is asked for in pieces of this size.
const PIECE: usize = 1 << 15;

/// Compresses, or copies if `pack` is off.
pub(super) struct Compressor {
    context: Option<CCtx<'static>>,
}

impl Compressor {
    /// With tables of about 1.5 MB and a window of 2 MB.
    pub(super) fn new(pack: bool) -> Self {
        Self { context: pack.then(|| compression(WINDOW, 18)) }
    }

    /// With tables and a window that fit a sample.
    pub(super) fn for_samples() -> Self {
        Self { context: Some(compression(SAMPLE.ilog2(), 15)) }
    }

    /// Forgets all that came.
    pub(super) fn restart(&mut self) {
        if let Some(context) = &mut self.context {
            context.reset(ResetDirective::SessionOnly).expect("a session can always be left");
        }
    }

    /// Appends what `bytes` become to `out`; all of it if `flush`.
    pub(super) fn push(&mut self, bytes: &[u8], flush: bool, out: &mut Vec<u8>) {
        let Some(context) = &mut self.context else {
            out.extend_from_slice(bytes);
            return;
        };
        let (directive, mut input) =
            (if flush { ZSTD_e_flush } else { ZSTD_e_continue }, InBuffer::around(bytes));
        loop {
            out.reserve(PIECE);
            let len = out.len();
            let mut output = OutBuffer::around_pos(out, len);
            let left = context
                .compress_stream2(&mut output, &mut input, directive)
                .expect("fixed parameters, and memory for them");
            if input.pos == bytes.len() && (!flush || left == 0) {
                return;
            }
        }
    }
}

fn compression(window: u32, tables: u32) -> CCtx<'static> {
    let mut context = CCtx::create();
    for parameter in [
        CParameter::CompressionLevel(6),
        CParameter::WindowLog(window),
        CParameter::HashLog(tables),
        CParameter::ChainLog(tables),
        CParameter::SearchLog(4),
        CParameter::MinMatch(6),
        CParameter::TargetLength(16),
        CParameter::Strategy(Strategy::ZSTD_lazy2),
        CParameter::ContentSizeFlag(false),
    ] {
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
