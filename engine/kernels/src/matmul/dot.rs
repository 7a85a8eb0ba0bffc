//! A matrix by one column: a dot product a row, for which a tile would do mostly idle work.

use super::Mat;
use crate::block::widest;

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
    let (a, a_rest) = a.as_chunks();
    let (b, b_rest) = b.as_chunks();
    let mut lanes = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        lanes = add_products(lanes, a, b);
    }
    lanes = add_products(lanes, &padded(a_rest), &padded(b_rest));
    let mut sum = 0.0;
    for i in 0..LANES / 4 {
        sum += (lanes[i] + lanes[i + LANES / 4]) + (lanes[i + LANES / 2] + lanes[i + 3 * LANES / 4]);
    }
    sum
}

/// Takes and gives the sums by value, so that they can stay in registers.
#[inline(always)]
fn add_products(lanes: [f32; LANES], a: &[f32; LANES], b: &[f32; LANES]) -> [f32; LANES] {
    std::array::from_fn(|i| lanes[i] + a[i] * b[i])
}

#[inline(always)]
fn padded(rest: &[f32]) -> [f32; LANES] {
    let mut whole = [0.0; LANES];
    whole[..rest.len()].copy_from_slice(rest);
    whole
}
