//! A way past the blocks.
//!
//! He et al. 2016 (Identity Mappings): with `x + f(x)` and nothing after it, `x_L = x_l + Σ f(x_i)`, so that an error
//! reaches every layer undiminished. Any other shortcut multiplies along the way: a scale λ gives `∏ λ`. Their units are
//! orders of the blocks inside and after; the shortcuts are, with `g = σ(x W + b)`:
//!
//! ```text
//! identity          x + f(x)             scale        λ x + f(x)
//! exclusive-gate    (1 − g) x + g f(x)   projection   x W + f(x)
//! shortcut-gate     (1 − g) x + f(x)     dropout      x, of which a share is dropped, + f(x)
//! ```

use super::{Block, Holds, dropout};
use crate::ir::{Init, Value};
use crate::net::{Build, Node, Picture};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// `h(x) + f(x)`, where `f` is its blocks in series and `h` the shortcut. Works on anything with features along its last
/// axis; a projection lets the number of features change.
pub struct Residual;

static META: Meta = Meta {
    id: "residual",
    name: "Residual",
    help: "Adds what its blocks make of the input to the input itself.",
    source: "He et al. 2016",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "shortcut",
        name: "Shortcut",
        help: "What is done to the input on its way past the blocks.",
        kind: KnobKind::Choice {
            default: "identity",
            options: &["identity", "scale", "exclusive-gate", "shortcut-gate", "projection", "dropout"],
        },
    },
    Knob {
        id: "scale",
        name: "Scale",
        help: "What the shortcut `scale` multiplies the input by.",
        kind: KnobKind::Float { default: 0.5, min: 0.0, max: 2.0, live: false },
    },
    Knob {
        id: "gate-bias",
        name: "Bias of the gates",
        help: "What gates begin with; far below zero they leave the input alone.",
        kind: KnobKind::Float { default: -6.0, min: -10.0, max: 10.0, live: false },
    },
    Knob {
        id: "rate",
        name: "Rate",
        help: "Share of the input that the shortcut `dropout` drops while training.",
        kind: KnobKind::Float { default: 0.5, min: 0.0, max: 0.95, live: false },
    },
];

impl Entry for Residual {
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

/// How far the way past is closed, feature by feature: `g`, and `1 − g`.
fn gate(node: &Node, b: &mut Build, x: Value) -> (Value, Value) {
    let features = b.g.shape(x).last();
    let drive = b.matmul("gate", x, features, 1.0);
    let bias = b.per_feature("gate-bias", features, Init::Constant(node.knobs.float("gate-bias") as f32));
    let drive = b.g.add(drive, bias);
    let gate = b.g.sigmoid(drive);
    b.show(Picture::Gates, gate);
    let one = b.g.constant(1.0);
    (gate, b.g.sub(one, gate))
}

impl Block for Residual {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let y = b.chain(&node.children, x);
        if b.g.is_poisoned(y) {
            return y;
        }
        let shortcut = node.knobs.choice("shortcut");
        let (from, to) = (b.g.shape(x).clone(), b.g.shape(y).clone());
        let kept = if shortcut == "projection" { from.rank().saturating_sub(1) } else { from.rank() };
        if from.rank() != to.rank() || from[..kept] != to[..kept] {
            let message = format!("its blocks turn {from} into {to}, which cannot be added to the input");
            return b.fault(message, "let the last of its blocks give the shape of its input");
        }
        match shortcut {
            "scale" => {
                let x = b.g.scale(x, node.knobs.float("scale") as f32);
                b.g.add(x, y)
            }
            "exclusive-gate" => {
                let (gate, rest) = gate(node, b, x);
                let (x, y) = (b.g.mul(x, rest), b.g.mul(y, gate));
                b.g.add(x, y)
            }
            "shortcut-gate" => {
                let (_, rest) = gate(node, b, x);
                let x = b.g.mul(x, rest);
                b.g.add(x, y)
            }
            "projection" => {
                let x = b.matmul("projection", x, to.last(), 1.0);
                b.g.add(x, y)
            }
            "dropout" => {
                let x = dropout::thinned(b, x, node.knobs.float("rate") as f32);
                b.g.add(x, y)
            }
            _ => b.g.add(x, y),
        }
    }
}
