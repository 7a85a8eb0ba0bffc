//! Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000), with the gates as PyTorch's
//! `nn.LSTM` has them:
//!
//! ```text
//! i, f, o = σ(x W + b + h U + c), each with weights of its own;    g = tanh(x W_g + b_g + h U_g + c_g)
//! c' = f ⊙ c + i ⊙ g
//! h' = o ⊙ tanh(c')
//! ```

use super::unroll::{self, DIRECTION, Gates, OUTPUT, UNITS};
use super::{Block, Takes};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, Meta};

/// A recurrent layer with cells that are written, kept and read through gates, from zeros: `[B, T, D]` to
/// `[B, T, units]`, or to `[B, units]`. Its gates lie in the order i, f, g, o in its weights, which are PyTorch's
/// transposed.
pub struct Lstm;

static META: Meta = Meta {
    id: "lstm",
    name: "LSTM",
    help: "Reads a sequence place by place into cells that gates write, keep and read.",
    source: "Hochreiter and Schmidhuber 1997; Gers et al. 2000",
};

static KNOBS: [Knob; 3] = [UNITS, DIRECTION, OUTPUT];

impl Entry for Lstm {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Lstm {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [batch, _, features]) = match super::sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let units = unroll::units(node, features);
        let gates = Gates::new(b, x, units, 4);
        let start = unroll::zeros(b.g, [batch, units]);
        unroll::along(node, b.g, [gates.input], [start; 2], |g, [x], [h, cell]| {
            let said = gates.of_state(g, h);
            let [write, keep, new, read] = [0, 1, 2, 3].map(|k| {
                let sum = gates.sum(g, x, said, k);
                if k == 2 { g.tanh(sum) } else { g.sigmoid(sum) }
            });
            let kept = g.mul(keep, cell);
            let new = g.mul(write, new);
            let cell = g.add(kept, new);
            let shown = g.tanh(cell);
            [g.mul(read, shown), cell]
        })
    }
}
