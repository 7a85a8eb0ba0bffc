//! Random features: `f(x B + c)` with `B` and `c` as they were drawn (Rahimi and Recht 2007; Zozoulenko, Cass and Gonon
//! 2025).
//!
//! No rule learns them. A read-out behind them is a linear problem; the rule `random-feature-boosting` solves it. With
//! `f = √2 cos` and evenly drawn phases `c`, the mean product of the features of two samples is near a function of their
//! difference alone.

use std::f32::consts::{PI, SQRT_2};

use super::{Block, activation, rows};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::ops::scalar::Unary;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// `[.., F]` to `[.., units]` by weights that stay. Works on the last axis.
pub struct RandomFeatures;

static META: Meta = Meta {
    id: "random-features",
    name: "Random features",
    help: "Bends random sums of the inputs; its weights stay as they were drawn, under every rule.",
    source: "Rahimi and Recht 2007; Zozoulenko, Cass and Gonon 2025",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "units",
        name: "Units",
        help: "How many features to draw; 0 takes 4 times the inputs.",
        kind: KnobKind::Int { default: 0, min: 0, max: 4096 },
    },
    Knob {
        id: "function",
        name: "Function",
        help: "The curve of every feature.",
        kind: KnobKind::Choice { default: "tanh", options: &["tanh", "relu", "cosine"] },
    },
    Knob {
        id: "scale",
        name: "Scale",
        help: "How steep the features are: the weights' standard deviation times the root of the number of inputs.",
        kind: KnobKind::Float { default: 1.0, min: 0.01, max: 100.0, live: false },
    },
];

impl Entry for RandomFeatures {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for RandomFeatures {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let inputs = match rows::inputs(b, x) {
            Ok(inputs) => inputs,
            Err(fault) => return fault,
        };
        let units = rows::size(node, "units", 4 * inputs);
        let scale = node.knobs.float("scale") as f32;
        let cosine = node.knobs.choice("function") == "cosine";
        let bound = if cosine { PI } else { scale };
        let sums = b.frozen(|b| {
            let sums = b.matmul("weight", x, units, scale * scale);
            let phase = b.per_feature("phase", units, Init::Uniform { bound });
            b.g.add(sums, phase)
        });
        if !cosine {
            return activation::bend(b.g, node.knobs.choice("function"), sums);
        }
        let wave = b.g.unary(Unary::Cos, sums);
        b.g.scale(wave, SQRT_2)
    }
}
