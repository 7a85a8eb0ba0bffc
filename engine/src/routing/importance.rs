//! Experts with little room, which goes to the rows that matter most.
//!
//! With `P = softmax(x W)` and `K` the indices of its `k` largest, a row's weights are `P[K]`, raw, and its importance `s`
//! is the largest of them or their sum. Experts have room for `c = ⌈capacity · k · rows / E⌉` assignments each, and rows
//! are seated in descending `s`, so that only those of low importance overflow (Riquelme et al. 2021, section 4; Lou et
//! al. 2021 for tokens and channels). Seated as they arrive instead, anything may overflow.

use super::{Assignment, Routing, Rows, balance, capacity, too_many, top_k};
use crate::net::Build;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Top-k whose places are given away in order of importance.
pub struct Importance;

static META: Meta = Meta {
    id: "importance",
    name: "By importance",
    help: "Each expert has room for few samples, and those that the router is surest of are seated first; the rest is \
           left out. Who is seated depends on all samples and places of the batch, later ones too.",
    source: "Riquelme et al. 2021 (V-MoE); Lou et al. 2021 (Sparse-MLP)",
};

static KNOBS: [Knob; 6] = [
    Knob {
        id: "k",
        name: "Experts per sample",
        help: "How many experts each sample asks for.",
        kind: KnobKind::Int { default: 1, min: 1, max: 64 },
    },
    Knob {
        id: "capacity",
        name: "Capacity",
        help: "Room at each expert, as a multiple of an even share; below 1 some samples are sure to be left out.",
        kind: KnobKind::Float { default: 1.0, min: 0.05, max: 8.0, live: false },
    },
    Knob {
        id: "order",
        name: "Order",
        help: "Who is seated first: the most important, or who comes first in the batch.",
        kind: KnobKind::Choice { default: "importance", options: &["importance", "arrival"] },
    },
    Knob {
        id: "score",
        name: "Score",
        help: "A sample's importance: the largest of its experts' weights, or their sum.",
        kind: KnobKind::Choice { default: "largest", options: &["largest", "sum"] },
    },
    balance::KNOBS[0],
    balance::KNOBS[1],
];

impl Entry for Importance {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
    fn dials(&self) -> &'static [&'static str] {
        &["k"]
    }
}

impl Routing for Importance {
    fn route(&self, knobs: &Knobs, b: &mut Build, rows: Rows, experts: usize) -> Assignment {
        let k = knobs.size("k");
        if let Some(fault) = too_many(b, k, experts) {
            return fault;
        }
        let logits = b.matmul("router", rows.x, experts, 1.0);
        let distribution = b.g.softmax(logits);
        let index = b.g.top_k(logits, k);
        let weights = top_k::picked(b, distribution, index);
        balance::penalise(b, knobs, [index, weights, distribution], None);
        let count = b.g.shape(rows.x)[0];
        let scores = (knobs.choice("order") == "importance").then(|| {
            let score = if knobs.choice("score") == "sum" { b.g.sum(weights, &[1]) } else { b.g.max(weights, &[1]) };
            b.g.reshape(score, [count])
        });
        let each = capacity::room(knobs.float("capacity") as f32, count * k, experts);
        capacity::limited(b, [index, weights, distribution], scores, each)
    }
}
