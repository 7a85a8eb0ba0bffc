//! A penalty on the size of weights.

use super::{Block, Holds};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Its blocks in series, and `l1 Σ|w| + l2/2 Σw²` over all the weights inside that learn added to what their stage
/// minimises. However often the blocks are met, it counts once.
pub struct Penalty;

static META: Meta = Meta {
    id: "penalty",
    name: "Penalty",
    help: "Asks for small weights in its blocks: l1 for many that are 0, l2 for none that is large.",
    source: "Hoerl and Kennard 1970 (l2); Tibshirani 1996 (l1)",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "l1",
        name: "L1",
        help: "Weight of the sum of the sizes of all weights.",
        kind: KnobKind::Float { default: 0.0, min: 0.0, max: 10.0, live: false },
    },
    Knob {
        id: "l2",
        name: "L2",
        help: "Weight of half the sum of the squares of all weights.",
        kind: KnobKind::Float { default: 0.001, min: 0.0, max: 10.0, live: false },
    },
];

impl Entry for Penalty {
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

impl Block for Penalty {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (y, weights) = b.used(|b| b.chain(&node.children, x));
        let (l1, l2) = (node.knobs.float("l1") as f32, node.knobs.float("l2") as f32);
        for slot in weights {
            let weight = b.g.read(slot);
            if l1 > 0.0 {
                let size = b.g.abs(weight);
                let sum = b.g.total(size);
                let loss = b.g.scale(sum, l1);
                b.penalise(loss);
            }
            if l2 > 0.0 {
                let square = b.g.dot(weight, weight);
                let loss = b.g.scale(square, l2 / 2.0);
                b.penalise(loss);
            }
        }
        y
    }
}
