//! Feed-forward layers as transformers have them: `y = act(… act(x W₁) …) W_L`.
//!
//! With `layers = 3` the middle one is `hidden × hidden` (Gerber 2025): one such block has about three times the weights
//! of a block of two layers, so that fewer of them make up a network of the same size. `layers = 1` is `x W`, without a
//! curve: what is left of a block when its hidden layer is taken away.

use super::{Block, activation, rows};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// `[.., F]` to `[.., units]` through one or two hidden layers. Works on the last axis.
pub struct Ffn;

static META: Meta = Meta {
    id: "ffn",
    name: "Feed-forward layer",
    help: "Widens every row of features, bends it and brings it back; with three layers it is bent twice.",
    source: "Vaswani et al. 2017; three layers: Gerber 2025",
};

static KNOBS: [Knob; 5] = [
    Knob {
        id: "layers",
        name: "Layers",
        help: "How many weight matrices lie in series.",
        kind: KnobKind::Int { default: 2, min: 1, max: 3 },
    },
    Knob {
        id: "hidden",
        name: "Hidden width",
        help: "How many features there are between the layers; 0 takes 4 times the inputs.",
        kind: KnobKind::Int { default: 0, min: 0, max: 4096 },
    },
    activation::CURVE,
    rows::UNITS,
    rows::BIAS,
];

impl Entry for Ffn {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Ffn {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let inputs = match rows::inputs(b, x) {
            Ok(inputs) => inputs,
            Err(fault) => return fault,
        };
        let hidden = rows::size(node, "hidden", 4 * inputs);
        let units = rows::size(node, "units", inputs);
        let layers = node.knobs.size("layers");
        let mut at = x;
        for layer in 1..=layers {
            // Half of what a curve bends is lost, as He et al. count; behind the last layer there is no curve.
            let (width, gain) = if layer == layers { (units, 1.0) } else { (hidden, 2.0) };
            at = b.matmul(&format!("weight {layer}"), at, width, gain);
            if node.knobs.bool("bias") {
                let bias = b.per_feature(&format!("bias {layer}"), width, Init::Constant(0.0));
                at = b.g.add(at, bias);
            }
            if layer < layers {
                at = activation::hidden(b, node.knobs.choice("function"), at);
            }
        }
        at
    }
}
