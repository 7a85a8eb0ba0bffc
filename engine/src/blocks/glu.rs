//! Gated linear units as a feed-forward layer (Shazeer 2020): `y = (act(x W) ⊙ x V) W₂`, without biases.
//!
//! ```text
//! glu: act = σ    bilinear: act(z) = z    reglu: relu    geglu: gelu    swiglu: z σ(z)
//! ```
//!
//! There are three matrices where a plain feed-forward layer has two. With two thirds of its hidden width, 8/3 of the
//! inputs in the place of 4, the number of weights is the same.

use super::{Block, activation, rows};
use crate::ir::Value;
use crate::net::{Build, Node, Picture};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// `[.., F]` to `[.., units]` through `hidden` products of a gate and a value. Works on the last axis.
pub struct Glu;

static META: Meta = Meta {
    id: "glu",
    name: "Gated linear unit",
    help: "A feed-forward layer whose hidden values are products: one factor opens or closes the way for the other.",
    source: "Shazeer 2020",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "gate",
        name: "Gate",
        help: "The curve of the gate: glu a sigmoid, bilinear none, reglu relu, geglu gelu, swiglu silu.",
        kind: KnobKind::Choice { default: "swiglu", options: &["glu", "bilinear", "reglu", "geglu", "swiglu"] },
    },
    Knob {
        id: "hidden",
        name: "Hidden width",
        help: "How many products to form; 0 takes 8/3 of the inputs, as many weights as a plain layer of 4 times has.",
        kind: KnobKind::Int { default: 0, min: 0, max: 4096 },
    },
    rows::UNITS,
];

impl Entry for Glu {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Glu {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let inputs = match rows::inputs(b, x) {
            Ok(inputs) => inputs,
            Err(fault) => return fault,
        };
        let hidden = rows::size(node, "hidden", (16 * inputs + 3) / 6);
        let units = rows::size(node, "units", inputs);
        let gate = b.matmul("gate", x, hidden, 1.0);
        let value = b.matmul("value", x, hidden, 1.0);
        let function = match node.knobs.choice("gate") {
            "glu" => "sigmoid",
            "bilinear" => "identity",
            "reglu" => "relu",
            "geglu" => "gelu",
            _ => "silu",
        };
        let gate = activation::bend(b.g, function, gate);
        if function == "sigmoid" && !b.in_experts() {
            b.show(Picture::Gates, gate);
        }
        let product = b.g.mul(gate, value);
        b.matmul("out", product, units, 1.0)
    }
}
