//! Attention in heads: what the blocks that attend share.
//!
//! Vaswani et al. 2017, section 3.2: each head looks with `softmax(q kᵀ / √d) v` through its own `d` of the features.

use crate::ir::{Graph, Init, Value};
use crate::net::Build;
use crate::registry::{Knob, KnobKind};

pub const HEADS: Knob = Knob {
    id: "heads",
    name: "Heads",
    help: "How many places can be looked at in different ways at once; it divides the width.",
    kind: KnobKind::Int { default: 4, min: 1, max: 64 },
};

pub const BIAS: Knob = Knob {
    id: "bias",
    name: "Bias",
    help: "Adds a constant to every query, key, value and result.",
    kind: KnobKind::Bool { default: true },
};

/// Features of one head of `features`, or the fault.
pub fn width(b: &mut Build, features: usize, heads: usize) -> Result<usize, Value> {
    if features.is_multiple_of(heads) {
        return Ok(features / heads);
    }
    let mend = "choose a number of heads that divides the features, or another width before it";
    Err(b.fault(format!("{features} features do not divide among {heads} heads"), mend))
}

/// `x [B, T, D]` to `[B, T, units]` by weights of its own.
pub fn project(b: &mut Build, name: &str, x: Value, units: usize, bias: bool) -> Value {
    let y = b.matmul(name, x, units, 1.0);
    if !bias {
        return y;
    }
    let bias = b.per_feature(&format!("{name}-bias"), units, Init::Constant(0.0));
    b.g.add(y, bias)
}

/// `x [B, T, heads · d]` as `[B, heads, T, d]`.
pub fn split(g: &mut Graph, x: Value, heads: usize) -> Value {
    let &[batch, places, features] = &**g.shape(x) else { return x };
    let x = g.reshape(x, [batch, places, heads, features / heads.max(1)]);
    g.transpose(x, &[0, 2, 1, 3])
}

/// `x [B, heads, T, d]` as `[B, T, heads · d]`.
pub fn merge(g: &mut Graph, x: Value) -> Value {
    let &[batch, heads, places, each] = &**g.shape(x) else { return x };
    let x = g.transpose(x, &[0, 2, 1, 3]);
    g.reshape(x, [batch, places, heads * each])
}

/// `q kᵀ / √d` of `query [B, H, T, d]` and `key [B, H, S, d]`: `[B, H, T, S]`.
pub fn scores(g: &mut Graph, query: Value, key: Value) -> Value {
    let each = g.shape(query).last();
    let products = g.matmul_t(query, key, false, true);
    g.scale(products, 1.0 / (each.max(1) as f32).sqrt())
}
