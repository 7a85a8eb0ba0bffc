//! Attention from one query for the whole sequence, its bilinear form factorised.
//!
//! Mehta et al. 2019 (Low Rank Factorization for Compact Multi-Head Self-Attention): with a context `c` and weights
//! `P, Q [D, H·r]`, head `h` scores place `t` by `s_ht = tanh Σ_(r) (Pᵀc ∘ Qᵀx_t)_hr`, the scores of a place are
//! brought to length 1 over the heads, `a_h = softmax_t s_ht`, and head `h` gives `Σ_t a_ht x_t`. Work and memory grow
//! with the length of the sequence, not with its square.

use super::{Block, Takes, sequence};
use crate::ir::{Init, Value};
use crate::net::{Build, Node, Picture};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A sequence `[B, T, D]` to `[B, heads, D]`: for each head a weighted mean of all places.
pub struct GlobalQuery;

static META: Meta = Meta {
    id: "global-query",
    name: "Global query",
    help: "Asks a sequence a few questions as a whole, and answers each with a weighted mean of its places.",
    source: "Mehta et al. 2019",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "heads",
        name: "Heads",
        help: "How many questions are asked; each gives a place of the result.",
        kind: KnobKind::Int { default: 4, min: 1, max: 64 },
    },
    Knob {
        id: "rank",
        name: "Rank",
        help: "How many products each score sums up.",
        kind: KnobKind::Int { default: 4, min: 1, max: 256 },
    },
    Knob {
        id: "context",
        name: "Context",
        help: "What asks: the mean of all places, the maximum of each feature, or weights that are learned.",
        kind: KnobKind::Choice { default: "mean", options: &["mean", "max", "learned"] },
    },
    Knob {
        id: "normalise",
        name: "Normalise",
        help: "Brings the scores of a place to length 1 over the heads, so that heads share out the places.",
        kind: KnobKind::Bool { default: true },
    },
];

impl Entry for GlobalQuery {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for GlobalQuery {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [batch, places, features]) = match sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let (heads, rank) = (node.knobs.size("heads"), node.knobs.size("rank"));
        let context = match node.knobs.choice("context") {
            "max" => b.g.max(x, &[1]),
            "learned" => b.param("context", vec![1, 1, features], Init::Normal { std: 1.0 }),
            _ => b.g.mean(x, &[1]),
        };
        let query = b.matmul("query", context, heads * rank, 1.0);
        let key = b.matmul("key", x, heads * rank, 1.0);
        let products = b.g.mul(query, key);
        let products = b.g.reshape(products, [batch, places, heads, rank]);
        let scores = b.g.sum(products, &[3]);
        let scores = b.g.reshape(scores, [batch, places, heads]);
        let mut scores = b.g.tanh(scores);
        if node.knobs.bool("normalise") {
            let square = b.g.square(scores);
            let square = b.g.sum(square, &[2]);
            let least = b.g.constant(1e-6);
            let safe = b.g.add(square, least);
            let length = b.g.sqrt(safe);
            scores = b.g.div(scores, length);
        }
        let scores = b.g.transpose(scores, &[0, 2, 1]);
        let shares = b.g.softmax(scores);
        let shown = b.g.reshape(shares, [batch, heads, 1, places]);
        b.show(Picture::Attention, shown);
        b.g.matmul(shares, x)
    }
}
