//! Several calls at once, their results in the order of the calls.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does `work` on every item, at most `jobs` at a time; `None` when one of them was interrupted,
/// after which no further one is begun.
pub(crate) fn in_parallel<Item: Sync, Done: Send>(
    items: &[Item],
    jobs: usize,
    work: impl Fn(&Item) -> Option<Done> + Sync,
) -> Option<Vec<Done>> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Done>>> = Mutex::new(items.iter().map(|_| None).collect());
    let worker = || {
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(item) = items.get(index)
        {
            let done = work(item);
            if done.is_none() {
                next.store(items.len(), Ordering::Relaxed);
            }
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results[index] = done;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(worker);
        }
    });
    results
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<usize> = (0..100).collect();
        let done = in_parallel(&items, 8, |item| Some(item * 2)).unwrap();
        assert!(
            done.iter()
                .enumerate()
                .all(|(index, done)| *done == index * 2)
        );
    }

    #[test]
    fn nothing_is_begun_after_an_interrupted_one() {
        let begun = AtomicUsize::new(0);
        let items = [0; 100];
        let done = in_parallel(&items, 1, |_| {
            begun.fetch_add(1, Ordering::Relaxed);
            None::<()>
        });
        assert_eq!(done, None);
        assert_eq!(begun.into_inner(), 1);
    }

    #[test]
    fn nothing_to_do_is_done() {
        assert_eq!(
            in_parallel(&[] as &[()], 4, |()| Some(())),
            Some(Vec::new())
        );
    }
}
