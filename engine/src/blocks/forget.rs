//! Forgetting by content (Lin et al. 2025, Forgetting Transformer): a gate `f_t = σ(w·x_t + b)` for each head at each
//! place, and `D_ij = Σ_(l = j+1 … i) ln f_l = c_i − c_j` added to the scores, where `c` are running sums.

use crate::ir::{Init, Value};
use crate::net::{Build, Picture};
use crate::ops::reduce::CumSum;

/// Bias of the last head's gate; those of the others lie evenly between 0 and it, so that memories differ in length.
const LONGEST: f32 = 5.0;

/// What is added to the scores `[B, H, T, T]` of `x [B, T, D]`, for keys not after the query.
pub fn decay(b: &mut Build, x: Value, heads: usize) -> Value {
    let &[batch, places, _] = &**b.g.shape(x) else { return x };
    let drive = b.matmul("forget", x, heads, 1.0);
    let bias = b.per_feature("forget-bias", heads, Init::Constant(0.0));
    let head = b.g.iota(heads);
    let spread = b.g.scale(head, LONGEST / heads.saturating_sub(1).max(1) as f32);
    let drive = b.g.add(drive, bias);
    let drive = b.g.add(drive, spread);
    let gate = b.g.sigmoid(drive);
    b.show(Picture::Gates, gate);
    // ln σ(z) = −softplus(−z)
    let back = b.g.neg(drive);
    let loss = b.g.softplus(back);
    let log = b.g.neg(loss);
    let sums = b.g.push(CumSum { axis: 1, reverse: false, exclusive: false }, &[log]);
    let sums = b.g.transpose(sums, &[0, 2, 1]);
    let query = b.g.reshape(sums, [batch, heads, places, 1]);
    let key = b.g.reshape(sums, [batch, heads, 1, places]);
    b.g.sub(query, key)
}
