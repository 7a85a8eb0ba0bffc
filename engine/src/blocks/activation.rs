//! Functions of one number, applied to every element.

use super::Block;
use crate::ir::{Graph, Value};
use crate::net::{Build, Mode, Node, Picture};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// An elementwise function.
pub struct Activation;

static META: Meta = Meta {
    id: "activation",
    name: "Activation",
    help: "Bends every value by the same function, so that layers in series say more than one alone.",
    source: "relu: Glorot et al. 2011; leaky relu: Maas et al. 2013; gelu: Hendrycks and Gimpel 2016; silu: Elfwing et al. 2018",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "function",
        name: "Function",
        help: "The curve that every value passes through.",
        kind: KnobKind::Choice {
            default: "relu",
            options: &["relu", "leaky-relu", "gelu", "silu", "tanh", "sigmoid", "softplus", "identity"],
        },
    },
    Knob {
        id: "slope",
        name: "Slope below zero",
        help: "What leaky-relu multiplies negative values by; the others ignore it.",
        kind: KnobKind::Float { default: 0.01, min: 0.0, max: 1.0, live: false },
    },
];

impl Entry for Activation {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Activation {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        match node.knobs.choice("function") {
            "leaky-relu" => leaky(b.g, x, node.knobs.float("slope") as f32),
            function => hidden(b, function, x),
        }
    }
}

/// One of [`CURVES`] of hidden values; a rectifier shows which of them it silences.
pub fn hidden(b: &mut Build, function: &str, x: Value) -> Value {
    let y = bend(b.g, function, x);
    if function == "relu" && b.mode == Mode::Eval {
        b.show(Picture::Rectified, y);
    }
    y
}

/// The curve that blocks with an activation inside choose.
pub const CURVE: Knob = Knob {
    id: "function",
    name: "Function",
    help: "The curve that every hidden value passes through.",
    kind: KnobKind::Choice { default: "relu", options: CURVES },
};

/// The curves that have no number of their own.
pub const CURVES: &[&str] = &["relu", "gelu", "silu", "tanh", "sigmoid", "softplus", "identity"];

/// One of [`CURVES`] of every element.
pub fn bend(g: &mut Graph, function: &str, x: Value) -> Value {
    match function {
        "relu" => g.relu(x),
        "gelu" => gelu(g, x),
        "silu" => {
            let s = g.sigmoid(x);
            g.mul(x, s)
        }
        "tanh" => g.tanh(x),
        "sigmoid" => g.sigmoid(x),
        "softplus" => g.softplus(x),
        _ => x,
    }
}

fn leaky(g: &mut Graph, x: Value, slope: f32) -> Value {
    let low = g.scale(x, slope);
    g.maximum(x, low)
}

/// `x Φ(x)` with the exact normal distribution function.
fn gelu(g: &mut Graph, x: Value) -> Value {
    let z = g.scale(x, std::f32::consts::FRAC_1_SQRT_2);
    let e = g.erf(z);
    let one = g.constant(1.0);
    let e = g.add(e, one);
    let half = g.scale(x, 0.5);
    g.mul(half, e)
}
