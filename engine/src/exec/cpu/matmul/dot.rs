//! A matrix by one column: a dot product a row, for which a tile would do mostly idle work.

use super::Mat;
use crate::exec::cpu::block::widest;

/// The shortest rows for which this is faster than a tile.
pub const LEAST: usize = 64;
/// Running sums per row; lane `i` takes products `i`, `i + LANES`, …
const LANES: usize = 32;

/// `c[i * c_row] (+)=` row `i` of `a` by `b`; rows of `a` and `b` are dense.
pub fn rows(c: &mut [f32], c_row: usize, a: Mat, b: &[f32], accumulate: bool) {
    #[inline(always)]
    fn run(c: &mut [f32], c_row: usize, a: Mat, b: &[f32], accumulate: bool) {
        for i in 0..a.rows {
            let sum = dot(&a.data[i * a.row_stride..][..a.cols], &b[..a.cols]);
            c[i * c_row] = if accumulate { c[i * c_row] + sum } else { sum };
        }
    }
    widest!(run(c: &mut [f32], c_row: usize, a: Mat, b: &[f32], accumulate: bool));
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            lanes[i] += a[i] * b[i];
        }
    }
    for ((lane, a), b) in lanes.iter_mut().zip(a_rest).zip(b_rest) {
        *lane += a * b;
    }
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}
