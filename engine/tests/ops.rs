//! Every primitive's derivative against differences, in 64-bit floats: backward, forward (the vjp of the vjp), and the
//! derivatives of the backward pass itself; on plain shapes and on awkward ones, with extents of 0 and 1.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use engine::ad::{self, Exact};
use engine::ir::{Graph, SlotId, Value};
use engine::ops::conv::{Conv2d, Conv2dInput, Conv2dWeight, Geometry};
use engine::ops::grouped::{GroupedMatMul, GroupedOuter};
use engine::ops::random::{Distribution, Noise, Shuffle};
use engine::ops::reduce::{CumSum, Kind, Reduce};
use engine::ops::rows::{Gather, ScatterAdd};
use engine::ops::scalar::{Binary, Unary};
use engine::ops::shape::{Broadcast, Concat, Pad, Reshape, Slice, Transpose};
use engine::ops::sort::ArgSort;
use engine::ops::windows::{Fold, Windows};
use engine::ops::{Op, Primitive};
use support::*;

/// One case: a graph, the registers to differentiate by, and what was checked so far.
struct Case<'a> {
    g: Graph,
    slots: Vec<SlotId>,
    covered: &'a mut BTreeSet<&'static str>,
}

impl<'a> Case<'a> {
    fn new(covered: &'a mut BTreeSet<&'static str>) -> Self {
        Self { g: Graph::new(), slots: Vec::new(), covered }
    }

    /// An argument to differentiate by.
    fn arg(&mut self, shape: &[usize]) -> Value {
        let slot = input(&mut self.g, &format!("arg {}", self.slots.len()), shape);
        self.slots.push(slot);
        self.g.read(slot)
    }

    /// Whole numbers from 0 to `below − 1`, through which no derivative flows.
    fn whole(&mut self, shape: &[usize], below: usize) -> Value {
        let slot = input(&mut self.g, "whole", shape);
        let r = self.g.read(slot);
        let r = self.g.abs(r);
        let r = self.g.scale(r, below as f32);
        self.g.floor(r)
    }

    /// How many of `rows` random rows belong to each of `groups`.
    fn sizes(&mut self, rows: usize, groups: usize) -> Value {
        let of_row = self.whole(&[rows], groups);
        let hit = self.g.one_hot(of_row, groups);
        let sizes = self.g.sum(hit, &[0]);
        self.g.reshape(sizes, [groups])
    }

    /// Checks the derivatives of `op` on `args`, and those of its backward pass.
    fn check(mut self, op: impl Into<Op>, args: &[Value]) {
        let op = op.into();
        let what = op.name();
        self.covered.insert(kind(&op));
        let y = self.g.push(op, args);
        self.value(y, &what);
    }

    fn value(mut self, y: Value, what: &str) {
        check_derivatives(&mut self.g, y, &self.slots, what);
        let shape = self.g.shape(y).clone();
        let ct = input(&mut self.g, &format!("second {shape}"), &shape);
        let ct_read = self.g.read(ct);
        let reads: Vec<Value> = self.slots.iter().map(|&s| self.g.read(s)).collect();
        let pulled = ad::vjp(&mut self.g, &[(y, ct_read)], &reads, &Exact);
        let by: Vec<SlotId> = self.slots.iter().copied().chain([ct]).collect();
        for ct in pulled.into_iter().flatten() {
            check_derivatives(&mut self.g, ct, &by, &format!("{what}, backward"));
        }
    }
}

/// The name of each primitive: a new one is missed here by the compiler, and below by the test.
fn kind(op: &Op) -> &'static str {
    match op {
        Op::Read(_) | Op::Const(_) | Op::Iota(_) | Op::Symbol(_) | Op::Poison(_) => "leaf",
        Op::Unary(_) => "unary",
        Op::Binary(_) => "binary",
        Op::Select(_) => "select",
        Op::Reduce(_) => "reduce",
        Op::CumSum(_) => "cumsum",
        Op::Reshape(_) => "reshape",
        Op::Transpose(_) => "transpose",
        Op::Broadcast(_) => "broadcast",
        Op::Slice(_) => "slice",
        Op::Pad(_) => "pad",
        Op::Concat(_) => "concat",
        Op::MatMul(_) => "matmul",
        Op::Conv2d(_) => "conv2d",
        Op::Conv2dInput(_) => "conv2d-input",
        Op::Conv2dWeight(_) => "conv2d-weight",
        Op::Windows(_) => "windows",
        Op::Fold(_) => "fold",
        Op::Gather(_) => "gather",
        Op::ScatterAdd(_) => "scatter-add",
        Op::ArgSort(_) => "argsort",
        Op::GroupedMatMul(_) => "grouped-matmul",
        Op::GroupedOuter(_) => "grouped-outer",
        Op::Detach(_) | Op::Noise(_) | Op::Shuffle(_) => "no derivative",
    }
}

fn scalars(seen: &mut BTreeSet<&'static str>) {
    for &op in Unary::ALL {
        for shape in [&[][..], &[1], &[5], &[0, 3], &[2, 3]] {
            let mut c = Case::new(seen);
            let x = c.arg(shape);
            let positive = matches!(op, Unary::Ln | Unary::Sqrt | Unary::Recip);
            let shift = c.g.constant(if positive { 1.5 } else { 0.0 });
            let x = c.g.add(x, shift);
            c.check(op, &[x]);
        }
    }
    for &op in Binary::ALL {
        for (a, b) in [(&[2, 3][..], &[3][..]), (&[2, 1], &[1, 3]), (&[], &[2]), (&[0, 3], &[3]), (&[4], &[4])] {
            let mut c = Case::new(seen);
            let (a, b) = (c.arg(a), c.arg(b));
            let shift = c.g.constant(if op == Binary::Div { 2.0 } else { 0.0 });
            let b = c.g.add(b, shift);
            c.check(op, &[a, b]);
        }
    }
    for (a, b) in [(&[2, 3][..], &[2, 3][..]), (&[], &[2, 1]), (&[1, 3], &[])] {
        let mut c = Case::new(seen);
        let choice = c.whole(&[2, 3], 2);
        let (a, b) = (c.arg(a), c.arg(b));
        c.check(engine::ops::scalar::Select, &[choice, a, b]);
    }
}

fn reductions(seen: &mut BTreeSet<&'static str>) {
    for kind in [Kind::Sum, Kind::Max] {
        for (shape, axes) in
            [(&[2, 3, 4][..], &[1][..]), (&[2, 3, 4], &[0, 2]), (&[3, 1], &[1]), (&[3], &[0]), (&[0, 3], &[1])]
        {
            let mut c = Case::new(seen);
            let x = c.arg(shape);
            c.check(Reduce { kind, axes: axes.to_vec() }, &[x]);
        }
    }
    let mut c = Case::new(seen);
    let x = c.arg(&[0, 3]);
    c.check(Reduce { kind: Kind::Sum, axes: vec![0] }, &[x]);
    for (reverse, exclusive) in [(false, false), (false, true), (true, false), (true, true)] {
        for (shape, axis) in [(&[4][..], 0), (&[2, 3, 2], 1), (&[1, 3], 0), (&[0, 2], 0)] {
            let mut c = Case::new(seen);
            let x = c.arg(shape);
            c.check(CumSum { axis, reverse, exclusive }, &[x]);
        }
    }
}

fn shapes(seen: &mut BTreeSet<&'static str>) {
    let mut one = |shape: &[usize], op: Op| {
        let mut c = Case::new(seen);
        let x = c.arg(shape);
        c.check(op, &[x]);
    };
    one(&[2, 3], Reshape { shape: [3, 1, 2].into() }.into());
    one(&[0, 3], Reshape { shape: [5, 0].into() }.into());
    one(&[2, 3, 4], Transpose { order: vec![2, 0, 1] }.into());
    one(&[1, 0], Transpose { order: vec![1, 0] }.into());
    one(&[3, 1], Broadcast { shape: [2, 3, 4].into() }.into());
    one(&[], Broadcast { shape: [2].into() }.into());
    one(&[1, 2], Broadcast { shape: [0, 2].into() }.into());
    one(&[2, 5], Slice { axis: 1, start: 1, len: 3 }.into());
    one(&[2, 5], Slice { axis: 1, start: 5, len: 0 }.into());
    one(&[2, 3], Pad { axis: 0, before: 1, after: 2 }.into());
    one(&[0, 3], Pad { axis: 0, before: 1, after: 0 }.into());
    for axis in [0, 1] {
        let mut c = Case::new(seen);
        let (mut a, mut b) = ([2, 2], [2, 2]);
        (a[axis], b[axis]) = (3, 0);
        let parts = [c.arg(&a), c.arg(&b), c.arg(&[2, 2])];
        c.check(Concat { axis }, &parts);
    }
}

fn products(seen: &mut BTreeSet<&'static str>) {
    for (ta, tb) in [(false, false), (false, true), (true, false), (true, true)] {
        let turned = |lead: &[usize], r: usize, c: usize, t: bool| [lead, &if t { [c, r] } else { [r, c] }].concat();
        for (lead_a, lead_b, [m, k, n]) in [
            (&[][..], &[][..], [2, 3, 4]),
            (&[2], &[2], [1, 2, 1]),
            (&[2, 1], &[3], [2, 1, 2]),
            (&[], &[2], [1, 3, 2]),
            (&[], &[], [2, 0, 3]),
            (&[], &[], [0, 2, 3]),
        ] {
            let mut c = Case::new(seen);
            let a = c.arg(&turned(lead_a, m, k, ta));
            let b = c.arg(&turned(lead_b, k, n, tb));
            c.check(engine::ops::matmul::MatMul { ta, tb }, &[a, b]);
        }
    }
    for transposed in [false, true] {
        for (rows, owned, groups) in [(5, 5, 3), (4, 2, 2), (0, 0, 2), (3, 3, 1)] {
            let mut c = Case::new(seen);
            let sizes = c.sizes(owned, groups);
            let (x, w) = (c.arg(&[rows, 3]), c.arg(&if transposed { [groups, 2, 3] } else { [groups, 3, 2] }));
            c.check(GroupedMatMul { transposed }, &[x, w, sizes]);
        }
    }
    let mut c = Case::new(seen);
    let sizes = c.sizes(4, 3);
    let (x, y) = (c.arg(&[5, 3]), c.arg(&[5, 2]));
    c.check(GroupedOuter, &[x, y, sizes]);
}

fn images(seen: &mut BTreeSet<&'static str>) {
    let cases = [
        (Geometry { stride: [1, 1], pad: [1, 1], groups: 1 }, [3, 3], [4, 3]),
        (Geometry { stride: [2, 1], pad: [0, 1], groups: 2 }, [2, 3], [5, 4]),
        (Geometry { stride: [3, 2], pad: [0, 0], groups: 1 }, [1, 1], [4, 4]),
    ];
    for (geometry, [kh, kw], [h, w]) in cases {
        let (image, kernel) = ([2, h, w, 2], [kh, kw, 2 / geometry.groups, 4]);
        let mut c = Case::new(seen);
        let (x, k) = (c.arg(&image), c.arg(&kernel));
        let y = c.g.push(Conv2d { geometry }, &[x, k]);
        let places = c.g.shape(y).clone();
        c.check(Conv2d { geometry }, &[x, k]);
        let mut c = Case::new(seen);
        let (y, k) = (c.arg(&places), c.arg(&kernel));
        c.check(Conv2dInput { geometry, image: [h, w] }, &[y, k]);
        let mut c = Case::new(seen);
        let (x, y) = (c.arg(&image), c.arg(&places));
        c.check(Conv2dWeight { geometry, kernel: [kh, kw] }, &[x, y]);
    }
    for (kernel, stride) in [([2, 2], [2, 2]), ([3, 2], [1, 2]), ([1, 1], [3, 1])] {
        let windows = Windows { kernel, stride };
        let mut c = Case::new(seen);
        let x = c.arg(&[1, 5, 4, 2]);
        let y = c.g.push(windows, &[x]);
        let places = c.g.shape(y).clone();
        c.check(windows, &[x]);
        let mut c = Case::new(seen);
        let y = c.arg(&places);
        c.check(Fold { windows, image: [5, 4] }, &[y]);
    }
}

fn rows(seen: &mut BTreeSet<&'static str>) {
    for (table, index) in [(&[3, 2][..], &[4][..]), (&[3], &[2, 2]), (&[1, 2, 2], &[3]), (&[2, 2], &[0])] {
        // One number more than there are rows: an index outside reads zeros, and is dropped on the way back.
        let mut c = Case::new(seen);
        let at = c.whole(index, table[0] + 1);
        let x = c.arg(table);
        c.check(Gather, &[x, at]);
        let mut c = Case::new(seen);
        let at = c.whole(index, table[0] + 1);
        let x = c.arg(&[index, &table[1..]].concat());
        c.check(ScatterAdd { rows: table[0] }, &[at, x]);
    }
    for descending in [false, true] {
        let mut c = Case::new(seen);
        let x = c.arg(&[2, 5]);
        c.check(ArgSort { descending }, &[x]);
    }
}

#[test]
fn every_primitive() {
    let mut seen = BTreeSet::new();
    for checks in [scalars, reductions, shapes, products, images, rows] {
        checks(&mut seen);
    }
    let all = "argsort binary broadcast concat conv2d conv2d-input conv2d-weight cumsum fold gather grouped-matmul \
               grouped-outer matmul pad reduce reshape scatter-add select slice transpose unary windows";
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), all.split_whitespace().collect::<Vec<_>>());
}

/// What is detached, and what is random, passes no derivative.
#[test]
fn no_derivative() {
    let mut g = Graph::new();
    let (_, clock) = clock(&mut g);
    let counters = [clock.seed, clock.step];
    let noise = Noise { distribution: Distribution::Normal, stream: 1, shape: [3].into() };
    let shuffle = Shuffle { rows: 5, batch: 3, stream: 1 };
    let made = [g.push(noise, &counters), g.push(shuffle, &counters), g.detach(clock.step)];
    for y in made {
        let shape = g.shape(y).clone();
        let ct = input(&mut g, &format!("ct {shape}"), &shape);
        let ct = g.read(ct);
        assert_eq!(ad::vjp(&mut g, &[(y, ct)], &counters, &Exact), [None, None]);
    }
}

/// The vocabulary made of primitives.
#[test]
fn vocabulary() {
    let mut seen = BTreeSet::new();
    type Function = fn(&mut Graph, Value) -> Value;
    let functions: [(&str, Function); 6] = [
        ("softmax", Graph::softmax),
        ("log-softmax", Graph::log_softmax),
        ("log-sum-exp", Graph::log_sum_exp),
        ("mean", Graph::mean_all),
        ("square", Graph::square),
        ("arg-max", Graph::arg_max),
    ];
    for (what, f) in functions {
        let mut c = Case::new(&mut seen);
        let x = c.arg(&[3, 4]);
        let y = f(&mut c.g, x);
        c.value(y, what);
    }
    let mut c = Case::new(&mut seen);
    let (logits, target) = (c.arg(&[3, 4]), c.arg(&[3, 4]));
    let y = c.g.cross_entropy(logits, target);
    c.value(y, "cross-entropy");
}
