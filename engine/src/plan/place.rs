//! Where each temporary lies: the lowest gap that is free for as long as it lives.

use std::ops::Range;

use crate::sorting::Sorting as _;

/// Buffers begin at multiples of this many floats: a cache line, and an aligned vector on every device.
pub const ALIGN: usize = 16;

pub fn aligned(len: usize) -> usize {
    len.next_multiple_of(ALIGN)
}

/// A buffer's length, and the turns from which and through which it must keep its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    pub len: usize,
    pub from: usize,
    pub through: usize,
}

/// Offsets for buffers such that no two that live at the same turn overlap, and the floats needed in all. Longer
/// buffers are placed first.
pub fn place(lives: &[Life]) -> (Vec<usize>, usize) {
    let mut by_size: Vec<usize> = (0..lives.len()).collect();
    by_size.put_in_order_by_key(|&b| (std::cmp::Reverse(lives[b].len), b));
    let mut offsets = vec![0; lives.len()];
    let mut placed: Vec<usize> = Vec::new();
    let mut total = 0;
    for b in by_size {
        let life = &lives[b];
        let mut taken: Vec<Range<usize>> = placed
            .iter()
            .filter(|&&o| lives[o].from <= life.through && life.from <= lives[o].through)
            .map(|&o| offsets[o]..offsets[o] + aligned(lives[o].len))
            .collect();
        taken.put_in_order_by_key(|r| r.start);
        let mut at = 0;
        for r in taken {
            if at + aligned(life.len) <= r.start {
                break;
            }
            at = at.max(r.end);
        }
        offsets[b] = at;
        total = total.max(at + aligned(life.len));
        placed.push(b);
    }
    (offsets, total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_that_never_meet_share_their_place() {
        let life = |from, through| Life { len: 16, from, through };
        let (offsets, total) = place(&[life(0, 1), life(1, 2), life(2, 3)]);
        assert_eq!((offsets, total), (vec![0, 16, 0], 32));
    }
}
