//! Elman's network: `h_t = f(x_t W + b + h_{t−1} U + c)`, from `h_0 = 0`.

use super::unroll::{self, DIRECTION, Gates, OUTPUT, UNITS};
use super::{Block, Takes};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A layer whose units see the input and what they all said at the place before: `[B, T, D]` to `[B, T, units]`, or to
/// `[B, units]`. The same numbers as PyTorch's `nn.RNN`, whose matrices are ours transposed.
pub struct Rnn;

static META: Meta = Meta {
    id: "rnn",
    name: "Recurrent",
    help: "Reads a sequence place by place; its units see what they said at the place before.",
    source: "Elman 1990",
};

static KNOBS: [Knob; 4] = [
    UNITS,
    Knob {
        id: "cell",
        name: "Curve",
        help: "The curve that every unit's sum passes through.",
        kind: KnobKind::Choice { default: "tanh", options: &["tanh", "relu"] },
    },
    DIRECTION,
    OUTPUT,
];

impl Entry for Rnn {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Rnn {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [batch, _, features]) = match super::sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let units = unroll::units(node, features);
        let gates = Gates::new(b, x, units, 1);
        let start = unroll::zeros(b.g, [batch, units]);
        let relu = node.knobs.choice("cell") == "relu";
        unroll::along(node, b.g, [gates.input], [start], |g, [x], [h]| {
            let said = gates.of_state(g, h);
            let sum = g.add(x, said);
            [if relu { g.relu(sum) } else { g.tanh(sum) }]
        })
    }
}
