//! Attention that begins as the identity, so that it needs no way past it.
//!
//! He and Hofmann 2024 (Simplifying Transformer Blocks; shaped attention: Noci et al. 2023): for each head
//! `A = α I + β softmax(q kᵀ / √d) − γ C`, where `C` is the uniform attention over what a place may look at. Queries
//! begin at zero and `α = β = γ = 1`, so that the softmax is `C` and `A = I`. Values and the projection behind them are
//! left out, which is as if they were identities: `y = concat_h A_h x_h`.

use super::heads::{self, HEADS};
use super::mask::{self, MASK, WIDTH};
use super::{Block, Takes, sequence};
use crate::ir::{Init, Value};
use crate::net::{Build, Node, Picture};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Shaped self-attention on a sequence `[B, T, D]`, which keeps its shape.
pub struct ShapedAttention;

static META: Meta = Meta {
    id: "shaped-attention",
    name: "Shaped attention",
    help: "Attention that begins by passing its input on, and so needs neither a way past it nor values.",
    source: "He and Hofmann 2024",
};

static KNOBS: [Knob; 4] = [
    HEADS,
    MASK,
    WIDTH,
    Knob {
        id: "values",
        name: "Values",
        help: "Gathers what weights make of the places, and sends it through more weights.",
        kind: KnobKind::Bool { default: false },
    },
];

impl Entry for ShapedAttention {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for ShapedAttention {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [_, places, features]) = match sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let heads = node.knobs.size("heads");
        if let Err(fault) = heads::width(b, features, heads) {
            return fault;
        }
        let query = b.matmul("query", x, features, 0.0);
        let key = b.matmul("key", x, features, 1.0);
        let [query, key] = [query, key].map(|y| heads::split(b.g, y, heads));
        let scores = heads::scores(b.g, query, key);
        let allowed = mask::allowed(b.g, &node.knobs, places);
        let shares = mask::shares(b.g, scores, allowed);
        b.show(Picture::Attention, shares);
        let even = b.g.constant(0.0);
        let even = b.g.broadcast(even, [places, places]);
        let uniform = mask::shares(b.g, even, allowed);
        let key_place = b.g.iota(places);
        let query_place = b.g.reshape(key_place, [places, 1]);
        let identity = b.g.eq(query_place, key_place);
        let [alpha, beta, gamma] =
            ["alpha", "beta", "gamma"].map(|name| b.param(name, vec![heads, 1, 1], Init::Constant(1.0)));
        let own = b.g.mul(alpha, identity);
        let found = b.g.mul(beta, shares);
        let mean = b.g.mul(gamma, uniform);
        let rest = b.g.sub(own, mean);
        let mix = b.g.add(found, rest);
        let values = node.knobs.bool("values");
        let value = if values { b.matmul("value", x, features, 1.0) } else { x };
        let value = heads::split(b.g, value, heads);
        let gathered = b.g.matmul(mix, value);
        let gathered = heads::merge(b.g, gathered);
        if values { b.matmul("out", gathered, features, 1.0) } else { gathered }
    }
}
