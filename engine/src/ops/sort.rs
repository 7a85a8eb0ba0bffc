//! Order along the last axis, as indices. Top-k is a slice of it.

use std::cmp::Ordering;

use super::{Cost, Lower, Primitive, Tensor, depth};
use crate::ir::{Graph, Shape, Value};
use crate::sorting;

/// The indices that sort the last axis; equal elements keep their order. NaN comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ArgSort {
    pub descending: bool,
}

impl Primitive for ArgSort {
    fn name(&self) -> String {
        if self.descending { "argsort descending" } else { "argsort" }.to_owned()
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        if args[0].rank() == 0 { Err("a scalar has no order".to_owned()) } else { Ok(args[0].clone()) }
    }
    fn cost(&self, _: &[&Shape], out: &Shape) -> Cost {
        let d = depth(out.last());
        Cost { work: out.size() as u64 * d, span: d * (d + 1) / 2 }
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let width = out.last();
        let mut y = Tensor::zeros(out);
        if width == 0 {
            return y;
        }
        for (row, order) in args[0].data.chunks(width).zip(y.data.chunks_mut(width)) {
            let by = sorting::order(width, |a, b| {
                let (x, y) = if self.descending { (row[b], row[a]) } else { (row[a], row[b]) };
                x.partial_cmp(&y).unwrap_or_else(|| match (row[a].is_nan(), row[b].is_nan()) {
                    (true, false) => Ordering::Greater,
                    (false, true) => Ordering::Less,
                    _ => Ordering::Equal,
                })
            });
            for (o, i) in order.iter_mut().zip(by) {
                *o = i as f64;
            }
        }
        y
    }
    fn vjp(&self, _: &mut Graph, _: Value, _: &[Value], _: Value) -> Vec<Option<Value>> {
        vec![None]
    }
    fn lower(&self) -> Lower {
        Lower::Routine
    }
}
