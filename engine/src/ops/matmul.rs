//! Matrix products, batched over leading axes.

use super::scalar::{broadcast, broadcast_strides};
use super::{Cost, Lower, Primitive, Tensor, at, depth, indices};
use crate::ir::{Graph, Shape, Value};

/// `a · b` over the last two axes, each first transposed where its flag says so; leading axes broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MatMul {
    pub ta: bool,
    pub tb: bool,
}

/// Rows and columns of a matrix after its transposition.
fn matrix(shape: &Shape, transposed: bool) -> Result<(usize, usize), String> {
    match **shape {
        [.., r, c] => Ok(if transposed { (c, r) } else { (r, c) }),
        _ => Err(format!("{shape} is no matrix")),
    }
}

impl MatMul {
    /// `m, n, k` of the product.
    pub fn extents(&self, a: &Shape, b: &Shape) -> Result<(usize, usize, usize), String> {
        let (m, k) = matrix(a, self.ta)?;
        let (k2, n) = matrix(b, self.tb)?;
        if k == k2 { Ok((m, n, k)) } else { Err(format!("inner extents {k} and {k2} differ ({a} by {b})")) }
    }
}

impl Primitive for MatMul {
    fn name(&self) -> String {
        let t = |t| if t { "t" } else { "n" };
        format!("matmul.{}{}", t(self.ta), t(self.tb))
    }

    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        let (m, n, _) = self.extents(args[0], args[1])?;
        let lead = |s: &Shape| Shape::from(&s[..s.rank() - 2]);
        let mut out = broadcast(&[&lead(args[0]), &lead(args[1])])?;
        out.0.extend([m, n]);
        Ok(out)
    }

    fn cost(&self, args: &[&Shape], out: &Shape) -> Cost {
        let k = matrix(args[0], self.ta).map_or(0, |(_, k)| k);
        Cost { work: 2 * out.size() as u64 * k as u64, span: 1 + depth(k) }
    }

    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let (a, b) = (args[0], args[1]);
        let rank = out.rank();
        let strides = |t: &Tensor, transposed: bool| {
            let mut lead = out.0[..rank - 2].to_vec();
            lead.extend(&t.shape[t.shape.rank() - 2..]);
            let mut s = broadcast_strides(&t.shape, &lead);
            // An inner extent of 1 does not repeat here: it is the matrix's own.
            s[rank - 1] = 1;
            s[rank - 2] = t.shape.last();
            if transposed {
                s.swap(rank - 1, rank - 2);
            }
            s
        };
        let (sa, sb) = (strides(a, self.ta), strides(b, self.tb));
        let k = matrix(&a.shape, self.ta).map_or(0, |(_, k)| k);
        let data = indices(out)
            .map(|mut i| {
                let (row, col) = (i[rank - 2], i[rank - 1]);
                (0..k)
                    .map(|p| {
                        (i[rank - 2], i[rank - 1]) = (row, p);
                        let x = a.data[at(&i, &sa)];
                        (i[rank - 2], i[rank - 1]) = (p, col);
                        x * b.data[at(&i, &sb)]
                    })
                    .sum()
            })
            .collect();
        Tensor { shape: out.clone(), data }
    }

    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let (a, b) = (args[0], args[1]);
        let da = if self.ta { g.matmul_t(b, ct, self.tb, true) } else { g.matmul_t(ct, b, false, !self.tb) };
        let db = if self.tb { g.matmul_t(ct, a, true, self.ta) } else { g.matmul_t(a, ct, !self.ta, false) };
        vec![Some(g.sum_like(da, a)), Some(g.sum_like(db, b))]
    }

    fn lower(&self) -> Lower {
        Lower::Routine
    }
}
