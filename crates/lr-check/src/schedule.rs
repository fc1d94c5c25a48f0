//! Several calls at once, their results in the order of the calls.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does `work` on every item, at most `jobs` at a time, those first that `expected` to take longest; `None` when one of them was interrupted,
/// after which no further one is begun.
pub(crate) fn in_parallel<Item: Sync, Done: Send>(
    items: &[Item],
    jobs: usize,
    expected: impl Fn(&Item) -> f64,
    work: impl Fn(&Item) -> Option<Done> + Sync,
) -> Option<Vec<Done>> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|one, other| expected(&items[*other]).total_cmp(&expected(&items[*one])));
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Done>>> = Mutex::new(items.iter().map(|_| None).collect());
    let worker = || {
        while let Some(index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let done = work(&items[*index]);
            if done.is_none() {
                next.store(items.len(), Ordering::Relaxed);
            }
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results[*index] = done;
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
        let items: Vec<u32> = (0..100).collect();
        let done = in_parallel(
            &items,
            8,
            |item| f64::from(*item % 7),
            |item| Some(item * 2),
        )
        .unwrap();
        assert!(
            done.iter()
                .enumerate()
                .all(|(index, done)| *done as usize == index * 2)
        );
    }

    #[test]
    fn nothing_is_begun_after_an_interrupted_one() {
        let begun = AtomicUsize::new(0);
        let items = [0; 100];
        let done = in_parallel(
            &items,
            1,
            |_| 0.0,
            |_| {
                begun.fetch_add(1, Ordering::Relaxed);
                None::<()>
            },
        );
        assert_eq!(done, None);
        assert_eq!(begun.into_inner(), 1);
    }

    #[test]
    fn the_longest_are_begun_first() {
        let begun = Mutex::new(Vec::new());
        let done = in_parallel(
            &[1, 9, 3, 9],
            1,
            |item| f64::from(*item),
            |item| {
                begun.lock().unwrap().push(*item);
                Some(*item)
            },
        );
        assert_eq!(done.unwrap(), [1, 9, 3, 9]);
        assert_eq!(begun.into_inner().unwrap(), [9, 9, 3, 1]);
    }

    #[test]
    fn nothing_to_do_is_done() {
        assert_eq!(
            in_parallel(&[] as &[()], 4, |()| 0.0, |()| Some(())),
            Some(Vec::new())
        );
    }
}
