//! Label smoothing, as a penalty on logits.
//!
//! LSR: (1 − ε) H(q, p) + ε H(u, p), with labels q, u uniform, p = softmax(x)   (Szegedy et al. 2016, section 7)
//! here: H(q, p) + β H(u, p)
//!
//! These are the same up to the scale 1 − ε, with β = ε / (1 − ε) and ε = β / (1 + β).

use super::Block;
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// After the read-out: leaves logits `[.., C]` as they are, and adds β times the mean over the samples of the
/// cross-entropy of the uniform distribution against their softmax, −1/C Σ ln p, to what the stage minimises.
pub struct LabelSmoothing;

static META: Meta = Meta {
    id: "label-smoothing",
    name: "Label smoothing",
    help: "Put last: asks logits never to rule a class out altogether, as if labels were a little uncertain.",
    source: "Szegedy et al. 2016",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "weight",
    name: "Weight",
    help: "β beside the task's loss; labels that are smoothed by ε have β = ε / (1 − ε).",
    kind: KnobKind::Float { default: 0.1, min: 0.0, max: 100.0, live: false },
}];

impl Entry for LabelSmoothing {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for LabelSmoothing {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let weight = node.knobs.float("weight") as f32;
        if weight > 0.0 {
            let log = b.g.log_softmax(x);
            let mean = b.g.mean_all(log);
            let loss = b.g.scale(mean, -weight);
            b.penalise(loss);
        }
        x
    }
}
