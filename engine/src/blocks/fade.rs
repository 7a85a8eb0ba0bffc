//! Blocks that a network learns to do without: "dilution" in Lin et al. 2024, "MLP Can Be A Good Transformer Learner".
//!
//! `y = M f(x)` with `M` from 1 down to 0 over so many steps.

use super::{Block, Holds};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Its blocks in series, times a number that falls with the steps. Inside `residual` what is left at the end is the input.
pub struct Fade;

static META: Meta = Meta {
    id: "fade",
    name: "Fade",
    help: "Lets what its blocks give fade away while the network trains, so that the others learn to do without.",
    source: "Lin et al. 2024",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "steps",
    name: "Steps",
    help: "After so many steps nothing is left.",
    kind: KnobKind::Int { default: 300, min: 1, max: 1_000_000 },
}];

impl Entry for Fade {
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

impl Block for Fade {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let y = b.chain(&node.children, x);
        let clock = b.clock;
        let steps = clock.steps(b.g);
        let share = b.g.scale(steps, 1.0 / node.knobs.size("steps").max(1) as f32);
        let (zero, one) = (b.g.constant(0.0), b.g.constant(1.0));
        let left = b.g.sub(one, share);
        let left = b.g.maximum(left, zero);
        b.g.mul(y, left)
    }
}
