//! Primitives with an implementation of their own, beside the products and convolutions that have a file each.

use super::commands::PreparedOutput;
use super::elementwise::{Arena, Results};
use kernels::matmul::{Each, Mat, MatMut, matmul, matmul_each};
use kernels::noise::Stream;
use kernels::{conv, grouped};

use crate::ops::{Op, conv::Geometry, random::Distribution, windows::Windows};
use crate::plan::View;

/// Runs `op` on views of the arena, as [`crate::plan::Command::Routine`] promises them.
pub fn run(op: &Op, inputs: &[View], result: &[usize], output: &PreparedOutput, arena: &Arena) {
    match output {
        PreparedOutput::Plain(offset) => plain(op, inputs, &View::contiguous(*offset, result), arena),
        PreparedOutput::Mapped(map) => {
            let take = |first: usize, data: &[f32]| {
                map.part(arena, Results { data, apart: data.len(), first }, first, first + data.len());
            };
            let soon = |first: usize, len: usize| map.fetch(arena, first, len);
            mapped(op, inputs, result, arena, Each { soon: &soon, take: &take });
        }
    }
}

/// Hands the result's numbers on instead of writing them.
fn mapped(op: &Op, inputs: &[View], result: &[usize], arena: &Arena, each: Each) {
    let read = |i: usize| arena.read(inputs[i].offset, inputs[i].size());
    let shape = |i: usize| inputs[i].shape.as_slice();
    match op {
        Op::MatMul(op) => {
            let size = result[result.len() - 2..].iter().product::<usize>();
            products(op.ta, op.tb, inputs, result, arena, |batch, a, b| {
                let soon = |first: usize, len: usize| (each.soon)(batch * size + first, len);
                let take = |first: usize, numbers: &[f32]| (each.take)(batch * size + first, numbers);
                matmul_each(a, b, Each { soon: &soon, take: &take });
            });
        }
        Op::Conv2d(op) => {
            conv::forward_each(&geometry(op.geometry, shape(0), shape(1), result), read(0), read(1), each.take);
        }
        Op::Conv2dInput(op) => {
            conv::to_input_each(&geometry(op.geometry, result, shape(1), shape(0)), read(0), read(1), each.take);
        }
        Op::Conv2dWeight(op) => {
            conv::to_weights_each(&geometry(op.geometry, shape(0), result, shape(1)), read(0), read(1), each.take);
        }
        op => unreachable!("a plan maps no output of {op}"),
    }
}

fn plain(op: &Op, inputs: &[View], output: &View, arena: &Arena) {
    let read = |i: usize| arena.read(inputs[i].offset, inputs[i].size());
    let shape = |i: usize| inputs[i].shape.as_slice();
    let out = arena.write(output.offset, output.size());
    match op {
        Op::MatMul(op) => products(op.ta, op.tb, inputs, &output.shape, arena, |batch, a, b| {
            let (m, n) = (a.rows, b.cols);
            matmul(a, b, MatMut::new(arena.write(output.offset + batch * m * n, m * n), m, n), false);
        }),
        Op::Conv2d(op) => {
            conv::forward(&geometry(op.geometry, shape(0), shape(1), &output.shape), out, read(0), read(1))
        }
        Op::Conv2dInput(op) => {
            conv::to_input(&geometry(op.geometry, &output.shape, shape(1), shape(0)), out, read(0), read(1));
        }
        Op::Conv2dWeight(op) => {
            conv::to_weights(&geometry(op.geometry, shape(0), &output.shape, shape(1)), out, read(0), read(1));
        }
        Op::Windows(op) => windows(op, shape(0), &output.shape, |x, y, c| {
            out[y..y + c].copy_from_slice(&read(0)[x..x + c]);
        }),
        Op::Fold(op) => {
            out.fill(0.0);
            windows(&op.windows, &output.shape, shape(0), |x, y, c| {
                for (o, v) in out[x..x + c].iter_mut().zip(&read(0)[y..y + c]) {
                    *o += v;
                }
            });
        }
        Op::Gather(_) => gather(out, read(0), shape(0)[0], read(1)),
        Op::ScatterAdd(op) => scatter_add(out, op.rows, read(0), read(1)),
        Op::ArgSort(op) => arg_sort(out, read(0), output.shape.last().copied().unwrap_or(1), op.descending),
        Op::CumSum(op) => {
            let len = output.shape[op.axis];
            let step: usize = output.shape[op.axis + 1..].iter().product();
            cumulate(out, read(0), len, step, op.reverse, op.exclusive);
        }
        Op::GroupedMatMul(op) => {
            let extents = [shape(0)[1], output.shape[1]];
            grouped::product(out, [read(0), read(1), read(2)], extents, op.transposed);
        }
        Op::GroupedOuter(_) => {
            grouped::outer(out, [read(0), read(1), read(2)], [output.shape[1], output.shape[2]]);
        }
        Op::Noise(op) => {
            let (seed, step) = (word(read(0)), word(read(1)));
            let stream = Stream::new(seed, op.stream);
            match op.distribution {
                Distribution::Uniform => stream.uniforms(step, out),
                Distribution::Normal => stream.normals(step, out),
            }
        }
        Op::Shuffle(op) => {
            let (seed, step) = (word(read(0)), word(read(1)));
            for (j, o) in out.iter_mut().enumerate() {
                *o = op.row(j, step, seed) as f32;
            }
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
        | Op::Detach(_) => unreachable!("{op} is lowered to other commands"),
    }
}

/// The 32-bit number that two registers of 16 bits hold.
fn word(halves: &[f32]) -> u32 {
    (halves[0] as u32).wrapping_add((halves[1] as u32) << 16)
}

/// Calls `f` with the number and the operands of each product of a batch.
fn products(ta: bool, tb: bool, inputs: &[View], result: &[usize], arena: &Arena, f: impl Fn(usize, Mat<'_>, Mat<'_>)) {
    let lead = result.len() - 2;
    let operand = |view: &View, offset: usize, transposed: bool| {
        let (rows, cols) = (view.shape[lead], view.shape[lead + 1]);
        let (row_stride, col_stride) = (view.strides[lead], view.strides[lead + 1]);
        let span = if rows * cols == 0 { 0 } else { (rows - 1) * row_stride + (cols - 1) * col_stride + 1 };
        let mat = Mat { data: arena.read(offset, span), rows, cols, row_stride, col_stride };
        if transposed { mat.t() } else { mat }
    };
    for (batch, index) in crate::ops::indices(&result[..lead]).enumerate() {
        let offset = |view: &View| view.offset + crate::ops::at(&index, &view.strides[..lead]);
        let a = operand(&inputs[0], offset(&inputs[0]), ta);
        let b = operand(&inputs[1], offset(&inputs[1]), tb);
        f(batch, a, b);
    }
}

fn geometry(g: Geometry, x: &[usize], w: &[usize], y: &[usize]) -> conv::Geometry {
    conv::Geometry {
        batch: x[0],
        input: [x[1], x[2]],
        output: [y[1], y[2]],
        kernel: [w[0], w[1]],
        stride: g.stride,
        before: g.pad,
        channels: x[3],
        filters: w[3],
        groups: g.groups,
    }
}

/// Calls `f(image offset, window offset, channels)` for every pixel of every window.
fn windows(op: &Windows, x: &[usize], y: &[usize], mut f: impl FnMut(usize, usize, usize)) {
    let c = x[3];
    let mut at = 0;
    for n in 0..y[0] {
        for i in 0..y[1] {
            for j in 0..y[2] {
                for p in 0..op.kernel[0] {
                    for q in 0..op.kernel[1] {
                        let (row, col) = (i * op.stride[0] + p, j * op.stride[1] + q);
                        f(((n * x[1] + row) * x[2] + col) * c, at, c);
                        at += c;
                    }
                }
            }
        }
    }
}

/// The row an index names, if the table has it.
fn row(index: f32, rows: usize) -> Option<usize> {
    (index >= 0.0 && index < rows as f32).then_some(index as usize)
}

fn gather(out: &mut [f32], table: &[f32], rows: usize, index: &[f32]) {
    let width = out.len().checked_div(index.len()).unwrap_or(0);
    if width == 0 {
        return;
    }
    for (to, &i) in out.chunks_exact_mut(width).zip(index) {
        match row(i, rows) {
            Some(r) => to.copy_from_slice(&table[r * width..][..width]),
            None => to.fill(0.0),
        }
    }
}

fn scatter_add(out: &mut [f32], rows: usize, index: &[f32], updates: &[f32]) {
    out.fill(0.0);
    let width = out.len().checked_div(rows).unwrap_or(0);
    if width == 0 {
        return;
    }
    for (from, &i) in updates.chunks_exact(width).zip(index) {
        if let Some(r) = row(i, rows) {
            for (o, v) in out[r * width..][..width].iter_mut().zip(from) {
                *o += v;
            }
        }
    }
}

fn arg_sort(out: &mut [f32], x: &[f32], width: usize, descending: bool) {
    use std::cmp::Ordering;
    if width == 0 {
        return;
    }
    for (row, order) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        for (i, o) in order.iter_mut().enumerate() {
            *o = i as f32;
        }
        order.sort_by(|&a, &b| {
            let (a, b) = (row[a as usize], row[b as usize]);
            let ascending = a.partial_cmp(&b).unwrap_or_else(|| match (a.is_nan(), b.is_nan()) {
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                _ => Ordering::Equal,
            });
            let nan = a.is_nan() || b.is_nan();
            if descending && !nan { ascending.reverse() } else { ascending }
        });
    }
}

fn cumulate(out: &mut [f32], x: &[f32], len: usize, step: usize, reverse: bool, exclusive: bool) {
    if len * step == 0 {
        return;
    }
    for outer in (0..out.len()).step_by(len * step) {
        for inner in outer..outer + step {
            let mut sum = 0.0;
            for i in 0..len {
                let at = inner + step * if reverse { len - 1 - i } else { i };
                let before = sum;
                sum += x[at];
                out[at] = if exclusive { before } else { sum };
            }
        }
    }
}
