//! One set of weights for several places of a network: "One Wide Feedforward is All You Need" (Pires et al. 2023) uses a
//! single wide feed-forward layer in all blocks of a transformer.
//!
//! The gradient of a weight is the sum over its uses. Only rules that sum so can teach a network with shared blocks:
//! see [`crate::rules::Rule::shares`].

use super::{Block, Holds};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Its blocks in series, with the weights of every `shared` block of the same number.
pub struct Shared;

static META: Meta = Meta {
    id: "shared",
    name: "Shared",
    help: "Holds blocks in series; all such blocks of the same number use the same weights, wherever they stand.",
    source: "Pires, Lopes, Assogba and Setiawan 2023",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "number",
    name: "Number",
    help: "Which set of weights its blocks use.",
    kind: KnobKind::Int { default: 1, min: 1, max: 16 },
}];

impl Entry for Shared {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
    fn holds(&self) -> Holds {
        Holds::Blocks
    }
}

impl Block for Shared {
    fn shares(&self, knobs: &Knobs) -> Option<i64> {
        Some(knobs.int("number"))
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        b.shared(node.knobs.int("number"), |b| b.chain(&node.children, x))
    }
}
