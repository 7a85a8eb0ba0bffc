//! The memory of feed-forward sequential memory networks (Zhang et al. 2015; Deep-FSMN, Zhang et al. 2018): each channel
//! is filtered along the sequence by taps of its own,
//!
//! ```text
//! p̃_t = p_t + Σ_{i=0}^{N₁} a_i ⊙ p_{t − s i} + Σ_{j=1}^{N₂} c_j ⊙ p_{t + s j}
//! ```
//!
//! with zeros beyond both ends. Deep-FSMN's way past the layers is a `residual` around `linear`, `activation`, `linear`
//! and this block.

use super::{Block, Takes};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::ops::shape::Pad;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Taps per channel along `[B, T, D]`, which keeps its shape.
pub struct Fsmn;

static META: Meta = Meta {
    id: "fsmn",
    name: "Memory taps",
    help: "Adds to every place a weighted sum of places before and after it, each channel on its own.",
    source: "Zhang et al. 2015; Zhang et al. 2018",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "lookback",
        name: "Look back",
        help: "How many taps look at earlier places, beside the one at the place itself.",
        kind: KnobKind::Int { default: 4, min: 0, max: 64 },
    },
    Knob {
        id: "lookahead",
        name: "Look ahead",
        help: "How many taps look at later places; 0 sees no future.",
        kind: KnobKind::Int { default: 0, min: 0, max: 64 },
    },
    Knob {
        id: "stride",
        name: "Stride",
        help: "How many places lie between neighbouring taps.",
        kind: KnobKind::Int { default: 1, min: 1, max: 64 },
    },
    Knob {
        id: "skip",
        name: "Skip",
        help: "Adds the input itself to what the taps give.",
        kind: KnobKind::Bool { default: true },
    },
];

impl Entry for Fsmn {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Fsmn {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [_, len, features]) = match super::sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let [back, ahead, stride] = ["lookback", "lookahead", "stride"].map(|id| node.knobs.size(id));
        let taps = back + 1 + ahead;
        let bound = (3.0 / taps as f32).sqrt();
        let weight = b.param("taps", vec![taps, features], Init::Uniform { bound });
        let wide = match (back, ahead) {
            (0, 0) => x,
            _ => b.g.push(Pad { axis: 1, before: back * stride, after: ahead * stride }, &[x]),
        };
        let mut y = node.knobs.bool("skip").then_some(x);
        // Row 0 of the weights looks farthest back.
        for tap in 0..taps {
            let seen = b.g.slice(wide, 1, tap * stride, len);
            let row = b.g.slice(weight, 0, tap, 1);
            let row = b.g.reshape(row, [features]);
            let term = b.g.mul(seen, row);
            y = Some(y.map_or(term, |y| b.g.add(y, term)));
        }
        y.unwrap_or(x)
    }
}
