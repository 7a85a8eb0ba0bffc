//! Primitives with an implementation of their own.

use engine::ops::conv::{Conv2d, Conv2dInput, Conv2dWeight, Geometry};
use engine::ops::grouped::{GroupedMatMul, GroupedOuter};
use engine::ops::matmul::MatMul;
use engine::ops::random::{Distribution, Noise, Shuffle, halves};
use engine::ops::reduce::CumSum;
use engine::ops::rows::{Gather, ScatterAdd};
use engine::ops::sort::ArgSort;
use engine::ops::windows::{Fold, Windows};
use engine::ops::{Op, Primitive};
use engine::plan::View;

use super::{Bench, Case, repeated, routine, transposed};

pub fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for (m, n, k) in [(0, 3, 3), (1, 1, 1), (3, 1, 65), (65, 33, 0), (65, 257, 31), (257, 65, 129), (2, 3, 4000)] {
        for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
            all.push(matmul(m, n, k, ta, tb));
        }
    }
    all.extend([matmul_wide(), matmul_batched(), matmul_broadcast(), matmul_strided(), matmul_many_axes()]);
    for (image, kernel, stride, pad, channels, groups) in [
        ([5, 5], [3, 3], [1, 1], [1, 1], [3, 5], 1),
        ([9, 7], [3, 2], [2, 3], [0, 1], [4, 6], 2),
        ([4, 4], [4, 4], [1, 1], [0, 0], [1, 9], 1),
        ([6, 6], [3, 3], [2, 2], [1, 1], [8, 8], 8),
        ([13, 11], [1, 1], [1, 1], [0, 0], [65, 3], 1),
        ([3, 3], [5, 5], [1, 1], [2, 2], [2, 2], 1),
    ] {
        let geometry = Geometry { stride, pad, groups };
        all.extend(conv(3, image, kernel, geometry, channels));
    }
    all.extend(conv(0, [5, 5], [3, 3], Geometry { stride: [1, 1], pad: [0, 0], groups: 1 }, [2, 2]));
    for (image, kernel, stride) in [([6, 6], [2, 2], [2, 2]), ([7, 9], [3, 2], [2, 1]), ([5, 5], [2, 2], [3, 3])] {
        all.extend(windows(image, kernel, stride));
    }
    for (rows, width, count) in [(5, 3, 0), (1, 1, 1), (65, 7, 257), (3, 65, 300), (300, 5, 40)] {
        all.push(gather(rows, width, count));
        all.push(scatter(rows, width, count));
    }
    for descending in [false, true] {
        for width in [0, 1, 3, 65, 513, 3000] {
            all.push(sort(3, width, descending));
        }
    }
    for reverse in [false, true] {
        for exclusive in [false, true] {
            for (shape, axis) in [([3, 65, 5], 1), ([2, 3, 1000], 2), ([700, 3, 1], 0), ([3, 0, 2], 1)] {
                all.push(cumsum(&shape, CumSum { axis, reverse, exclusive }));
            }
        }
    }
    let sizes: [&[f32]; 4] = [&[3.0, 0.0, 65.0, 5.0], &[0.0, 0.0, 40.0], &[257.0], &[5.0, 9.0, 1.0, 0.0, 2.0]];
    for sizes in sizes {
        all.extend(grouped(73, 5, 7, sizes));
        all.push(grouped_outer(73, 5, 7, sizes));
    }
    // Many small products, enough of them that they are shared out among threads; some groups empty, some rows nobody's.
    let small: Vec<f32> = (0..40).map(|group| [5.0, 0.0, 1.0, 4.0][group % 4]).collect();
    all.extend(grouped(103, 60, 70, &small));
    all.push(grouped_outer(103, 60, 70, &small));
    for seed in [0, 1, 0xffff_fff1] {
        all.push(noise(Distribution::Uniform, seed));
        all.push(noise(Distribution::Normal, seed));
        all.extend([1, 2, 3, 65, 1000].map(|rows| shuffle(rows, 37, seed)));
    }
    all
}

fn one(mut bench: Bench, op: impl Into<Op>, inputs: &[&View], tolerance: f32) -> Case {
    let op = op.into();
    let shapes: Vec<_> = inputs.iter().map(|v| engine::ir::Shape::from(&v.shape[..])).collect();
    let out = op.shape(&shapes.iter().collect::<Vec<_>>()).unwrap();
    bench.margin();
    let y = bench.room(&out);
    let text: Vec<_> = shapes.iter().map(ToString::to_string).collect();
    let command = routine(op.clone(), inputs, &y);
    bench.case(format!("{op} of {}", text.join(" and ")), vec![command], tolerance)
}

fn matmul(m: usize, n: usize, k: usize, ta: bool, tb: bool) -> Case {
    let mut bench = Bench::default();
    bench.margin();
    let a = bench.random(&if ta { [k, m] } else { [m, k] });
    let b = bench.random(&if tb { [n, k] } else { [k, n] });
    one(bench, MatMul { ta, tb }, &[&a, &b], product_tolerance(k))
}

/// Large enough for the widest tiles.
fn matmul_wide() -> Case {
    let mut bench = Bench::default();
    let (a, b) = (bench.random(&[520, 21]), bench.random(&[21, 530]));
    one(bench, MatMul { ta: false, tb: false }, &[&a, &b], product_tolerance(21))
}

fn matmul_batched() -> Case {
    let mut bench = Bench::default();
    let (a, b) = (bench.random(&[3, 2, 9, 17]), bench.random(&[3, 2, 5, 17]));
    one(bench, MatMul { ta: false, tb: true }, &[&a, &b], product_tolerance(17))
}

fn matmul_broadcast() -> Case {
    let mut bench = Bench::default();
    let (a, b) = (bench.random(&[2, 1, 4, 6]), bench.random(&[3, 6, 5]));
    let (a, b) = (repeated(&a, &[2, 3, 4, 6]), repeated(&b, &[2, 3, 6, 5]));
    one(bench, MatMul { ta: false, tb: false }, &[&a, &b], product_tolerance(6))
}

/// Heads of attention: `[batch, place, head, d]` seen as `[batch, head, place, d]`.
fn matmul_strided() -> Case {
    let mut bench = Bench::default();
    let (q, k) = (bench.random(&[2, 33, 3, 5]), bench.random(&[2, 33, 3, 5]));
    let order = [0, 2, 1, 3];
    one(bench, MatMul { ta: false, tb: true }, &[&transposed(&q, &order), &transposed(&k, &order)], 1e-5)
}

/// Six leading axes that cannot be merged.
fn matmul_many_axes() -> Case {
    let mut bench = Bench::default();
    let a = bench.random(&[2, 3, 2, 3, 2, 3, 4, 5]);
    let b = bench.random(&[5, 3]);
    let a = transposed(&a, &[5, 0, 3, 1, 4, 2, 6, 7]);
    let lead: Vec<_> = a.shape[..6].iter().copied().chain([5, 3]).collect();
    one(bench, MatMul { ta: false, tb: false }, &[&a, &repeated(&b, &lead)], 1e-5)
}

fn product_tolerance(k: usize) -> f32 {
    1e-6 * (k as f32).sqrt().max(4.0)
}

fn conv(n: usize, image: [usize; 2], kernel: [usize; 2], geometry: Geometry, channels: [usize; 2]) -> Vec<Case> {
    let [c, o] = channels;
    let place = |i: usize| engine::ops::conv::positions(image[i], kernel[i], geometry.stride[i], geometry.pad[i]);
    let x = [n, image[0], image[1], c];
    let w = [kernel[0], kernel[1], c / geometry.groups, o];
    let y = [n, place(0).unwrap(), place(1).unwrap(), o];
    let two = |op: Op, a: &[usize], b: &[usize]| {
        let mut bench = Bench::default();
        let (a, b) = (bench.random(a), bench.random(b));
        one(bench, op, &[&a, &b], 2e-5)
    };
    vec![
        two(Conv2d { geometry }.into(), &x, &w),
        two(Conv2dInput { geometry, image }.into(), &y, &w),
        two(Conv2dWeight { geometry, kernel }.into(), &x, &y),
    ]
}

fn windows(image: [usize; 2], kernel: [usize; 2], stride: [usize; 2]) -> Vec<Case> {
    let windows = Windows { kernel, stride };
    let mut bench = Bench::default();
    let x = bench.random(&[3, image[0], image[1], 5]);
    let forward = one(bench, windows, &[&x], 0.0);
    let shape = windows.shape(&[&engine::ir::Shape::from(&x.shape[..])]).unwrap();
    let mut bench = Bench::default();
    let y = bench.random(&shape);
    vec![forward, one(bench, Fold { windows, image }, &[&y], 1e-6)]
}

/// Indices within the table, and some outside.
fn index(bench: &mut Bench, rows: usize, count: usize) -> View {
    let view = bench.whole(&[count], rows as u32 + 2);
    if count > 2 {
        bench.memory[view.offset + 1] = -1.0;
        bench.memory[view.offset + 2] = f32::NAN;
        let data = bench.memory[view.offset..view.offset + count].to_vec();
        bench.inputs.push((view.offset, data));
    }
    view
}

fn gather(rows: usize, width: usize, count: usize) -> Case {
    let mut bench = Bench::default();
    let table = bench.random(&[rows, width]);
    let index = index(&mut bench, rows, count);
    one(bench, Gather, &[&table, &index], 0.0)
}

fn scatter(rows: usize, width: usize, count: usize) -> Case {
    let mut bench = Bench::default();
    let index = index(&mut bench, rows, count);
    let values = bench.random(&[count, width]);
    one(bench, ScatterAdd { rows }, &[&index, &values], 1e-5)
}

/// Lines with many equal elements and, where there is room, NaN and infinities.
fn sort(lines: usize, width: usize, descending: bool) -> Case {
    let mut bench = Bench::default();
    let x = bench.whole(&[lines, width], 50);
    if width > 4 {
        for (i, v) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::NAN].into_iter().enumerate() {
            bench.memory[x.offset + i * width / 4] = v;
        }
        let data = bench.memory[x.offset..x.offset + lines * width].to_vec();
        bench.inputs.push((x.offset, data));
    }
    one(bench, ArgSort { descending }, &[&x], 0.0)
}

fn cumsum(shape: &[usize], op: CumSum) -> Case {
    let mut bench = Bench::default();
    let x = bench.random(shape);
    one(bench, op, &[&x], 2e-5)
}

fn grouped(rows: usize, inner: usize, cols: usize, sizes: &[f32]) -> Vec<Case> {
    [false, true]
        .map(|transposed| {
            let mut bench = Bench::default();
            let x = bench.random(&[rows, inner]);
            let (p, q) = if transposed { (cols, inner) } else { (inner, cols) };
            let w = bench.random(&[sizes.len(), p, q]);
            let sizes = bench.given(&[sizes.len()], sizes.to_vec());
            one(bench, GroupedMatMul { transposed }, &[&x, &w, &sizes], 1e-5)
        })
        .into()
}

fn grouped_outer(rows: usize, inner: usize, cols: usize, sizes: &[f32]) -> Case {
    let mut bench = Bench::default();
    let (x, y) = (bench.random(&[rows, inner]), bench.random(&[rows, cols]));
    let sizes = bench.given(&[sizes.len()], sizes.to_vec());
    one(bench, GroupedOuter, &[&x, &y, &sizes], 2e-5)
}

fn counters(bench: &mut Bench, seed: u32, step: u32) -> [View; 2] {
    [seed, step].map(|v| bench.given(&[2], halves(v).to_vec()))
}

/// The same bits as on the processor.
fn noise(distribution: Distribution, seed: u32) -> Case {
    let mut bench = Bench::default();
    let [seed, step] = counters(&mut bench, seed, 70_001);
    one(bench, Noise { distribution, stream: 0x9e37_79b9, shape: [5, 257].into() }, &[&seed, &step], 0.0)
}

fn shuffle(rows: usize, batch: usize, seed: u32) -> Case {
    let mut bench = Bench::default();
    let [seed, step] = counters(&mut bench, seed, 65_537);
    one(bench, Shuffle { rows, batch, stream: 7 }, &[&seed, &step], 0.0)
}
