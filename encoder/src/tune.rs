//! Temporary.
use std::sync::OnceLock;
pub(crate) const T20: u32 = 20;
static T: OnceLock<Vec<Option<i32>>> = OnceLock::new();
pub(crate) fn t(i: usize, default: i32) -> i32 {
    T.get_or_init(|| {
        std::env::var("T").unwrap_or_default().split(',').map(|x| x.parse().ok()).collect()
    })
    .get(i)
    .copied()
    .flatten()
    .unwrap_or(default)
}
