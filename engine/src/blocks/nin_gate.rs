//! A gate that a network inside the network makes of all places (NiNformer, Abdullah and Aydin 2024):
//!
//! ```text
//! u = n(x) P       v = Mixer(n(x))       z = x + u ⊙ v       y = z + MLP(n(z))
//! ```
//!
//! `Mixer` is a layer of [`super::mlp_mixer`]. What it mixes with stays the same for every sample; the gate does not.

use super::mlp_mixer::{self, MlpMixer, TOKENS};
use super::parts::{self, EXPAND, behind, part, set};
use super::{Block, Takes, parallel, residual, sequence};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, Meta};

/// One layer on a sequence `[B, T, D]`, which keeps its shape.
pub struct NinGate;

static META: Meta = Meta {
    id: "nin-gate",
    name: "NiN gate",
    help: "Multiplies every feature by a gate that a mixer makes of all places, in the place of attention.",
    source: "Abdullah and Aydin 2024",
};

static KNOBS: [Knob; 2] = [TOKENS, EXPAND];

impl Entry for NinGate {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for NinGate {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [_, _, width]) = match sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let (places, expand) = (node.knobs.int(TOKENS.id), node.knobs.int(EXPAND.id));
        let mixer = set(set(part(&MlpMixer, vec![]), TOKENS.id, places), EXPAND.id, expand);
        let ways = part(&parallel::Parallel, vec![parts::linear(width, "lecun"), mixer]);
        let gated = behind(parts::norm("layer"), [set(ways, "join", "product")]);
        let gated = part(&residual::Residual, gated);
        b.chain(&[gated, mlp_mixer::channels(width, node.knobs.size(EXPAND.id))], x)
    }
}
