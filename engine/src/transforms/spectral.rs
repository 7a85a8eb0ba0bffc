//! Spectral coordinates: things that are alike come to lie close together (Ng, Jordan and Weiss 2001).
//!
//! The rows of the eigenvectors of the `count` largest eigenvalues of `D^(−1/2) A D^(−1/2)`, each of length 1, where `D`
//! is diagonal and holds the sums of the rows of the affinity `A`.

use crate::sorting::Sorting as _;
use crate::weights::Tensor;

/// Sweeps of Jacobi's rotations; each squares what is left beside the diagonal.
const SWEEPS: usize = 30;

/// Coordinates `[n, count]` of `n` things with `affinity [n, n]`, symmetric and nowhere negative.
pub fn leading(affinity: &Tensor, count: usize) -> Tensor {
    let [n, _] = affinity.extents();
    let degree: Vec<f64> =
        (0..n).map(|i| affinity.row(i).iter().map(|&a| f64::from(a)).sum::<f64>().max(1e-12)).collect();
    let mut a: Vec<Vec<f64>> = (0..n)
        .map(|i| (0..n).map(|j| f64::from(affinity.row(i)[j]) / (degree[i] * degree[j]).sqrt()).collect())
        .collect();
    let mut v: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for _ in 0..SWEEPS {
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut v, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.put_in_order_by(|&i, &j| a[j][j].total_cmp(&a[i][i]));
    let mut data = Vec::with_capacity(n * count);
    for row in &v {
        let own: Vec<f64> = order.iter().take(count).map(|&k| row[k]).collect();
        let length = own.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-12);
        data.extend(own.iter().map(|x| (x / length) as f32));
    }
    Tensor::new(&[n, count.min(n)], data)
}

/// One rotation of Jacobi's method: `a[p][q]` becomes 0, and `v` collects the eigenvectors as columns.
fn rotate(a: &mut [Vec<f64>], v: &mut [Vec<f64>], p: usize, q: usize) {
    if a[p][q].abs() < 1e-15 {
        return;
    }
    let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let t = if theta == 0.0 { 1.0 } else { t };
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for row in a.iter_mut() {
        let (x, y) = (row[p], row[q]);
        (row[p], row[q]) = (c * x - s * y, s * x + c * y);
    }
    let (before, after) = a.split_at_mut(q);
    for (x, y) in before[p].iter_mut().zip(&mut after[0]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
    for row in v.iter_mut() {
        let (x, y) = (row[p], row[q]);
        (row[p], row[q]) = (c * x - s * y, s * x + c * y);
    }
}
