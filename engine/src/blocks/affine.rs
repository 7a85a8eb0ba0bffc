//! Each feature scaled and shifted by weights of its own: `y = Diag(a) x + b`.
//!
//! Touvron et al. 2021 (ResMLP) use it where others normalise, and with small initial `a` at the end of a branch, where
//! it is called LayerScale. One scale for all features is the gain of a branch (He and Hofmann 2024, β).

use super::Block;
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A learned scale and shift of the features along the last axis, without any statistics.
pub struct Affine;

static META: Meta = Meta {
    id: "affine",
    name: "Scale and shift",
    help: "Multiplies each feature by a weight and adds another to it.",
    source: "Touvron et al. 2021",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "start",
        name: "Start",
        help: "The scale before training; a small one lets a branch begin as almost nothing.",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 10.0, live: false },
    },
    Knob {
        id: "shared",
        name: "Shared",
        help: "One scale and one shift for all features.",
        kind: KnobKind::Bool { default: false },
    },
    Knob {
        id: "shift",
        name: "Shift",
        help: "Adds a weight as well; without it there is a scale alone.",
        kind: KnobKind::Bool { default: true },
    },
];

impl Entry for Affine {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Affine {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let shape = b.g.shape(x).clone();
        if shape.rank() < 2 {
            return b.fault(format!("there are no features in {shape}"), "give it samples with features");
        }
        let weights = if node.knobs.bool("shared") { 1 } else { shape.last() };
        let scale = b.per_feature("scale", weights, Init::Constant(node.knobs.float("start") as f32));
        let y = b.g.mul(x, scale);
        if !node.knobs.bool("shift") {
            return y;
        }
        let shift = b.per_feature("shift", weights, Init::Constant(0.0));
        b.g.add(y, shift)
    }
}
