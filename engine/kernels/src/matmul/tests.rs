#![allow(clippy::unwrap_used)]

use super::*;

fn noise(len: usize, seed: u32) -> Vec<f32> {
    let hash = |i: u32| (i.wrapping_mul(2_654_435_761) ^ seed).wrapping_mul(0x9E37_79B1) >> 8;
    (0..len as u32).map(|i| hash(i) as f32 / (1 << 23) as f32 - 1.0).collect()
}

/// Every way a dense `rows × cols` matrix can lie, with and without room between its lines.
fn layouts(data: &[f32], rows: usize, cols: usize) -> Vec<Mat<'_>> {
    [(cols, 1), (1, rows), (cols + 3, 1), (1, rows + 3), (2 * cols, 2)]
        .map(|(row_stride, col_stride)| Mat { data, rows, cols, row_stride, col_stride })
        .to_vec()
}

fn at(m: &Mat, i: usize, j: usize) -> f64 {
    f64::from(m.data[i * m.row_stride + j * m.col_stride])
}

type Run<'a> = &'a dyn Fn(Mat, Mat, MatMut, bool);

fn check(run: Run, m: usize, n: usize, k: usize) {
    let (x, y) = (noise((m + 3) * (k + 3) * 2, 1), noise((k + 3) * (n + 3) * 2, 2));
    let row_stride = n + 2;
    let before = noise(m * row_stride, 3);
    for a in layouts(&x, m, k) {
        for b in layouts(&y, k, n) {
            for accumulate in [false, true] {
                let mut data = before.clone();
                run(a, b, MatMut { data: &mut data, rows: m, cols: n, row_stride }, accumulate);
                for (place, (&got, &old)) in data.iter().zip(&before).enumerate() {
                    let (i, j) = (place / row_stride, place % row_stride);
                    if j >= n {
                        assert_eq!(got, old, "written beside the result");
                        continue;
                    }
                    let start = if accumulate { f64::from(old) } else { 0.0 };
                    let want = start + (0..k).map(|p| at(&a, i, p) * at(&b, p, j)).sum::<f64>();
                    let bound = 1e-6 * (k as f64 + 2.0);
                    assert!((f64::from(got) - want).abs() <= bound, "{m}×{k}×{n} at {i},{j}: {got} for {want}");
                }
            }
        }
    }
}

fn check_sizes(run: Run) {
    let sizes = [0, 1, 3, 7, 8, 65];
    for m in sizes {
        for n in sizes {
            for k in sizes {
                check(run, m, n, k);
            }
        }
    }
    for (m, n, k) in [(257, 65, 7), (3, 257, 65), (65, 7, 257), (9, 1033, 513), (129, 130, 257), (66, 1, 300)] {
        check(run, m, n, k);
    }
}

#[test]
fn awkward_sizes_in_every_layout() {
    check_sizes(&matmul);
}

#[test]
fn every_kernel_of_this_machine() {
    for kernel in Kernel::all() {
        check_sizes(&|a, b, c, accumulate| multiply(kernel, a, b, Target::matrix(c, accumulate)));
    }
}

#[test]
fn a_product_is_the_same_each_time() {
    let (x, y) = (noise(300 * 300, 4), noise(300 * 300, 5));
    let run = || {
        let mut c = vec![0.0; 300 * 300];
        matmul(Mat::new(&x, 300, 300), Mat::new(&y, 300, 300), MatMut::new(&mut c, 300, 300), false);
        c
    };
    let first = run();
    assert!((0..20).all(|_| run() == first));
}

#[test]
fn what_is_handed_on_is_what_would_be_written() {
    use std::sync::Mutex;
    let sizes = [0, 1, 3, 65, 257, 1033];
    let shapes =
        sizes.into_iter().flat_map(|m| sizes.into_iter().flat_map(move |n| [0, 1, 65, 257].map(|k| (m, n, k))));
    for (m, n, k) in shapes.filter(|(m, n, _)| m * n < 300_000) {
        let (x, y) = (noise(m * k, 6), noise(k * n, 7));
        let lying = [Mat::new(&x, m, k), Mat::new(&x, k, m).t()];
        for a in lying {
            for b in [Mat::new(&y, k, n), Mat::new(&y, n, k).t()] {
                let mut want = vec![9.0; m * n];
                matmul(a, b, MatMut::new(&mut want, m, n), false);
                let got = Mutex::new(vec![None; m * n]);
                let take = |first: usize, numbers: &[f32]| {
                    let mut got = got.lock().unwrap();
                    for (place, &x) in got[first..].iter_mut().zip(numbers) {
                        assert_eq!(place.replace(x), None, "handed on twice");
                    }
                };
                let soon = |first: usize, len: usize| assert!(first + len <= m * n, "announced beyond the result");
                matmul_each(a, b, Each { soon: &soon, take: &take });
                let got: Vec<f32> = got.into_inner().unwrap().into_iter().map(|x| x.unwrap()).collect();
                assert_eq!(got, want, "{m}×{k}×{n}");
            }
        }
    }
}
