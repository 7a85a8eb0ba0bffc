//! Self-attention: every place of a sequence gathers from the others.
//!
//! `y = softmax(q kᵀ / √d + bias, over the allowed) v W_out` with `q, k, v = x W` (Vaswani et al. 2017, section 3.2).

use super::heads::{self, BIAS, HEADS};
use super::mask::{self, MASK, WIDTH};
use super::{Block, Takes, forget, relative, sequence};
use crate::ir::Value;
use crate::net::{Build, Node, Picture};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Self-attention in heads on a sequence `[B, T, D]`, which keeps its shape. Without a mask and without positions, the
/// order of the places means nothing to it.
pub struct Attention;

static META: Meta = Meta {
    id: "attention",
    name: "Attention",
    help: "Lets every place of a sequence gather what it needs from the other places.",
    source: "Vaswani et al. 2017; rotary: Su et al. 2021; alibi: Press et al. 2022; forget: Lin et al. 2025; strided: \
             Child et al. 2019",
};

pub(super) const POSITIONS: Knob = Knob {
    id: "positions",
    name: "Positions",
    help: "How distance counts: none, not at all; rotary turns queries and keys by their place; alibi takes from the \
           score in proportion to the distance.",
    kind: KnobKind::Choice { default: "none", options: &["none", "rotary", "alibi"] },
};

pub(super) const FORGET: Knob = Knob {
    id: "forget",
    name: "Forget",
    help: "A gate at every place weakens what lies before it; for causal masks alone.",
    kind: KnobKind::Bool { default: false },
};

static KNOBS: [Knob; 6] = [HEADS, MASK, WIDTH, POSITIONS, FORGET, BIAS];

impl Entry for Attention {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Attention {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [_, places, features]) = match sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let knobs = &node.knobs;
        let (heads, bias) = (knobs.size("heads"), knobs.bool("bias"));
        let each = match heads::width(b, features, heads) {
            Ok(each) => each,
            Err(fault) => return fault,
        };
        let (rotary, alibi) = (knobs.choice("positions") == "rotary", knobs.choice("positions") == "alibi");
        if rotary && !each.is_multiple_of(2) {
            let message = format!("rotary positions turn pairs of features, and a head has {each}");
            return b.fault(message, "choose fewer heads, so that each has an even number of features");
        }
        if knobs.bool("forget") && !mask::is_causal(knobs) {
            let mend = "choose the mask `causal`, `causal-window`, `causal-block` or `strided`";
            return b.fault("forgetting goes backwards in time, and this mask lets places look ahead", mend);
        }
        let [mut query, mut key, value] = ["query", "key", "value"].map(|name| {
            let y = heads::project(b, name, x, features, bias);
            heads::split(b.g, y, heads)
        });
        if rotary {
            (query, key) = (relative::rotary(b.g, query), relative::rotary(b.g, key));
        }
        let mut scores = heads::scores(b.g, query, key);
        if alibi {
            let fall = relative::alibi(b.g, heads, places);
            scores = b.g.add(scores, fall);
        }
        if knobs.bool("forget") {
            let decay = forget::decay(b, x, heads);
            scores = b.g.add(scores, decay);
        }
        let allowed = mask::allowed(b.g, knobs, places);
        let shares = mask::shares(b.g, scores, allowed);
        b.show(Picture::Attention, shares);
        let gathered = b.g.matmul(shares, value);
        let gathered = heads::merge(b.g, gathered);
        heads::project(b, "out", gathered, features, bias)
    }
}
