//! Sugar over the primitives: the vocabulary in which blocks, rules and optimizers are written.
//!
//! Elementwise functions broadcast; reductions keep the reduced axes with extent 1.

use crate::ir::{Graph, Node, Shape, SlotId, Value};
use crate::ops::{
    Op, leaf,
    matmul::MatMul,
    reduce::{Kind, Reduce},
    scalar::{Binary, Select, Unary, broadcast},
    shape::{Broadcast, Concat, Detach, Pad, Reshape, Slice, Transpose},
    sort::ArgSort,
};

macro_rules! unary {
    ($($name:ident $op:ident),* $(,)?) => { $(
        pub fn $name(&mut self, x: Value) -> Value {
            self.unary(Unary::$op, x)
        }
    )* };
}

macro_rules! binary {
    ($($name:ident $op:ident),* $(,)?) => { $(
        pub fn $name(&mut self, a: Value, b: Value) -> Value {
            self.binary(Binary::$op, a, b)
        }
    )* };
}

impl Graph {
    unary!(neg Neg, abs Abs, exp Exp, ln Ln, sqrt Sqrt, recip Recip, relu Relu, sigmoid Sigmoid, softplus Softplus,
        tanh Tanh, erf Erf, sin Sin, floor Floor, step Step);
    binary!(add Add, sub Sub, mul Mul, div Div, maximum Max, minimum Min, lt Lt, eq Eq);

    pub fn constant(&mut self, v: f32) -> Value {
        self.push(leaf::Const::new(v), &[])
    }

    /// `0, 1, …, len − 1`.
    pub fn iota(&mut self, len: usize) -> Value {
        self.push(leaf::Iota { len }, &[])
    }

    fn known(&self, v: Value) -> Option<f32> {
        if let Op::Const(c) = &self.node(v).op { Some(c.get()) } else { None }
    }

    /// An elementwise function; of a constant, the constant.
    pub fn unary(&mut self, op: Unary, x: Value) -> Value {
        match self.known(x) {
            Some(c) => self.constant(op.apply(c.into()) as f32),
            None => self.push(op, &[x]),
        }
    }

    /// An elementwise function of two arguments. Neutral elements and constants vanish, so that derivatives stay
    /// readable.
    pub fn binary(&mut self, op: Binary, a: Value, b: Value) -> Value {
        match (op, self.known(a), self.known(b)) {
            (_, Some(x), Some(y)) => self.constant(op.apply(x.into(), y.into()) as f32),
            (Binary::Add | Binary::Sub, _, Some(0.0)) | (Binary::Mul | Binary::Div, _, Some(1.0)) => a,
            (Binary::Add, Some(0.0), _) | (Binary::Mul, Some(1.0), _) => b,
            (Binary::Sub, Some(0.0), _) => self.neg(b),
            (Binary::Add, ..) => self.adjoined(a, b).unwrap_or_else(|| self.push(op, &[a, b])),
            _ => self.push(op, &[a, b]),
        }
    }

    /// The sum of two values that are zero but for neighbouring stretches of one axis, laid side by side instead of
    /// added: what comes back to a sequence that was taken apart is then laid down once, not once for every part.
    fn adjoined(&mut self, a: Value, b: Value) -> Option<Value> {
        let (Op::Pad(p), Op::Pad(q)) = (&self.node(a).op, &self.node(b).op) else { return None };
        let (axis, same) = (p.axis, p.axis == q.axis && self.shape(a) == self.shape(b));
        let (x, y) = (self.node(a).args[0], self.node(b).args[0]);
        let ends = |v: Value, before: usize| before + self.shape(v)[axis];
        let (parts, before, after) = if same && ends(x, p.before) == q.before {
            ([x, y], p.before, q.after)
        } else if same && ends(y, q.before) == p.before {
            ([y, x], q.before, p.after)
        } else {
            return None;
        };
        // Parts of parts are parts, or each would be copied again and again.
        let parts = parts.map(|v| match &self.node(v) {
            Node { op: Op::Concat(c), args, .. } if c.axis == axis => args.clone(),
            _ => vec![v],
        });
        let whole = self.concat(&parts.concat(), axis);
        Some(if before + after == 0 { whole } else { self.push(Pad { axis, before, after }, &[whole]) })
    }

    /// `x` times a number that never changes.
    pub fn scale(&mut self, x: Value, by: f32) -> Value {
        let c = self.constant(by);
        self.mul(x, c)
    }

    pub fn square(&mut self, x: Value) -> Value {
        self.mul(x, x)
    }

    /// `a` where `c` is not 0, else `b`.
    pub fn select(&mut self, c: Value, a: Value, b: Value) -> Value {
        self.push(Select, &[c, a, b])
    }

    pub fn sum(&mut self, x: Value, axes: &[usize]) -> Value {
        self.reduce(Kind::Sum, x, axes)
    }

    pub fn max(&mut self, x: Value, axes: &[usize]) -> Value {
        self.reduce(Kind::Max, x, axes)
    }

    fn reduce(&mut self, kind: Kind, x: Value, axes: &[usize]) -> Value {
        let shape = self.shape(x);
        let idle = axes.iter().all(|&a| shape.get(a) == Some(&1));
        if idle { x } else { self.push(Reduce { kind, axes: axes.to_vec() }, &[x]) }
    }

    pub fn mean(&mut self, x: Value, axes: &[usize]) -> Value {
        let terms: usize = axes.iter().filter_map(|&a| self.shape(x).get(a)).product();
        let s = self.sum(x, axes);
        self.scale(s, 1.0 / terms.max(1) as f32)
    }

    /// Sum of all elements, shape `[]`.
    pub fn total(&mut self, x: Value) -> Value {
        let axes: Vec<usize> = (0..self.shape(x).rank()).collect();
        let s = self.sum(x, &axes);
        self.reshape(s, Shape::default())
    }

    /// Mean of all elements, shape `[]`.
    pub fn mean_all(&mut self, x: Value) -> Value {
        let size = self.shape(x).size();
        let s = self.total(x);
        self.scale(s, 1.0 / size.max(1) as f32)
    }

    /// Root of the mean square of all elements, shape `[]`.
    pub fn root_mean_square(&mut self, x: Value) -> Value {
        let s = self.square(x);
        let m = self.mean_all(s);
        self.sqrt(m)
    }

    /// `x` summed over the axes along which `like` was broadcast to it, and repeated along those where it is itself the
    /// smaller, so that it has the shape of `like`.
    pub fn sum_like(&mut self, x: Value, like: Value) -> Value {
        let (from, to) = (self.shape(x).clone(), self.shape(like).clone());
        if from == to {
            return x;
        }
        let Ok(full) = broadcast(&[&from, &to]) else { return self.broadcast(x, to) };
        let x = self.broadcast(x, full.clone());
        let skip = full.rank() - to.rank();
        let axes: Vec<usize> = (0..full.rank()).filter(|&i| i < skip || (to[i - skip] == 1 && full[i] != 1)).collect();
        let s = self.sum(x, &axes);
        self.reshape(s, to)
    }

    pub fn reshape(&mut self, x: Value, shape: impl Into<Shape>) -> Value {
        let shape = shape.into();
        if *self.shape(x) == shape { x } else { self.push(Reshape { shape }, &[x]) }
    }

    /// Axis `i` of the result is axis `order[i]` of `x`.
    pub fn transpose(&mut self, x: Value, order: &[usize]) -> Value {
        if order.iter().copied().eq(0..order.len()) { x } else { self.push(Transpose { order: order.to_vec() }, &[x]) }
    }

    pub fn broadcast(&mut self, x: Value, shape: impl Into<Shape>) -> Value {
        let shape = shape.into();
        if *self.shape(x) == shape { x } else { self.push(Broadcast { shape }, &[x]) }
    }

    pub fn slice(&mut self, x: Value, axis: usize, start: usize, len: usize) -> Value {
        if start == 0 && self.shape(x).get(axis) == Some(&len) {
            x
        } else {
            self.push(Slice { axis, start, len }, &[x])
        }
    }

    pub fn concat(&mut self, parts: &[Value], axis: usize) -> Value {
        if let [one] = parts { *one } else { self.push(Concat { axis }, parts) }
    }

    /// The same numbers, through which no derivative flows.
    pub fn detach(&mut self, x: Value) -> Value {
        self.push(Detach, &[x])
    }

    pub fn matmul(&mut self, a: Value, b: Value) -> Value {
        self.matmul_t(a, b, false, false)
    }

    /// `a · b`, each first transposed where its flag says so.
    pub fn matmul_t(&mut self, a: Value, b: Value, ta: bool, tb: bool) -> Value {
        self.push(MatMul { ta, tb }, &[a, b])
    }

    /// Class labels `[…]` to rows `[…, classes]` with a 1 at the label.
    pub fn one_hot(&mut self, labels: Value, classes: usize) -> Value {
        let mut shape = self.shape(labels).clone();
        shape.0.push(1);
        let column = self.reshape(labels, shape);
        let row = self.iota(classes);
        self.eq(column, row)
    }

    fn last_axis(&self, x: Value) -> usize {
        self.shape(x).rank().saturating_sub(1)
    }

    /// `ln Σ exp` over the last axis, which stays with extent 1.
    pub fn log_sum_exp(&mut self, x: Value) -> Value {
        let axis = self.last_axis(x);
        let top = self.max(x, &[axis]);
        // The shift cancels: no derivative needs to pass it.
        let top = self.detach(top);
        let shifted = self.sub(x, top);
        let e = self.exp(shifted);
        let s = self.sum(e, &[axis]);
        let l = self.ln(s);
        self.add(l, top)
    }

    /// Logarithm of the softmax over the last axis.
    pub fn log_softmax(&mut self, x: Value) -> Value {
        let l = self.log_sum_exp(x);
        self.sub(x, l)
    }

    /// Softmax over the last axis.
    pub fn softmax(&mut self, x: Value) -> Value {
        let l = self.log_softmax(x);
        self.exp(l)
    }

    /// Cross-entropy of softmax(`logits [B, C]`) against `target [B, C]`, for each row: `[B, 1]`.
    pub fn cross_entropy(&mut self, logits: Value, target: Value) -> Value {
        let l = self.log_softmax(logits);
        let picked = self.mul(target, l);
        let axis = self.last_axis(picked);
        let s = self.sum(picked, &[axis]);
        self.neg(s)
    }

    /// Index of the largest element of the last axis, which is dropped; the first of equals.
    pub fn arg_max(&mut self, x: Value) -> Value {
        let axis = self.last_axis(x);
        let width = self.shape(x).last();
        let top = self.max(x, &[axis]);
        let hit = self.eq(x, top);
        let index = self.iota(width);
        let beyond = self.constant(width as f32);
        let candidate = self.select(hit, index, beyond);
        let neg = self.neg(candidate);
        let first = self.max(neg, &[axis]);
        let first = self.neg(first);
        let mut shape = self.shape(first).clone();
        shape.0.pop();
        self.reshape(first, shape)
    }

    /// Indices of the `k` largest elements of the last axis, largest first: `[…, k]`.
    pub fn top_k(&mut self, x: Value, k: usize) -> Value {
        let axis = self.last_axis(x);
        let order = self.push(ArgSort { descending: true }, &[x]);
        self.slice(order, axis, 0, k)
    }

    /// Inner product of all elements, shape `[]`.
    pub fn dot(&mut self, a: Value, b: Value) -> Value {
        let p = self.mul(a, b);
        self.total(p)
    }

    /// A register read as a scalar factor.
    pub fn read_scalar(&mut self, slot: SlotId) -> Value {
        let v = self.read(slot);
        self.reshape(v, Shape::default())
    }
}
