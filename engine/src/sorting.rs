//! Sorting by one copy of the algorithm. Each call of the standard library's sort that has a comparison of its own brings
//! some 7 kB of wasm along, which came to a tenth of all that a browser has to fetch. A comparison by pointer is slower:
//! what sorts in each step of a run keeps the standard library's.

use std::cmp::Ordering;

/// The places of `n` things in order; equals stay as they lie.
pub fn order(n: usize, mut compare: impl FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    fn sorted(n: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
        let mut places: Vec<usize> = (0..n).collect();
        places.sort_by(|&a, &b| compare(a, b));
        places
    }
    sorted(n, &mut compare)
}

/// `collect` for maps and sets, entry by entry: the standard library sorts all entries first.
pub fn collected<C: Default + Extend<T>, T>(entries: impl IntoIterator<Item = T>) -> C {
    let mut all = C::default();
    all.extend(entries);
    all
}

/// The standard library's `sort`, `sort_by` and `sort_by_key`: equals stay as they lie.
pub trait Sorting<T> {
    fn put_in_order_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    fn put_in_order_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.put_in_order_by(|a, b| key(a).cmp(&key(b)));
    }

    fn put_in_order(&mut self)
    where
        T: Ord,
    {
        self.put_in_order_by(T::cmp);
    }
}

impl<T> Sorting<T> for [T] {
    fn put_in_order_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let mut places = order(self.len(), |a, b| compare(&self[a], &self[b]));
        // Each cycle of the permutation is walked once.
        for start in 0..places.len() {
            let mut at = start;
            loop {
                let from = std::mem::replace(&mut places[at], at);
                if from == start {
                    break;
                }
                self.swap(at, from);
                at = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Stream;

    #[test]
    fn puts_in_order_as_the_standard_library_does() {
        let stream = Stream::new(3, 0);
        for n in [0, 1, 2, 3, 10, 257, 1000] {
            for kinds in [1, 2, 7, 1_000_000] {
                let given: Vec<(u32, u32)> = (0..n).map(|i| (stream.below(n, i, kinds), i)).collect();
                let (mut expected, mut found) = (given.clone(), given.clone());
                expected.sort_by_key(|pair| std::cmp::Reverse(pair.0));
                found.put_in_order_by(|a, b| b.0.cmp(&a.0));
                assert_eq!(found, expected);
                found.put_in_order_by_key(|&(_, i)| i);
                assert_eq!(found, given);
                found.put_in_order();
                expected.sort_unstable();
                assert_eq!(found, expected);
            }
        }
    }
}
