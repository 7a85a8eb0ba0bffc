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

static KNOBS: [Knob; 4] = [
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
];

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
}

impl Block for SkipSaturated {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let layers = node.children.len();
        let [skip, cold, warm] = ["skip", "cold", "warm-up"].map(|knob| node.knobs.size(knob));
        let shape = b.g.shape(x).clone();
        let zero = b.g.constant(0.0);
        let ready = (shape.rank() == 3 && warm > 0).then(|| {
            let place = b.g.iota(shape[1]);
            let place = b.g.reshape(place, [shape[1], 1]);
            let bound = b.g.constant(warm as f32 - 0.5);
            b.g.lt(bound, place)
        });
        let mut h = x;
        // How many blocks each row is still to skip.
        let mut left = zero;
        for (l, layer) in node.children.iter().enumerate() {
            let y = super::alike(b, l, layer, h);
            if b.g.is_poisoned(y) {
                return y;
            }
            let next = b.g.add(h, y);
            let may = l >= cold && l + cold < layers;
            if b.mode == Mode::Train || skip == 0 || (!may && l + 1 == layers) {
                h = next;
                continue;
            }
            let skipped = if may { b.g.lt(zero, left) } else { zero };
            let saturated = saturated(b, h, next, node.knobs.float("threshold") as f32);
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
        }
        h
    }
}

/// 1 where the cosine of `a` and `b`, along the last axis, is `threshold` or more: `[.., 1]`.
fn saturated(b: &mut Build, from: Value, to: Value, threshold: f32) -> Value {
    let axis = b.g.shape(from).rank().saturating_sub(1);
    let mut inner = |x: Value, y: Value| {
        let product = b.g.mul(x, y);
        b.g.sum(product, &[axis])
    };
    let (both, from, to) = (inner(from, to), inner(from, from), inner(to, to));
    let sizes = b.g.mul(from, to);
    let sizes = b.g.sqrt(sizes);
    let least = b.g.scale(sizes, threshold);
    let below = b.g.lt(both, least);
    let one = b.g.constant(1.0);
    b.g.sub(one, below)
}
