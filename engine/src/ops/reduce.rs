//! Reductions and running sums. Reduced axes stay, with extent 1, so that results broadcast back.

use super::{Cost, Lower, Primitive, Tensor, at, depth, indices};
use crate::ir::{Graph, Shape, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Sum,
    /// The derivative is shared evenly among equal maxima.
    Max,
}

impl Kind {
    pub fn text(self) -> &'static str {
        match self {
            Kind::Sum => "sum",
            Kind::Max => "max",
        }
    }
}

/// Sum or maximum over `axes` (ascending).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reduce {
    pub kind: Kind,
    pub axes: Vec<usize>,
}

impl Primitive for Reduce {
    fn name(&self) -> String {
        format!("{}{:?}", self.kind.text(), self.axes)
    }

    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        let mut out = args[0].clone();
        for &a in &self.axes {
            let rank = out.rank();
            let extent = out.0.get_mut(a).ok_or(format!("axis {a} is not among the {rank} axes"))?;
            if *extent == 0 && self.kind == Kind::Max {
                return Err("the maximum of nothing is undefined".to_owned());
            }
            *extent = 1;
        }
        Ok(out)
    }

    fn cost(&self, args: &[&Shape], out: &Shape) -> Cost {
        let terms = args[0].size().checked_div(out.size()).unwrap_or(0);
        Cost::tree(out.size(), terms, 1)
    }

    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let x = args[0];
        let start = match self.kind {
            Kind::Sum => 0.0,
            Kind::Max => f64::NEG_INFINITY,
        };
        let mut y = Tensor { shape: out.clone(), data: vec![start; out.size()] };
        let mut strides = out.strides();
        for &a in &self.axes {
            strides[a] = 0;
        }
        for (index, &v) in indices(&x.shape).zip(&x.data) {
            let o = &mut y.data[at(&index, &strides)];
            *o = match self.kind {
                Kind::Sum => *o + v,
                Kind::Max => o.max(v),
            };
        }
        y
    }

    fn vjp(&self, g: &mut Graph, y: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let x = args[0];
        let shape = g.shape(x).clone();
        let ct = match self.kind {
            Kind::Sum => g.broadcast(ct, shape),
            Kind::Max => {
                let hit = g.eq(x, y);
                let ties = g.sum(hit, &self.axes);
                let share = g.div(ct, ties);
                g.mul(hit, share)
            }
        };
        vec![Some(ct)]
    }

    fn lower(&self) -> Lower {
        Lower::Reduce
    }
}

/// Running sum along `axis`: from the start, or from the end (`reverse`); with or without the element itself
/// (`exclusive`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CumSum {
    pub axis: usize,
    pub reverse: bool,
    pub exclusive: bool,
}

impl Primitive for CumSum {
    fn name(&self) -> String {
        let reverse = if self.reverse { " reverse" } else { "" };
        let exclusive = if self.exclusive { " exclusive" } else { "" };
        format!("cumsum[{}]{reverse}{exclusive}", self.axis)
    }

    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        if self.axis < args[0].rank() {
            Ok(args[0].clone())
        } else {
            Err(format!("axis {} is not in {}", self.axis, args[0]))
        }
    }

    fn cost(&self, _: &[&Shape], out: &Shape) -> Cost {
        Cost { work: out.size() as u64, span: depth(out[self.axis]) }
    }

    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let mut y = Tensor::zeros(out);
        let strides = out.strides();
        let (len, step) = (out[self.axis], strides[self.axis]);
        for index in indices(out).filter(|i| i[self.axis] == 0) {
            let base = at(&index, &strides);
            let mut sum = 0.0;
            for i in 0..len {
                let p = base + step * if self.reverse { len - 1 - i } else { i };
                let before = sum;
                sum += args[0].data[p];
                y.data[p] = if self.exclusive { before } else { sum };
            }
        }
        y
    }

    fn vjp(&self, g: &mut Graph, _: Value, _: &[Value], ct: Value) -> Vec<Option<Value>> {
        vec![Some(g.push(CumSum { reverse: !self.reverse, ..self.clone() }, &[ct]))]
    }

    fn lower(&self) -> Lower {
        Lower::Routine
    }
}
