//! Dropout: units that are absent at random.

use super::Block;
use crate::ir::Value;
use crate::net::{Build, Mode, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// While training, each value is 0 with probability `rate`, else divided by `1 − rate`; otherwise it passes unchanged.
pub struct Dropout;

static META: Meta = Meta {
    id: "dropout",
    name: "Dropout",
    help: "Silences each value at random while training, so that no unit can rely on another.",
    source: "Hinton et al. 2012; Srivastava et al. 2014",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "rate",
    name: "Rate",
    help: "Probability that a value is silenced.",
    kind: KnobKind::Float { default: 0.2, min: 0.0, max: 0.95, live: false },
}];

impl Entry for Dropout {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Dropout {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        thinned(b, x, node.knobs.float("rate") as f32)
    }
}

/// `x` with a share `rate` of its values at 0 and the others divided by the share that is kept; `x` itself in evaluation.
pub fn thinned(b: &mut Build, x: Value, rate: f32) -> Value {
    let kept = 1.0 - rate;
    if b.mode == Mode::Eval || kept == 1.0 {
        return x;
    }
    let shape = b.g.shape(x).clone();
    let noise = b.uniform(&shape);
    let bound = b.g.constant(kept);
    let mask = b.g.lt(noise, bound);
    let mask = b.g.scale(mask, 1.0 / kept);
    b.g.mul(x, mask)
}
