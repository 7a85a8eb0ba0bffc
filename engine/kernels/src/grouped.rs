//! Grouped products: one product of matrices for each run of rows. Many small ones are shared out among the threads, few
//! large ones are divided each.

use std::ops::Range;

use crate::matmul::{Mat, MatMut, SPLIT_WORK, matmul};
use crate::pool::{self, Shared};

/// `out [T, N]` of `x [T, K]` and `w [E, K, N]`, or `[E, N, K]` when `transposed`, by the `sizes [E]` of the runs.
pub fn product(out: &mut [f32], [x, w, sizes]: [&[f32]; 3], [k, n]: [usize; 2], transposed: bool) {
    let runs = runs(sizes, out.len().checked_div(n).unwrap_or(0));
    let rest = runs.last().map_or(0, |run| run.1.end);
    out[rest * n..].fill(0.0);
    let out = Shared::new(out);
    each(&runs, k * n, |group, rows| {
        let w = &w[group * k * n..][..k * n];
        let w = if transposed { Mat::new(w, n, k).t() } else { Mat::new(w, k, n) };
        let x = Mat::new(&x[rows.start * k..rows.end * k], rows.len(), k);
        // SAFETY: runs have rows of their own.
        let y = unsafe { out.part(rows.start * n, rows.len() * n) };
        matmul(x, w, MatMut::new(y, rows.len(), n), false);
    });
}

/// `out [E, K, N]`, for each run of the rows of `x [T, K]` and `y [T, N]` the sum of `xᵀ y`.
pub fn outer(out: &mut [f32], [x, y, sizes]: [&[f32]; 3], [k, n]: [usize; 2]) {
    let runs = runs(sizes, x.len().checked_div(k).unwrap_or(0));
    let mut next = 0;
    for (group, _) in &runs {
        out[next * k * n..group * k * n].fill(0.0);
        next = group + 1;
    }
    out[next * k * n..].fill(0.0);
    let out = Shared::new(out);
    each(&runs, k * n, |group, rows| {
        let x = Mat::new(&x[rows.start * k..rows.end * k], rows.len(), k);
        let y = Mat::new(&y[rows.start * n..rows.end * n], rows.len(), n);
        // SAFETY: each group has a matrix of its own.
        let w = unsafe { out.part(group * k * n, k * n) };
        matmul(x.t(), y, MatMut::new(w, k, n), false);
    });
}

/// The groups that have rows, and which.
fn runs(sizes: &[f32], rows: usize) -> Vec<(usize, Range<usize>)> {
    let mut start = 0;
    let mut runs = Vec::new();
    for (group, &size) in sizes.iter().enumerate() {
        let end = (start + size as usize).min(rows);
        if end > start {
            runs.push((group, start..end));
        }
        start = end;
    }
    runs
}

/// Calls `f` for every run, each row of which costs `work` multiplications.
fn each(runs: &[(usize, Range<usize>)], work: usize, f: impl Fn(usize, Range<usize>) + Sync) {
    let (rows, largest) = runs.iter().fold((0, 0), |(sum, most), (_, run)| (sum + run.len(), most.max(run.len())));
    if rows * work < SPLIT_WORK || largest * work >= SPLIT_WORK || pool::threads() == 1 {
        return runs.iter().for_each(|(group, rows)| f(*group, rows.clone()));
    }
    // By rows, not by groups, of which some may be much larger.
    let pieces = 2 * pool::threads();
    pool::parallel_for(pieces, &|piece| {
        let cut = |i: usize| runs.partition_point(|(_, run)| run.start < i * rows / pieces);
        runs[cut(piece)..cut(piece + 1)].iter().for_each(|(group, rows)| f(*group, rows.clone()));
    });
}
