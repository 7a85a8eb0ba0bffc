//! A linear layer of which some weights are gone: `y = x (mask ⊙ W) + b`.

use super::{Block, init, linear};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, Meta};

/// As `linear`, with a mask of 0 and 1 over the weights that no rule writes: what is pruned stays pruned while the rest
/// goes on learning. A fresh mask is 1 everywhere; transforms set it.
pub struct MaskedLinear;

static META: Meta = Meta {
    id: "masked-linear",
    name: "Masked linear",
    help: "A linear layer with a mask over its weights; pruning sets the mask, and what it takes away stays away.",
    source: "Han et al. 2015",
};

static KNOBS: [Knob; 3] = [linear::UNITS, linear::BIAS, init::KNOB];

impl Entry for MaskedLinear {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for MaskedLinear {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let shape = b.per_expert(&[linear::inputs(b, x), linear::units(node, b)]);
        let (_, mask) = b.state("mask", shape, Init::Constant(1.0));
        linear::weighted(node, b, x, |g, w| g.mul(w, mask))
    }
}
