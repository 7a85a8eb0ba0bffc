//! A linear layer whose weights have a sign given ("Why do networks have inhibitory/negative connections?").
//!
//! ```text
//! y = (x ⊙ s) softplus(V) / √F + b      s_i = −1 for the inputs that inhibit, the last ones, else 1
//! ```
//!
//! Without inhibition every unit rises or rests when an input rises. Layers of such units and of curves that do not fall
//! cannot represent XOR, nor any bounded region. Where each input has one sign for all units, as Dale's law says of
//! neurons, that is lifted. The biases are free.

use super::{Block, rows};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Weighted sums whose weights cannot change sign. Works on the last axis.
pub struct Constrained;

static META: Meta = Meta {
    id: "constrained",
    name: "Sign-constrained linear",
    help: "Weighted sums whose weights cannot turn negative, or for some inputs cannot turn positive.",
    source: "\"Why do networks have inhibitory/negative connections?\"",
};

static KNOBS: [Knob; 3] = [
    rows::UNITS,
    Knob {
        id: "inhibitory",
        name: "Inhibitory share",
        help: "Share of the inputs, the last ones, whose weights are all negative; the others have positive ones.",
        kind: KnobKind::Float { default: 0.0, min: 0.0, max: 1.0, live: false },
    },
    rows::BIAS,
];

impl Entry for Constrained {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Constrained {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let inputs = match rows::inputs(b, x) {
            Ok(inputs) => inputs,
            Err(fault) => return fault,
        };
        let units = rows::size(node, "units", inputs);
        let exciting = inputs - (node.knobs.float("inhibitory") * inputs as f64).round() as usize;
        let mut x = x;
        if exciting < inputs {
            let (number, bound) = (b.g.iota(inputs), b.g.constant(exciting as f32 - 0.5));
            let inhibits = b.g.lt(bound, number);
            let (down, up) = (b.g.constant(-1.0), b.g.constant(1.0));
            let sign = b.g.select(inhibits, down, up);
            x = b.g.mul(x, sign);
        }
        let init = Init::Uniform { bound: 3f32.sqrt() };
        let y = b.matmul_by("weight", x, units, init, |g, v| {
            let w = g.softplus(v);
            g.scale(w, 1.0 / (inputs as f32).sqrt())
        });
        rows::biased(node, b, y)
    }
}
