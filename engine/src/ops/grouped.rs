//! One matrix product for each run of rows: what makes routing save work.
//!
//! Rows are sorted by group; `sizes [E]` says how many rows each group has. Rows beyond their sum belong to nobody
//! and yield zeros.

use super::{Cost, Lower, Primitive, Tensor, depth};
use crate::ir::{Graph, Shape, Value};

/// `x [T, K]`, `w [E, K, N]`, `sizes [E]` to `[T, N]`; with `transposed`, `w` is `[E, N, K]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GroupedMatMul {
    pub transposed: bool,
}

/// `x [T, K]`, `y [T, N]`, `sizes [E]` to `[E, K, N]`: for each group, the sum of `xᵀ y` over its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GroupedOuter;

/// Calls `f(group, row)` for every row that belongs to a group.
fn runs(sizes: &[f64], rows: usize, mut f: impl FnMut(usize, usize)) {
    let mut row = 0;
    for (group, &size) in sizes.iter().enumerate() {
        for _ in 0..size as usize {
            if row < rows {
                f(group, row);
                row += 1;
            }
        }
    }
}

impl GroupedMatMul {
    /// `t, n, k, e` of the product.
    fn extents(&self, x: &Shape, w: &Shape, sizes: &Shape) -> Result<[usize; 4], String> {
        let (&[t, k], &[e, p, q], &[e2]) = (&**x, &**w, &**sizes) else {
            return Err(format!("wants rows [T, K], weights [E, K, N] and sizes [E], not {x}, {w}, {sizes}"));
        };
        let (k2, n) = if self.transposed { (q, p) } else { (p, q) };
        if k != k2 || e != e2 {
            return Err(format!("rows {x}, weights {w} and sizes {sizes} do not agree"));
        }
        Ok([t, n, k, e])
    }
}

impl Primitive for GroupedMatMul {
    fn name(&self) -> String {
        if self.transposed { "grouped-matmul.t" } else { "grouped-matmul.n" }.to_owned()
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        let [t, n, ..] = self.extents(args[0], args[1], args[2])?;
        Ok(Shape::from([t, n]))
    }
    fn cost(&self, args: &[&Shape], out: &Shape) -> Cost {
        let k = args[0].last();
        Cost { work: 2 * out.size() as u64 * k as u64, span: 1 + depth(k) }
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let (x, w) = (args[0], args[1]);
        let (k, n) = (x.shape[1], out[1]);
        let mut y = Tensor::zeros(out);
        runs(&args[2].data, out[0], |e, t| {
            for j in 0..n {
                for i in 0..k {
                    let wi = if self.transposed { (e * n + j) * k + i } else { (e * k + i) * n + j };
                    y.data[t * n + j] += x.data[t * k + i] * w.data[wi];
                }
            }
        });
        y
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let (x, w, sizes) = (args[0], args[1], args[2]);
        let dx = g.push(GroupedMatMul { transposed: !self.transposed }, &[ct, w, sizes]);
        let (a, b) = if self.transposed { (ct, x) } else { (x, ct) };
        let dw = g.push(GroupedOuter, &[a, b, sizes]);
        vec![Some(dx), Some(dw), None]
    }
    fn lower(&self) -> Lower {
        Lower::Routine
    }
}

impl Primitive for GroupedOuter {
    fn name(&self) -> String {
        "grouped-outer".to_owned()
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        let (&[t, k], &[t2, n], &[e]) = (&**args[0], &**args[1], &**args[2]) else {
            return Err(format!("wants [T, K], [T, N] and sizes [E], not {}, {}, {}", args[0], args[1], args[2]));
        };
        if t == t2 { Ok(Shape::from([e, k, n])) } else { Err(format!("{t} rows and {t2} rows do not pair up")) }
    }
    fn cost(&self, args: &[&Shape], out: &Shape) -> Cost {
        let t = args[0][0];
        Cost { work: 2 * (t * out[1] * out[2]) as u64, span: 1 + depth(t) }
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let (k, n) = (out[1], out[2]);
        let mut w = Tensor::zeros(out);
        runs(&args[2].data, args[0].shape[0], |e, t| {
            for i in 0..k {
                for j in 0..n {
                    w.data[(e * k + i) * n + j] += args[0].data[t * k + i] * args[1].data[t * n + j];
                }
            }
        });
        w
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let (x, y, sizes) = (args[0], args[1], args[2]);
        let dx = g.push(GroupedMatMul { transposed: true }, &[y, ct, sizes]);
        let dy = g.push(GroupedMatMul { transposed: false }, &[x, ct, sizes]);
        vec![Some(dx), Some(dy), None]
    }
    fn lower(&self) -> Lower {
        Lower::Routine
    }
}
