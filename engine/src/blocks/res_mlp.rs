//! Places mixed by one linear layer, and nothing normalised (Touvron et al. 2021, equations 2 and 3), with
//! `Aff(x) = Diag(a) x + b` and small initial scales `s` at the end of each branch:
//!
//! ```text
//! z = x + Aff_s((A Aff(x)ᵀ)ᵀ)       y = z + Aff_s(C gelu(B Aff(z)))
//! ```

use super::parts::{self, EXPAND, behind, part, set};
use super::{Block, Takes, across, affine, residual, sequence};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// One layer on a sequence `[B, T, D]`, which keeps its shape.
pub struct ResMlp;

static META: Meta = Meta {
    id: "res-mlp",
    name: "ResMLP",
    help: "One linear layer mixes the places, a small network the features, and both begin as almost nothing.",
    source: "Touvron et al. 2021",
};

static KNOBS: [Knob; 2] = [
    EXPAND,
    Knob {
        id: "start",
        name: "Start",
        help: "The scale of each branch before training.",
        kind: KnobKind::Float { default: 0.1, min: 0.0, max: 1.0, live: false },
    },
];

impl Entry for ResMlp {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for ResMlp {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [_, places, width]) = match sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let start = node.knobs.float("start");
        let branch = |inner: Vec<Node>| {
            let small = set(part(&affine::Affine, vec![]), "start", start);
            let inner = behind([part(&affine::Affine, vec![])], inner);
            part(&residual::Residual, behind(inner, [small]))
        };
        let mix = part(&across::Across, vec![parts::linear(places, "lecun")]);
        let forward = parts::feed_forward(width * node.knobs.size(EXPAND.id), width, "gelu");
        b.chain(&[branch(vec![mix]), branch(forward)], x)
    }
}
