//! Work that is the same for many items, shared by all processors.

/// Calls `of` for each item, on as many threads as there are processors; results keep their order.
pub(crate) fn on_all_cores<T: Sync, U: Send>(
    items: &[T],
    of: impl Fn(&T) -> Vec<U> + Sync,
) -> Vec<U> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = items.len().div_ceil(threads).max(1);
    let all = |items: &[T]| items.iter().flat_map(&of).collect::<Vec<U>>();
    std::thread::scope(|scope| {
        let workers: Vec<_> =
            items.chunks(share).map(|items| scope.spawn(move || all(items))).collect();
        let joined = workers.into_iter().map(|worker| worker.join().expect("no panic in a thread"));
        joined.flatten().collect()
    })
}
