//! `y = x W + b` over the last axis.

use super::{Block, init};
use crate::ir::{Graph, Init, Value};
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

pub(super) const UNITS: Knob = Knob {
    id: "units",
    name: "Units",
    help: "How many sums to form; 0 takes the task's number of outputs.",
    kind: KnobKind::Int { default: 0, min: 0, max: 8192 },
};

pub(super) const BIAS: Knob =
    Knob { id: "bias", name: "Bias", help: "Adds a constant to every unit.", kind: KnobKind::Bool { default: true } };

static KNOBS: [Knob; 3] = [UNITS, BIAS, init::KNOB];

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
        weighted(node, b, x, |_, w| w)
    }
}

/// The block with weights `made` of the numbers that are learned.
pub(super) fn weighted(node: &Node, b: &mut Build, x: Value, made: impl FnOnce(&mut Graph, Value) -> Value) -> Value {
    let shape = b.g.shape(x).clone();
    let x = match shape.rank() {
        0 | 1 => return b.fault(format!("there are no features in {shape}"), "give it samples with features"),
        4 => b.flat(x),
        _ => x,
    };
    let units = units(node, b);
    let inputs = b.g.shape(x).last();
    let gain = init::gain(node.knobs.choice("init"), inputs, units);
    let start = Init::Uniform { bound: (gain * 3.0 / inputs.max(1) as f32).sqrt() };
    let y = b.matmul_by("weight", x, units, start, made);
    if !node.knobs.bool("bias") {
        return y;
    }
    let bias = b.per_feature("bias", units, Init::Constant(0.0));
    b.g.add(y, bias)
}

/// How many sums it forms.
pub(super) fn units(node: &Node, b: &Build) -> usize {
    match node.knobs.size("units") {
        0 => b.outputs(),
        units => units,
    }
}

/// How many numbers each of its sums is over.
pub(super) fn inputs(b: &Build, x: Value) -> usize {
    let shape = b.g.shape(x);
    if shape.rank() == 4 { shape.iter().skip(1).product() } else { shape.last() }
}
