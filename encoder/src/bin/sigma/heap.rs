//! A counting allocator: exact live bytes, their peak, and by which stage.
//!
//! Only in the build with the feature `heap`. Every block carries its stage in a header of its own
//! alignment, so that what is freed is taken from the stage that asked for it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::sync::Mutex;

use sigma_encoder::Stage;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// All counts; one lock, since they must agree with each other.
static COUNTS: Mutex<Counts> = Mutex::new(Counts::NONE);

const STAGES: usize = Stage::ALL.len();

#[derive(Clone, Copy)]
struct Counts {
    live: [u64; STAGES],
    live_total: u64,
    /// `live` at the instant of the peak.
    at_peak: [u64; STAGES],
    peak: u64,
    allocations: [u64; STAGES],
}

impl Counts {
    const NONE: Self = Self {
        live: [0; STAGES],
        live_total: 0,
        at_peak: [0; STAGES],
        peak: 0,
        allocations: [0; STAGES],
    };

    fn add(&mut self, stage: usize, bytes: u64) {
        self.allocations[stage] += 1;
        self.live[stage] += bytes;
        self.live_total += bytes;
        if self.live_total > self.peak {
            self.peak = self.live_total;
            self.at_peak = self.live;
        }
    }

    fn remove(&mut self, stage: usize, bytes: u64) {
        self.live[stage] -= bytes;
        self.live_total -= bytes;
    }
}

fn counts() -> std::sync::MutexGuard<'static, Counts> {
    COUNTS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Live bytes now.
pub(crate) fn live_bytes() -> u64 {
    counts().live_total
}

/// The counts as JSON; the stages' `peak_bytes` add up to the peak.
pub(crate) fn json() -> String {
    let counts = *counts();
    let allocations: u64 = counts.allocations.iter().sum();
    let mut json = format!(
        "{{\"peak_bytes\":{},\"allocations_count\":{allocations},\"stages\":{{",
        counts.peak
    );
    for (index, stage) in Stage::ALL.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(
            json,
            "{comma}\"{}\":{{\"peak_bytes\":{},\"allocations_count\":{}}}",
            stage.name(),
            counts.at_peak[index],
            counts.allocations[index]
        );
    }
    json.push_str("}}");
    json
}

struct Counting;

/// The block's layout with the header, and the size of the header.
fn with_header(layout: Layout) -> Option<(Layout, usize)> {
    let header = layout.align().max(16);
    let size = layout.size().checked_add(header)?;
    Some((Layout::from_size_align(size, header).ok()?, header))
}

// SAFETY: every block comes from `System` with room for a header in front, whose size is a multiple
// of the block's alignment, so what is returned is aligned and as large as was asked for; the same
// arithmetic finds the header again in `dealloc`. The lock is held only while numbers are added,
// which does not allocate. `realloc` is the default: allocate, copy, free.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((whole, header)) = with_header(layout) else { return std::ptr::null_mut() };
        // SAFETY: `whole` is never empty, for it has a header.
        unsafe { finish(System.alloc(whole), header, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some((whole, header)) = with_header(layout) else { return std::ptr::null_mut() };
        // SAFETY: as above; zeroed pages stay untouched but for the header.
        unsafe { finish(System.alloc_zeroed(whole), header, layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some((whole, header)) = with_header(layout) else { return };
        // SAFETY: `block` came from `finish`, so the header lies right before it.
        unsafe {
            let start = block.sub(header);
            counts().remove(usize::from(*start), layout.size() as u64);
            System.dealloc(start, whole);
        }
    }
}

/// Notes the block in its header and in the counts.
unsafe fn finish(start: *mut u8, header: usize, layout: Layout) -> *mut u8 {
    if start.is_null() {
        return start;
    }
    let stage = Stage::current() as usize;
    counts().add(stage, layout.size() as u64);
    // SAFETY: the block has `header` bytes before what is returned.
    unsafe {
        *start = stage as u8;
        start.add(header)
    }
}
