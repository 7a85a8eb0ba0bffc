//! The same blocks several times over.

use super::{Block, Holds};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Its blocks in series, again and again with the same weights.
pub struct Repeat;

static META: Meta = Meta {
    id: "repeat",
    name: "Repeat",
    help: "Sends the input several times through the same blocks with the same weights.",
    source: "Dehghani et al. 2019",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "times",
    name: "Times",
    help: "How often the input goes round.",
    kind: KnobKind::Int { default: 2, min: 1, max: 64 },
}];

impl Entry for Repeat {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Repeat {
    fn holds(&self) -> Holds {
        Holds::Blocks
    }
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let times = node.knobs.size("times");
        let mut at = x;
        for round in 0..times {
            let next = b.chain(&node.children, at);
            if b.g.is_poisoned(next) {
                return next;
            }
            let (from, to) = (b.g.shape(at).clone(), b.g.shape(next).clone());
            if from != to && round + 1 < times {
                let message = format!("its blocks turn {from} into {to}, which does not fit into them again");
                return b.fault(message, "let the last of its blocks give the shape of its input");
            }
            at = next;
        }
        at
    }
}
