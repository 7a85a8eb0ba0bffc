//! Attention from one sequence to another: `y = softmax(q kᵀ / √d) v W_out` with `q = x W`, and `k, v` of what the held
//! blocks make of `x` (Vaswani et al. 2017, section 3.2.3).

use super::heads::{self, BIAS, HEADS};
use super::{Block, Holds, Takes, sequence};
use crate::ir::Value;
use crate::net::{Build, Node, Picture};
use crate::registry::{Entry, Knob, Meta};

/// Every place of a sequence `[B, T, D]` gathers from the sequence `[B, S, E]` that its blocks make of the same input;
/// the result is `[B, T, D]`.
pub struct CrossAttention;

static META: Meta = Meta {
    id: "cross-attention",
    name: "Cross-attention",
    help: "Lets every place of a sequence gather from what its blocks make of the sequence.",
    source: "Vaswani et al. 2017",
};

static KNOBS: [Knob; 2] = [HEADS, BIAS];

impl Entry for CrossAttention {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
    fn holds(&self) -> Holds {
        Holds::Blocks
    }
}

impl Block for CrossAttention {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [_, _, features]) = match sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let (heads, bias) = (node.knobs.size("heads"), node.knobs.bool("bias"));
        if let Err(fault) = heads::width(b, features, heads) {
            return fault;
        }
        let other = b.chain(&node.children, x);
        if b.g.is_poisoned(other) {
            return other;
        }
        let shape = b.g.shape(other).clone();
        if shape.rank() != 3 {
            let message = format!("its blocks give {shape}, which is no sequence [B×S×E] to look at");
            return b.fault(message, "let its blocks give a sequence, or hold none");
        }
        let query = heads::project(b, "query", x, features, bias);
        let key = heads::project(b, "key", other, features, bias);
        let value = heads::project(b, "value", other, features, bias);
        let [query, key, value] = [query, key, value].map(|y| heads::split(b.g, y, heads));
        let scores = heads::scores(b.g, query, key);
        let shares = b.g.softmax(scores);
        b.show(Picture::Attention, shares);
        let gathered = b.g.matmul(shares, value);
        let gathered = heads::merge(b.g, gathered);
        heads::project(b, "out", gathered, features, bias)
    }
}
