//! Rows of a table by index, and the sum of rows back into a table. Each is the derivative of the other.

use super::{Cost, Lower, Primitive, Tensor};
use crate::ir::{Graph, Shape, Value};

/// `table [R, …]`, `index […]` to `[index…, …]`. An index outside of the table reads zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gather;

/// `index […]`, `rows [index…, …]` to `[R, …]`: rows of the same index are summed. One outside is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScatterAdd {
    pub rows: usize,
}

/// The row an index names, if the table has it.
fn row(index: f64, rows: usize) -> Option<usize> {
    (index >= 0.0 && index < rows as f64).then_some(index as usize)
}

impl Primitive for Gather {
    fn name(&self) -> String {
        "gather".to_owned()
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        let (_, rest) = args[0].split_first().ok_or("a scalar has no rows")?;
        Ok(Shape([&args[1][..], rest].concat()))
    }
    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::FREE
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let rows = args[0].shape[0];
        let width: usize = args[0].shape[1..].iter().product();
        let mut y = Tensor::zeros(out);
        for (i, &index) in args[1].data.iter().enumerate() {
            if let Some(r) = row(index, rows) {
                y.data[i * width..][..width].copy_from_slice(&args[0].data[r * width..][..width]);
            }
        }
        y
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let rows = g.shape(args[0])[0];
        vec![Some(g.push(ScatterAdd { rows }, &[args[1], ct])), None]
    }
    fn lower(&self) -> Lower {
        Lower::Routine
    }
}

impl Primitive for ScatterAdd {
    fn name(&self) -> String {
        format!("scatter-add {}", self.rows)
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        let rest = args[1].strip_prefix(&args[0][..]).ok_or(format!("{} does not begin with {}", args[1], args[0]))?;
        Ok(Shape([&[self.rows], rest].concat()))
    }
    fn cost(&self, args: &[&Shape], _: &Shape) -> Cost {
        Cost { work: args[1].size() as u64, span: super::depth(args[0].size()) }
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let width: usize = out[1..].iter().product();
        let mut y = Tensor::zeros(out);
        for (i, &index) in args[0].data.iter().enumerate() {
            if let Some(r) = row(index, self.rows) {
                for c in 0..width {
                    y.data[r * width + c] += args[1].data[i * width + c];
                }
            }
        }
        y
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        vec![None, Some(g.push(Gather, &[ct, args[0]]))]
    }
    fn lower(&self) -> Lower {
        Lower::Routine
    }
}
