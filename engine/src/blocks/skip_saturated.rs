//! Skipping layers that change little, at evaluation: FFN-SkipLLM (Jaiswal et al. 2024).
//!
//! Its blocks are layers in series, each added to its input: `h ← h + f_l(h)`. In evaluation a row is saturated at layer
//! `l` where
//!
//! ```text
//! cos(h, h + f_l(h)) ≥ τ
//! ```
//!
//! and the `skip` layers after it are left out for that row. The first and last `cold` layers never are, nor are the
//! first `warm-up` places of a sequence.
//!
//! How many rows that are is known only when it runs, while the operations of a program are counted before. What is
//! saved is the budget of the paper's greedy search, as room: layers that may be left out work on the share `room` of the
//! rows alone. Among those that are not to skip, the ones that the last layer they went through turned most come first;
//! who finds no room is left out as if it were saturated. At room 1 everything is computed, and what is left out masked.

use super::{Block, Holds};
use crate::ir::Value;
use crate::net::{Build, Mode, Node, Picture};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Residual layers on the last axis. Nothing is left out while training.
pub struct SkipSaturated;

static META: Meta = Meta {
    id: "skip-saturated",
    name: "Skip when saturated",
    help: "Adds each of its blocks to its input; when evaluated, blocks after one that hardly turned a row are left out for \
           that row.",
    source: "Jaiswal et al. 2024 (FFN-SkipLLM)",
};

static KNOBS: [Knob; 5] = [
    Knob {
        id: "threshold",
        name: "Threshold",
        help: "Cosine of a block's input and output from which on a row counts as saturated; 1 skips nothing.",
        kind: KnobKind::Float { default: 0.95, min: -1.0, max: 1.0, live: false },
    },
    Knob {
        id: "skip",
        name: "Blocks to skip",
        help: "How many blocks are left out once a row is saturated.",
        kind: KnobKind::Int { default: 1, min: 0, max: 64 },
    },
    Knob {
        id: "cold",
        name: "Cold blocks",
        help: "How many of the first and of the last blocks are never left out.",
        kind: KnobKind::Int { default: 0, min: 0, max: 64 },
    },
    Knob {
        id: "warm-up",
        name: "Warm-up",
        help: "Of a sequence, the first places at which nothing is left out.",
        kind: KnobKind::Int { default: 0, min: 0, max: 4096 },
    },
    ROOM,
];

/// The knob of how many rows there is room for.
pub const ROOM: Knob = Knob {
    id: "room",
    name: "Room",
    help: "For which share of the rows a block that may be left out has room: the others cost nothing, and who is among them \
           depends on the whole batch. Below 1 its blocks must work on each row by itself.",
    kind: KnobKind::Float { default: 1.0, min: 0.0, max: 1.0, live: false },
};

/// So many rows of `x [.., D]`; `None` where it is all of them.
pub fn room(b: &Build, x: Value, share: f32) -> Option<usize> {
    let shape = b.g.shape(x);
    let count = shape.size() / shape.last().max(1);
    (share < 1.0).then(|| ((share * count as f32).ceil() as usize).min(count))
}

impl Entry for SkipSaturated {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
    fn holds(&self) -> Holds {
        Holds::Blocks
    }
    fn dials(&self) -> &'static [&'static str] {
        &["room"]
    }
}

impl Block for SkipSaturated {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let layers = node.children.len();
        let [skip, cold, warm] = ["skip", "cold", "warm-up"].map(|knob| node.knobs.size(knob));
        let room = room(b, x, node.knobs.float("room") as f32).filter(|_| b.mode == Mode::Eval);
        if let Some(fault) = room.and_then(|_| super::outside_experts(b)) {
            return fault;
        }
        let shape = b.g.shape(x).clone();
        let zero = b.g.constant(0.0);
        let ready = (shape.rank() == 3 && warm > 0).then(|| {
            let place = b.g.iota(shape[1]);
            let place = b.g.reshape(place, [shape[1], 1]);
            let bound = b.g.constant(warm as f32 - 0.5);
            b.g.lt(bound, place)
        });
        let mut h = x;
        // How many blocks each row is still to skip, and how little the last one turned it.
        let mut left = zero;
        let mut cosine = None;
        for (l, layer) in node.children.iter().enumerate() {
            let may = l >= cold && l + cold < layers;
            let here = room.filter(|_| may && l > 0);
            if here == Some(0) {
                // Known when it is built: there is no such layer.
                continue;
            }
            let may_skip = if may { b.g.lt(zero, left) } else { zero };
            let (y, skipped) = match (here, cosine) {
                (Some(room), Some(cosine)) => {
                    let scores = urgency(b, may_skip, cosine, ready);
                    let (y, kept) = b.among(h, scores, room, |b, rows| super::alike(b, l, layer, rows));
                    let one = b.g.constant(1.0);
                    let out = b.g.sub(one, kept);
                    (y, b.g.maximum(may_skip, out))
                }
                (None, _) | (_, None) => (super::alike(b, l, layer, h), may_skip),
            };
            if b.g.is_poisoned(y) {
                return y;
            }
            let next = b.g.add(h, y);
            if b.mode == Mode::Train || (skip == 0 && room.is_none()) || (!may && l + 1 == layers) {
                h = next;
                continue;
            }
            let now = turned(b, h, next);
            let saturated = now.saturated(b, node.knobs.float("threshold") as f32);
            let saturated = ready.map_or(saturated, |ready| b.g.mul(saturated, ready));
            if may && l > 0 {
                b.show(Picture::Gates, skipped);
            }
            h = b.g.select(skipped, h, next);
            let one = b.g.constant(1.0);
            let fewer = b.g.sub(left, one);
            let fewer = b.g.maximum(fewer, zero);
            let all = b.g.constant(skip as f32);
            let anew = b.g.mul(saturated, all);
            // A layer that was left out tells nothing.
            left = b.g.select(skipped, fewer, anew);
            let angle = now.cosine(b);
            cosine = Some(cosine.map_or(angle, |before| b.g.select(skipped, before, angle)));
        }
        h
    }
}

/// By what rows are given room: those that are to skip last, places that warm up first, others by how much they turned.
fn urgency(b: &mut Build, skipped: Value, cosine: Value, ready: Option<Value>) -> Value {
    let turned = b.g.neg(cosine);
    let last = b.g.constant(-2.0);
    let scores = b.g.select(skipped, last, turned);
    let Some(ready) = ready else { return scores };
    let first = b.g.constant(2.0);
    b.g.select(ready, scores, first)
}

/// How a layer turned rows: the inner product of what they were and are, and of their lengths, `[.., 1]`.
#[derive(Clone, Copy)]
struct Turned {
    both: Value,
    lengths: Value,
}

fn turned(b: &mut Build, from: Value, to: Value) -> Turned {
    let axis = b.g.shape(from).rank().saturating_sub(1);
    let mut inner = |x: Value, y: Value| {
        let product = b.g.mul(x, y);
        b.g.sum(product, &[axis])
    };
    let (both, from, to) = (inner(from, to), inner(from, from), inner(to, to));
    let squares = b.g.mul(from, to);
    Turned { both, lengths: b.g.sqrt(squares) }
}

impl Turned {
    /// 1 where the cosine is `threshold` or more.
    fn saturated(self, b: &mut Build, threshold: f32) -> Value {
        let least = b.g.scale(self.lengths, threshold);
        let below = b.g.lt(self.both, least);
        let one = b.g.constant(1.0);
        b.g.sub(one, below)
    }

    fn cosine(self, b: &mut Build) -> Value {
        let least = b.g.constant(1e-12);
        let lengths = b.g.maximum(self.lengths, least);
        b.g.div(self.both, lengths)
    }
}
