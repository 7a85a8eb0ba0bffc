//! The gated recurrent unit (Cho et al. 2014), with the gates as PyTorch's `nn.GRU` has them:
//!
//! ```text
//! r = σ(x W_r + b_r + h U_r + c_r)          how much of the state the candidate sees
//! z = σ(x W_z + b_z + h U_z + c_z)          how much of the state stays
//! n = tanh(x W_n + b_n + r ⊙ (h U_n + c_n))
//! h' = (1 − z) ⊙ n + z ⊙ h
//! ```
//!
//! In the paper the reset gate stands before the product, `(r ⊙ h) U_n`; behind it, all three products are one.

use super::unroll::{self, DIRECTION, Gates, OUTPUT, UNITS};
use super::{Block, Takes};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, Meta};

/// A gated recurrent layer, from a state of zeros: `[B, T, D]` to `[B, T, units]`, or to `[B, units]`. Its gates lie in
/// the order r, z, n in its weights, which are PyTorch's transposed.
pub struct Gru;

static META: Meta = Meta {
    id: "gru",
    name: "GRU",
    help: "Reads a sequence place by place; gates decide how much of what it holds is replaced.",
    source: "Cho et al. 2014",
};

static KNOBS: [Knob; 3] = [UNITS, DIRECTION, OUTPUT];

impl Entry for Gru {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Gru {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [batch, _, features]) = match super::sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let units = unroll::units(node, features);
        let gates = Gates::new(b, x, units, 3);
        let start = unroll::zeros(b.g, [batch, units]);
        unroll::along(node, b.g, [gates.input], [start], |g, [x], [h]| {
            let said = gates.of_state(g, h);
            let reset = gates.sum(g, x, said, 0);
            let reset = g.sigmoid(reset);
            let keep = gates.sum(g, x, said, 1);
            let keep = g.sigmoid(keep);
            let (new, old) = (gates.gate(g, x, 2), gates.gate(g, said, 2));
            let old = g.mul(reset, old);
            let new = g.add(new, old);
            let new = g.tanh(new);
            let change = g.sub(h, new);
            let kept = g.mul(keep, change);
            [g.add(new, kept)]
        })
    }
}
