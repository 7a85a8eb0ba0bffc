//! Primitives with kernels of their own: which file, with which parameters.

use super::finish::{finished, start};
use super::generate;
use super::kernel::{Kernel, LANES, Lowered, ROW, grid, invocations, word};
use super::matmul;
use super::tune::Tuning;
use crate::ops::conv::Geometry;
use crate::ops::random::{Distribution, Noise, Shuffle};
use crate::ops::reduce::{CumSum, Kind};
use crate::ops::windows::Windows;
use crate::ops::{Op, sort::ArgSort};
use crate::plan::{Fold, Instr, Output, Reduce, View};

const CONV: &str = include_str!("../shaders/conv.wgsl");
const CUMSUM: &str = include_str!("../shaders/cumsum.wgsl");
const GROUPED: &str = include_str!("../shaders/grouped.wgsl");
const RANDOM: &str = include_str!("../shaders/random.wgsl");
const ROWS: &str = include_str!("../shaders/rows.wgsl");
const SORT: &str = include_str!("../shaders/sort.wgsl");
const WINDOWS: &str = include_str!("../shaders/windows.wgsl");

/// The hand-written modules, with their names.
pub const SHADERS: &[(&str, &str)] = &[
    ("conv", CONV),
    ("cumsum", CUMSUM),
    ("grouped", GROUPED),
    ("matmul_registers", matmul::REGISTERS),
    ("matmul_shared", matmul::SHARED),
    ("random", RANDOM),
    ("rows", ROWS),
    ("sort", SORT),
    ("windows", WINDOWS),
];

/// A kernel of `count` invocations with `work` operations in all.
fn kernel(source: &'static str, entry: &'static str, params: &[usize], count: usize, work: usize) -> Kernel {
    let params = params.iter().map(|&v| word(v)).collect();
    Kernel { source: source.into(), entry, params, groups: invocations(count), work: work as u64 }
}

/// Four extents of an image or a kernel.
fn four(shape: &[usize]) -> [usize; 4] {
    [shape[0], shape[1], shape[2], shape[3]]
}

/// The dispatches of `op`; those of several passes pass numbers on in `scratch`.
pub fn lower(op: &Op, inputs: &[View], result: &[usize], output: &Output, scratch: usize, tuning: Tuning) -> Lowered {
    if result.iter().product::<usize>() == 0 {
        return Lowered::default();
    }
    // Where the first operand's counterpart of a result lies: nobody looks where results are mapped.
    let whole = View::contiguous(start(output), result);
    match op {
        Op::MatMul(op) => matmul::lower(*op, [&inputs[0], &inputs[1]], result, output, scratch, tuning.matmul),
        Op::Conv2d(op) => {
            let sizes = Extents::of(op.geometry, &inputs[0], &inputs[1], &whole);
            finished(sizes.forward(inputs[0].offset, inputs[1].offset, whole.offset), output).into()
        }
        Op::Conv2dInput(op) => {
            let sizes = Extents::of(op.geometry, &whole, &inputs[1], &inputs[0]);
            finished(sizes.input(whole.offset, inputs[1].offset, inputs[0].offset), output).into()
        }
        Op::Conv2dWeight(op) => {
            let sizes = Extents::of(op.geometry, &inputs[0], &whole, &inputs[1]);
            sizes.weight(inputs[0].offset, &whole, inputs[1].offset, output, scratch)
        }
        op => plain(op, inputs, &whole, scratch),
    }
}

/// The dispatches of an `op` whose result is written as it is.
fn plain(op: &Op, inputs: &[View], output: &View, scratch: usize) -> Lowered {
    match op {
        Op::Windows(op) => windows("windows", *op, &inputs[0], output, output.size()).into(),
        Op::Fold(op) => windows("fold", op.windows, output, &inputs[0], output.size()).into(),
        Op::Gather(_) => {
            let (table, index) = (&inputs[0], &inputs[1]);
            let width = table.shape[1..].iter().product();
            let params = [table.offset, index.offset, output.offset, table.shape[0], width, index.size(), 0];
            kernel(ROWS, "gather", &params, output.size(), 4 * output.size()).into()
        }
        Op::ScatterAdd(_) => scatter(&inputs[0], &inputs[1], output, scratch),
        Op::ArgSort(op) => sort(*op, &inputs[0], output, scratch),
        Op::CumSum(op) => cumsum(op, &inputs[0], output).into(),
        Op::GroupedMatMul(op) => {
            let (x, w, sizes) = (&inputs[0], &inputs[1], &inputs[2]);
            let (rows, inner, cols, groups) = (x.shape[0], x.shape[1], output.shape[1], sizes.shape[0]);
            let (w_row, w_col) = if op.transposed { (1, inner) } else { (cols, 1) };
            let tiles = rows.div_ceil(4) + groups + 1;
            let at = [x.offset, w.offset, output.offset, sizes.offset, groups, rows, inner, cols, w_row, w_col, tiles];
            kernel(GROUPED, "rows", &at, tiles * cols.div_ceil(4), 2 * rows * inner * cols).into()
        }
        Op::GroupedOuter(_) => {
            let (x, y, sizes) = (&inputs[0], &inputs[1], &inputs[2]);
            let (rows, inner, cols, groups) = (x.shape[0], x.shape[1], y.shape[1], sizes.shape[0]);
            let at = [x.offset, output.offset, y.offset, sizes.offset, groups, rows, inner, cols, 0, 0, 0];
            let tiles = groups * inner.div_ceil(4) * cols.div_ceil(4);
            kernel(GROUPED, "outer", &at, tiles, 2 * rows * inner * cols).into()
        }
        Op::Noise(op) => noise(op, inputs, output).into(),
        Op::Shuffle(op) => shuffle(op, inputs, output).into(),
        Op::MatMul(_) | Op::Conv2d(_) | Op::Conv2dInput(_) | Op::Conv2dWeight(_) => {
            unreachable!("{op} may be mapped")
        }
        Op::Read(_)
        | Op::Const(_)
        | Op::Iota(_)
        | Op::Symbol(_)
        | Op::Poison(_)
        | Op::Unary(_)
        | Op::Binary(_)
        | Op::Select(_)
        | Op::Reduce(_)
        | Op::Reshape(_)
        | Op::Transpose(_)
        | Op::Broadcast(_)
        | Op::Slice(_)
        | Op::Pad(_)
        | Op::Concat(_)
        | Op::Detach(_) => unreachable!("a plan makes no routine of {op}"),
    }
}

/// The extents of a convolution, as the shader takes them.
struct Extents {
    geometry: Geometry,
    x: [usize; 4],
    w: [usize; 4],
    y: [usize; 4],
}

impl Extents {
    fn of(geometry: Geometry, x: &View, w: &View, y: &View) -> Self {
        Self { geometry, x: four(&x.shape), w: four(&w.shape), y: four(&y.shape) }
    }

    fn params(&self, x: usize, w: usize, y: usize, part: usize, parts: usize) -> Vec<usize> {
        let Geometry { stride, pad, groups } = self.geometry;
        let tail = [self.y[1], self.y[2], stride[0], stride[1], pad[0], pad[1], groups, part, parts];
        [&[x, w, y], &self.x[..], &self.w[..], &tail].concat()
    }

    fn work(&self) -> usize {
        let [kh, kw, inputs, _] = self.w;
        2 * self.y.iter().product::<usize>() * kh * kw * inputs
    }

    /// Tiles of four channels over `channels` in each group.
    fn across(&self, channels: usize) -> usize {
        channels.div_ceil(4) * self.geometry.groups
    }

    fn outputs_of_group(&self) -> usize {
        self.w[3] / self.geometry.groups
    }

    fn forward(&self, x: usize, w: usize, y: usize) -> Kernel {
        let [n, rows, cols, _] = self.y;
        let tiles = (n * rows * cols).div_ceil(4) * self.across(self.outputs_of_group());
        kernel(CONV, "forward", &self.params(x, w, y, 0, 0), tiles, self.work())
    }

    fn input(&self, x: usize, w: usize, y: usize) -> Kernel {
        let [n, height, width, _] = self.x;
        let tiles = (n * height * width).div_ceil(4) * self.across(self.w[2]);
        kernel(CONV, "input", &self.params(x, w, y, 0, 0), tiles, self.work())
    }

    /// The rows of all images are cut into parts until there are enough tiles to occupy a device; the parts' sums
    /// are added up in a second pass.
    fn weight(&self, x: usize, w: &View, y: usize, output: &Output, scratch: usize) -> Lowered {
        const ENOUGH: usize = 2048;
        let [kh, kw, inputs, _] = self.w;
        let rows = self.y[0] * self.y[1];
        let tiles = (kh * kw * inputs).div_ceil(4) * self.across(self.outputs_of_group());
        let part = rows.div_ceil(ENOUGH.div_ceil(tiles)).max(1);
        let parts = rows.div_ceil(part).max(1);
        let target = if parts > 1 { scratch } else { w.offset };
        let first = kernel(CONV, "weight", &self.params(x, target, y, part, parts), tiles * parts, self.work());
        sum_parts(first, parts, w.size(), output, scratch)
    }
}

/// `first` lays down `parts` results of `size` numbers each in `scratch`, or the only one where `output` says.
pub fn sum_parts(first: Kernel, parts: usize, size: usize, output: &Output, scratch: usize) -> Lowered {
    if parts < 2 {
        return finished(first, output).into();
    }
    let sum = Reduce {
        kept: 1,
        shape: vec![size, parts],
        inputs: vec![View { offset: scratch, shape: vec![size, parts], strides: vec![1, size] }],
        code: vec![Instr::Input(0)],
        folds: vec![Fold { kind: Kind::Sum, result: 0 }],
        output: output.clone(),
    };
    let second = generate::reduce(&sum, scratch + size * parts);
    let kernels = std::iter::once(first).chain(second.kernels).collect();
    Lowered { kernels, scratch: size * parts + second.scratch }
}

fn windows(entry: &'static str, op: Windows, image: &View, windows: &View, size: usize) -> Kernel {
    let [_, height, width, channels] = four(&image.shape);
    let ([kh, kw], [sy, sx]) = (op.kernel, op.stride);
    let (rows, cols) = (windows.shape[1], windows.shape[2]);
    let params = [image.offset, windows.offset, size, height, width, channels, rows, cols, kh, kw, sy, sx];
    kernel(WINDOWS, entry, &params, size, windows.size() + 8 * size)
}

/// Looks at every index from every element of the table, or sorts the indices first where that is less work.
fn scatter(index: &View, values: &View, output: &View, scratch: usize) -> Lowered {
    let (rows, count, size) = (output.shape[0], index.size(), output.size());
    let width = size / rows;
    let params = [output.offset, index.offset, values.offset, rows, width, count, scratch];
    let direct = size.saturating_mul(count);
    let sorted = count.saturating_mul(count) + 16 * size;
    // Places are held in floats, which count exactly to 2²⁴.
    if direct <= sorted || count >= 1 << 24 {
        return kernel(ROWS, "scatter", &params, size, direct).into();
    }
    let rank = kernel(ROWS, "rank", &params, count, count * count);
    let merge = kernel(ROWS, "merge", &params, size, 16 * size + count * width);
    Lowered { kernels: vec![rank, merge], scratch: 2 * count }
}

/// Runs of this length are sorted by counting, longer ones merged from them.
const RUN: usize = 512;

/// Sorts runs, then merges them two by two; the last pass writes to the output.
fn sort(op: ArgSort, values: &View, output: &View, scratch: usize) -> Lowered {
    let size = output.size();
    let width = output.shape[output.shape.len() - 1];
    let merges = width.div_ceil(RUN).next_power_of_two().trailing_zeros() as usize;
    let place = |pass: usize| if (merges - pass).is_multiple_of(2) { output.offset } else { scratch };
    let kernels = (0..=merges)
        .map(|pass| {
            let run = if pass == 0 { RUN } else { RUN << (pass - 1) };
            let from = if pass == 0 { 0 } else { place(pass - 1) };
            let params = [values.offset, from, place(pass), size / width, width, run, op.descending.into()];
            let (entry, work) = if pass == 0 { ("runs", size * width.min(RUN)) } else { ("merge", size * 32) };
            kernel(SORT, entry, &params, size, work)
        })
        .collect();
    Lowered { kernels, scratch: if merges > 0 { size } else { 0 } }
}

fn cumsum(op: &CumSum, x: &View, y: &View) -> Kernel {
    let len = x.shape[op.axis];
    let inner: usize = x.shape[op.axis + 1..].iter().product();
    let lines = x.size() / len;
    let params = [x.offset, y.offset, lines, len, inner, op.reverse.into(), op.exclusive.into()];
    if lines >= 8 * LANES || len <= 2 * LANES {
        kernel(CUMSUM, "serial", &params, lines, 4 * x.size())
    } else {
        Kernel { groups: grid(lines), ..kernel(CUMSUM, "scan", &params, lines, 8 * x.size()) }
    }
}

fn noise(op: &Noise, inputs: &[View], output: &View) -> Kernel {
    let entry = match op.distribution {
        Distribution::Uniform => "uniform_noise",
        Distribution::Normal => "normal_noise",
    };
    random(entry, inputs, output, op.stream, 0)
}

fn shuffle(op: &Shuffle, inputs: &[View], output: &View) -> Kernel {
    random("shuffle", inputs, output, op.stream, op.rows)
}

fn random(entry: &'static str, inputs: &[View], output: &View, stream: u32, rows: usize) -> Kernel {
    let size = output.size();
    let params = [output.offset, size, inputs[0].offset, inputs[1].offset, 0, rows];
    let mut kernel = kernel(RANDOM, entry, &params, size, 40 * size);
    kernel.params[4] = stream;
    kernel
}

const _: () = assert!(ROW == 32_768, "the shaders join the axes of the grid by this number");
