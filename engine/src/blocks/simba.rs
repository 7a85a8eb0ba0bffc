//! The block of SimBa (Lee et al. 2025): `y = x + relu(LN(x) W₁ + b₁) W₂ + b₂`, hidden 4 times as wide.
//!
//! Nothing but the residual branch bends, and that only after a norm: at first the function is close to a simple one,
//! however wide the block. The paper puts running statistics before the first block and a layer norm behind the last.

use super::{Block, EPSILON, rows};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A feed-forward layer behind a layer norm, added to its input. Works on the last axis.
pub struct Simba;

static META: Meta = Meta {
    id: "simba",
    name: "SimBa block",
    help: "Adds to the input what a feed-forward layer makes of it after a layer norm: simple functions at first.",
    source: "Lee et al. 2025",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "hidden",
        name: "Hidden width",
        help: "How many features the layer bends; 0 takes 4 times the inputs.",
        kind: KnobKind::Int { default: 0, min: 0, max: 4096 },
    },
    EPSILON,
];

impl Entry for Simba {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Simba {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let inputs = match rows::inputs(b, x) {
            Ok(inputs) => inputs,
            Err(fault) => return fault,
        };
        let hidden = rows::size(node, "hidden", 4 * inputs);
        let y = rows::standardised(node, b, x);
        let scale = b.per_feature("scale", inputs, Init::Constant(1.0));
        let shift = b.per_feature("shift", inputs, Init::Constant(0.0));
        let y = b.g.mul(y, scale);
        let y = b.g.add(y, shift);
        let y = b.matmul("into", y, hidden, 2.0);
        let bias = b.per_feature("hidden bias", hidden, Init::Constant(0.0));
        let y = b.g.add(y, bias);
        let y = b.g.relu(y);
        let y = b.matmul("out", y, inputs, 1.0);
        let bias = b.per_feature("bias", inputs, Init::Constant(0.0));
        let y = b.g.add(y, bias);
        b.g.add(x, y)
    }
}
