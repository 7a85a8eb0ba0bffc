//! The same blocks several times over.
//!
//! ```text
//! z_1 = f(x),   z_{i+1} = f(z_i)        or, with the input added again,   z_{i+1} = f(x + z_i)
//! ```
//!
//! The second is the loop of AbbIE-D (Aleksandrov et al. 2025), whose rounds refine one value: trained with two rounds, it
//! may go round more often afterwards. Let a norm be the first of its blocks then.

use super::{Block, Holds};
use crate::ir::Value;
use crate::net::{Build, Mode, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Its blocks in series, again and again with the same weights.
pub struct Repeat;

static META: Meta = Meta {
    id: "repeat",
    name: "Repeat",
    help: "Sends the input several times through the same blocks with the same weights.",
    source: "Dehghani et al. 2019; input added again: Aleksandrov et al. 2025",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "times",
        name: "Times",
        help: "How often the input goes round.",
        kind: KnobKind::Int { default: 2, min: 1, max: 64 },
    },
    Knob {
        id: "test-times",
        name: "Times in tests",
        help: "How often it goes round outside of training; 0 is as often as in training.",
        kind: KnobKind::Int { default: 0, min: 0, max: 64 },
    },
    Knob {
        id: "inject",
        name: "Inject",
        help: "add: the input is added again before every further round; none: a round sees the last one's result alone.",
        kind: KnobKind::Choice { default: "none", options: &["none", "add"] },
    },
];

impl Entry for Repeat {
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

impl Block for Repeat {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let times = match (b.mode, node.knobs.size("test-times")) {
            (Mode::Train, _) | (Mode::Eval, 0) => node.knobs.size("times"),
            (Mode::Eval, times) => times,
        };
        let inject = node.knobs.choice("inject") == "add";
        let mut at = x;
        for round in 0..times {
            let input = if inject && round > 0 { b.g.add(x, at) } else { at };
            let next = b.chain(&node.children, input);
            if b.g.is_poisoned(next) {
                return next;
            }
            let (from, to) = (b.g.shape(input).clone(), b.g.shape(next).clone());
            if from != to && round + 1 < times {
                let message = format!("its blocks turn {from} into {to}, which does not fit into them again");
                return b.fault(message, "let the last of its blocks give the shape of its input");
            }
            at = next;
        }
        at
    }
}
