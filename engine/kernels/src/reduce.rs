//! Sums and maxima of rows and columns, in an order fixed by the shape alone: the same bits on every machine.
//!
//! A row is folded into [`LANES`] running values, lane `i` taking elements `i`, `i + LANES`, …, and the lanes are then
//! joined two by two. A column is folded down the rows, in groups of [`GROUP`] whose results are joined in order, so
//! that rounding errors grow with the number of groups rather than of rows.

use crate::vmath;

/// Running values per row: four vectors of eight, or eight of four.
const LANES: usize = 32;
/// Columns folded side by side.
const WIDTH: usize = 64;
/// Rows folded before the results join the total.
const GROUP: usize = 128;

/// Defines a reduction of rows and one of columns by an operation and its neutral element.
macro_rules! reductions {
    ($rows:ident, $columns:ident, $what:literal, $neutral:expr, $join:expr) => {
        #[doc = concat!("`dst[i]` = the ", $what, " of row `i` of `a [dst.len(), cols]`.")]
        pub fn $rows(dst: &mut [f32], a: &[f32], cols: usize) {
            #[inline(always)]
            fn run(dst: &mut [f32], a: &[f32], cols: usize) {
                assert_eq!(a.len(), dst.len() * cols, "the matrix does not fit the result");
                if cols == 0 {
                    return dst.fill($neutral);
                }
                for (total, row) in dst.iter_mut().zip(a.chunks_exact(cols)) {
                    *total = fold_row(row, $neutral, $join);
                }
            }
            crate::block::widest!(run(dst: &mut [f32], a: &[f32], cols: usize));
        }

        #[doc = concat!("`dst[j]` = the ", $what, " of column `j` of `a [rows, dst.len()]`.")]
        pub fn $columns(dst: &mut [f32], a: &[f32], rows: usize) {
            #[inline(always)]
            fn run(dst: &mut [f32], a: &[f32], rows: usize) {
                assert_eq!(a.len(), dst.len() * rows, "the matrix does not fit the result");
                fold_columns(dst, a, $neutral, $join);
            }
            crate::block::widest!(run(dst: &mut [f32], a: &[f32], rows: usize));
        }
    };
}

#[inline(always)]
fn fold_row(row: &[f32], neutral: f32, join: impl Fn(f32, f32) -> f32 + Copy) -> f32 {
    let mut lanes = [neutral; LANES];
    let chunks = row.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = join(*lane, x);
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane = join(*lane, x);
    }
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = join(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}

#[inline(always)]
fn fold_columns(dst: &mut [f32], a: &[f32], neutral: f32, join: impl Fn(f32, f32) -> f32 + Copy) {
    let cols = dst.len();
    dst.fill(neutral);
    if cols == 0 {
        return;
    }
    for group in a.chunks(GROUP * cols) {
        for (strip, totals) in dst.chunks_mut(WIDTH).enumerate() {
            let (start, width) = (strip * WIDTH, totals.len());
            let mut sums = [neutral; WIDTH];
            for row in group.chunks_exact(cols) {
                let row = &row[start..start + width];
                // A full strip has a length known here, which lets the sums stay in registers.
                match <&[f32; WIDTH]>::try_from(row) {
                    Ok(row) => sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum = join(*sum, x)),
                    Err(_) => sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum = join(*sum, x)),
                }
            }
            for (total, &sum) in totals.iter_mut().zip(&sums) {
                *total = join(*total, sum);
            }
        }
    }
}

reductions!(sum_rows, sum_columns, "sum", 0.0, |a, b| a + b);
reductions!(max_rows, max_columns, "maximum, NaN when any element is,", f32::NEG_INFINITY, vmath::max);

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<f32> {
        (0..len as u32).map(|i| (i.wrapping_mul(0x9E37_79B1) >> 8) as f32 / (1 << 23) as f32 - 1.0).collect()
    }

    #[test]
    fn sums_and_maxima_are_those_of_plain_loops() {
        for rows in [0, 1, 3, 7, 65, 257, 1000] {
            for cols in [0, 1, 3, 7, 8, 31, 32, 33, 65, 257] {
                let a = noise(rows * cols);
                let (mut down, mut across) = (vec![9.0; cols], vec![9.0; rows]);
                let exact = |places: &mut dyn Iterator<Item = usize>| places.map(|p| f64::from(a[p])).sum::<f64>();
                let top =
                    |places: &mut dyn Iterator<Item = usize>| places.map(|p| a[p]).fold(f32::NEG_INFINITY, f32::max);
                sum_rows(&mut across, &a, cols);
                sum_columns(&mut down, &a, rows);
                for (i, &got) in across.iter().enumerate() {
                    assert!((f64::from(got) - exact(&mut (0..cols).map(|j| i * cols + j))).abs() < 1e-4);
                }
                for (j, &got) in down.iter().enumerate() {
                    assert!((f64::from(got) - exact(&mut (0..rows).map(|i| i * cols + j))).abs() < 1e-4);
                }
                max_rows(&mut across, &a, cols);
                max_columns(&mut down, &a, rows);
                assert!((0..rows).all(|i| across[i] == top(&mut (0..cols).map(|j| i * cols + j))));
                assert!((0..cols).all(|j| down[j] == top(&mut (0..rows).map(|i| i * cols + j))));
            }
        }
    }

    #[test]
    fn nan_is_not_lost() {
        for place in [0, 31, 40, 99] {
            let mut a = noise(100);
            a[place] = f32::NAN;
            let mut one = [0.0];
            max_rows(&mut one, &a, 100);
            assert!(one[0].is_nan());
            max_columns(&mut one, &a, 100);
            assert!(one[0].is_nan());
        }
    }

    #[test]
    fn bits_are_the_same_on_every_machine() {
        let a = noise(70_001);
        let (mut one, mut down) = ([0.0], [0.0; 7]);
        sum_rows(&mut one, &a, a.len());
        sum_columns(&mut down, &a[1..], 10_000);
        assert_eq!(one[0].to_bits(), 0xbfb8_ed60);
        let want = [0x3f85_2216, 0xc011_edfe, 0xbfcc_da90, 0xc03a_ec96, 0xc00f_6ba4, 0x408e_0a86, 0x4047_95d9];
        assert_eq!(down.map(f32::to_bits), want);
    }
}
