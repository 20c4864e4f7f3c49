//! What the rows of kind `SelfTest` are of: children of the probe's own whose memory is known, and each variant on
//! the empty document.

use crate::units::Bytes;

/// The name under which the empty document stands in the samples.
pub const EMPTY: &str = "empty";

/// A child that does nothing.
pub const SELF_TEST_NOTHING: &str = "probe-nothing";
/// One that touches a known amount.
pub const SELF_TEST_TOUCH: &str = "probe-touch";
/// Those that touch odd amounts until they end.
pub const SELF_TEST_STEP: &str = "probe-step";
/// The same, giving them back before.
pub const SELF_TEST_SPIKE: &str = "probe-spike";

/// Bytes of a page.
pub const PAGE: u64 = 4096;

/// Resident memory is read from two counters, of anonymous pages and of pages of files.
const COUNTERS: u64 = 2;

/// What the children touch: about 2 MB each, in steps that fall between those of the kernel (32 pages,
/// or two for each CPU), none twice at the same place within 256 pages.
pub fn amounts() -> impl Iterator<Item = Bytes> {
    (0..16).map(|index: u64| Bytes((400 + index * 16 + index * 11 % 16) * PAGE))
}

/// What the kernel may not have added up of a child's pages: each CPU that the child ran on hands on a
/// counter in batches of `max(32, 2 CPUs)` pages (Linux, `lib/percpu_counter.c`; 64 pages in one
/// batch for a thread before 6.2). A child runs on one CPU when it `is_pinned`, else on any.
pub fn uncounted(is_pinned: bool, cpu_count: u32) -> Bytes {
    let batch = 32.max(2 * u64::from(cpu_count));
    let cpus = if is_pinned { 1 } else { u64::from(cpu_count) };
    Bytes(COUNTERS * batch * PAGE * cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_counted_yet_grows_with_the_cpus_a_child_may_run_on() {
        assert_eq!(uncounted(true, 2), Bytes(256 << 10));
        assert_eq!(uncounted(false, 2), Bytes(512 << 10));
        assert_eq!(uncounted(true, 64), Bytes(1 << 20));
        assert_eq!(uncounted(false, 64), Bytes(64 << 20));
    }
}
