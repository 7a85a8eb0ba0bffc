//! Places mixed by a small network in the place of attention (Tolstikhin et al. 2021):
//!
//! ```text
//! w = x + (MLP_tokens(n(x)ᵀ))ᵀ       y = w + MLP_channels(n(w))
//! ```

use super::parts::{self, EXPAND, behind, part, set};
use super::{Block, Takes, across, residual, sequence};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// One layer on a sequence `[B, T, D]`, which keeps its shape.
pub struct MlpMixer;

static META: Meta = Meta {
    id: "mlp-mixer",
    name: "MLP mixer",
    help: "A small network mixes the places of every feature, and another the features of every place.",
    source: "Tolstikhin et al. 2021",
};

pub const TOKENS: Knob = Knob {
    id: "token-expand",
    name: "Expand places",
    help: "How many times wider than the number of places the hidden layer is that mixes them.",
    kind: KnobKind::Int { default: 2, min: 1, max: 16 },
};

static KNOBS: [Knob; 2] = [TOKENS, EXPAND];

impl Entry for MlpMixer {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

/// Across places, a way past it included: along one side of an image or all places, features in `rafts`, with `length`
/// numbers to mix.
pub fn tokens(along: &str, rafts: usize, length: usize, expand: usize) -> Node {
    let mix = part(&across::Across, parts::feed_forward(length * expand, length, "gelu"));
    let mix = set(set(mix, "along", along), "rafts", rafts as i64);
    part(&residual::Residual, behind(parts::norm("layer"), [mix]))
}

/// Across features, a way past it included.
pub fn channels(width: usize, expand: usize) -> Node {
    let mix = parts::feed_forward(width * expand, width, "gelu");
    part(&residual::Residual, behind(parts::norm("layer"), mix))
}

impl Block for MlpMixer {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [_, places, width]) = match sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let tokens = tokens("all", 1, places, node.knobs.size(TOKENS.id));
        b.chain(&[tokens, channels(width, node.knobs.size(EXPAND.id))], x)
    }
}
