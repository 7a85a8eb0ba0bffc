//! `y = x W + b` over the last axis.

use super::{Block, init};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A weight for every pair of input and unit. Works on the last axis; an image `[B, H, W, C]` is flattened first. With
/// 0 units it takes as many as the task has outputs.
pub struct Linear;

static META: Meta = Meta {
    id: "linear",
    name: "Linear",
    help: "Every unit is a weighted sum of all inputs; 0 units means one for each class.",
    source: "Rosenblatt 1958; initial weights after He et al. 2015",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "units",
        name: "Units",
        help: "How many sums to form; 0 takes the task's number of classes.",
        kind: KnobKind::Int { default: 0, min: 0, max: 8192 },
    },
    Knob { id: "bias", name: "Bias", help: "Adds a constant to every unit.", kind: KnobKind::Bool { default: true } },
    init::KNOB,
];

impl Entry for Linear {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Linear {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let shape = b.g.shape(x).clone();
        let x = match shape.rank() {
            0 | 1 => return b.fault(format!("there are no features in {shape}"), "give it samples with features"),
            4 => b.flat(x),
            _ => x,
        };
        let units = match node.knobs.size("units") {
            0 => b.outputs(),
            units => units,
        };
        let gain = init::gain(node.knobs.choice("init"), b.g.shape(x).last(), units);
        let y = b.matmul("weight", x, units, gain);
        if !node.knobs.bool("bias") {
            return y;
        }
        let bias = b.per_feature("bias", units, Init::Constant(0.0));
        b.g.add(y, bias)
    }
}
