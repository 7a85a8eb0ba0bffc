//! The same numbers under other indices.

use super::scalar::broadcast_strides;
use super::{Cost, Lower, Primitive, Tensor, at, indices};
use crate::ir::{Graph, Shape, Value};
use crate::sorting::Sorting as _;

/// The same elements in row-major order under another shape.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reshape {
    pub shape: Shape,
}

/// Axis `i` of the result is axis `order[i]` of the argument.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Transpose {
    pub order: Vec<usize>,
}

/// Repeats along missing axes and along those of extent 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Broadcast {
    pub shape: Shape,
}

/// Elements `start .. start + len` along `axis`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slice {
    pub axis: usize,
    pub start: usize,
    pub len: usize,
}

/// Zeros before and after along `axis`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pad {
    pub axis: usize,
    pub before: usize,
    pub after: usize,
}

/// The arguments one after the other along `axis`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Concat {
    pub axis: usize,
}

/// The same numbers, through which no derivative flows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Detach;

fn axis_of(axis: usize, shape: &Shape) -> Result<usize, String> {
    shape.get(axis).copied().ok_or(format!("axis {axis} is not in {shape}"))
}

fn reindexed(x: &Tensor, out: &Shape, from: impl Fn(&[usize]) -> usize) -> Tensor {
    Tensor { shape: out.clone(), data: indices(out).map(|i| x.data[from(&i)]).collect() }
}

impl Primitive for Reshape {
    fn name(&self) -> String {
        "reshape".to_owned()
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        if args[0].size() == self.shape.size() {
            Ok(self.shape.clone())
        } else {
            Err(format!("{} has {} elements, {} has {}", args[0], args[0].size(), self.shape, self.shape.size()))
        }
    }
    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::FREE
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        Tensor { shape: out.clone(), data: args[0].data.clone() }
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let shape = g.shape(args[0]).clone();
        vec![Some(g.reshape(ct, shape))]
    }
    fn lower(&self) -> Lower {
        Lower::View
    }
}

impl Primitive for Transpose {
    fn name(&self) -> String {
        format!("transpose{:?}", self.order)
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        let mut seen = self.order.clone();
        seen.put_in_order();
        if seen.iter().copied().eq(0..args[0].rank()) {
            Ok(Shape(self.order.iter().map(|&a| args[0][a]).collect()))
        } else {
            Err(format!("{:?} does not reorder the axes of {}", self.order, args[0]))
        }
    }
    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::FREE
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let own = args[0].shape.strides();
        let strides: Vec<_> = self.order.iter().map(|&a| own[a]).collect();
        reindexed(args[0], out, |i| at(i, &strides))
    }
    fn vjp(&self, g: &mut Graph, _: Value, _: &[Value], ct: Value) -> Vec<Option<Value>> {
        let mut inverse = vec![0; self.order.len()];
        for (i, &a) in self.order.iter().enumerate() {
            inverse[a] = i;
        }
        vec![Some(g.transpose(ct, &inverse))]
    }
    fn lower(&self) -> Lower {
        Lower::View
    }
}

impl Primitive for Broadcast {
    fn name(&self) -> String {
        "broadcast".to_owned()
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        if super::scalar::broadcast(&[args[0], &self.shape])? == self.shape {
            Ok(self.shape.clone())
        } else {
            Err(format!("{} does not broadcast to {}", args[0], self.shape))
        }
    }
    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::FREE
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let strides = broadcast_strides(&args[0].shape, out);
        reindexed(args[0], out, |i| at(i, &strides))
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        vec![Some(g.sum_like(ct, args[0]))]
    }
    fn lower(&self) -> Lower {
        Lower::View
    }
}

impl Primitive for Slice {
    fn name(&self) -> String {
        format!("slice[{}] {}..{}", self.axis, self.start, self.start + self.len)
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        if self.start + self.len > axis_of(self.axis, args[0])? {
            return Err(format!("{}..{} is outside of {}", self.start, self.start + self.len, args[0]));
        }
        let mut out = args[0].clone();
        out.0[self.axis] = self.len;
        Ok(out)
    }
    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::FREE
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let strides = args[0].shape.strides();
        reindexed(args[0], out, |i| at(i, &strides) + self.start * strides[self.axis])
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let whole = g.shape(args[0])[self.axis];
        let pad = Pad { axis: self.axis, before: self.start, after: whole - self.start - self.len };
        vec![Some(g.push(pad, &[ct]))]
    }
    fn lower(&self) -> Lower {
        Lower::View
    }
}

impl Primitive for Pad {
    fn name(&self) -> String {
        format!("pad[{}] {}+{}", self.axis, self.before, self.after)
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        let extent = axis_of(self.axis, args[0])?;
        let mut out = args[0].clone();
        out.0[self.axis] = self.before + extent + self.after;
        Ok(out)
    }
    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::FREE
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let mut y = Tensor::zeros(out);
        let strides = out.strides();
        for (index, &v) in indices(&args[0].shape).zip(&args[0].data) {
            y.data[at(&index, &strides) + self.before * strides[self.axis]] = v;
        }
        y
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let len = g.shape(args[0])[self.axis];
        vec![Some(g.slice(ct, self.axis, self.before, len))]
    }
    fn lower(&self) -> Lower {
        Lower::Assemble
    }
}

impl Primitive for Concat {
    fn name(&self) -> String {
        format!("concat[{}]", self.axis)
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        let first = *args.first().ok_or("nothing to put together")?;
        let mut out = first.clone();
        out.0[self.axis] = 0;
        for &s in args {
            let extent = axis_of(self.axis, s)?;
            let alike = s.rank() == first.rank() && (0..s.rank()).all(|i| i == self.axis || s[i] == first[i]);
            if !alike {
                return Err(format!("{first} and {s} differ beside axis {}", self.axis));
            }
            out.0[self.axis] += extent;
        }
        Ok(out)
    }
    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::FREE
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let mut y = Tensor::zeros(out);
        let strides = out.strides();
        let mut start = 0;
        for x in args {
            for (index, &v) in indices(&x.shape).zip(&x.data) {
                y.data[at(&index, &strides) + start * strides[self.axis]] = v;
            }
            start += x.shape[self.axis];
        }
        y
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let mut start = 0;
        args.iter()
            .map(|&a| {
                let len = g.shape(a)[self.axis];
                start += len;
                Some(g.slice(ct, self.axis, start - len, len))
            })
            .collect()
    }
    fn lower(&self) -> Lower {
        Lower::Assemble
    }
}

impl Primitive for Detach {
    fn name(&self) -> String {
        "detach".to_owned()
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        Ok(args[0].clone())
    }
    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::FREE
    }
    fn eval(&self, args: &[&Tensor], _: &Shape) -> Tensor {
        args[0].clone()
    }
    fn vjp(&self, _: &mut Graph, _: Value, _: &[Value], _: Value) -> Vec<Option<Value>> {
        vec![None]
    }
    fn lower(&self) -> Lower {
        Lower::View
    }
}
