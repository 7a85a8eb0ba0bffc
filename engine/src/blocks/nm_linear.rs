//! A linear layer that learns to do with `n` of every `m` weights, after Bambhaniya et al. 2024, "Progressive Gradient
//! Flow for Robust N:M Sparsity Training in Transformers".
//!
//! `Π` keeps, of every `m` weights in a row along the inputs of a unit, the `n` of largest size; it is found anew at
//! every step. With `t` the share of the decay that is over (0 before it begins, 1 at its end):
//!
//! ```text
//! mask:       W̃ = (Π + (1 − t) (1 − Π)) ⊙ W                      (MDGF, linear)
//! structure:  W̃ = Π_k ⊙ W, where k falls from m to n by halves     (SDGF)
//! sr-ste:     W̃ = Π ⊙ W; ∂W = ∂W̃ + λ (1 − Π) ⊙ W               (Zhou et al. 2021)
//! ```
//!
//! Where the flow decays, the chain rule carries it: a weight that is out gets `1 − t` of its gradient, and none at the
//! end. SR-STE gives it all of it, for ever.

use super::{Block, init, linear};
use crate::ir::{Graph, Value};
use crate::net::{Build, Mode, Node};
use crate::ops::sort::ArgSort;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// As `linear`, with at most `n` of every `m` weights of a unit in use once the decay is over.
pub struct NmLinear;

static META: Meta = Meta {
    id: "nm-linear",
    name: "N:M linear",
    help: "A linear layer in which only the n largest of every m weights come to count, while the flow to the others fades.",
    source: "Bambhaniya et al. 2024; sr-ste: Zhou et al. 2021",
};

static KNOBS: [Knob; 9] = [
    linear::UNITS,
    linear::BIAS,
    init::KNOB,
    N,
    M,
    DECAY,
    Knob {
        id: "dense-steps",
        name: "Dense steps",
        help: "Steps before the decay begins.",
        kind: KnobKind::Int { default: 100, min: 0, max: 1_000_000 },
    },
    Knob {
        id: "decay-steps",
        name: "Decay steps",
        help: "Steps from the first to the last of the decay.",
        kind: KnobKind::Int { default: 300, min: 1, max: 1_000_000 },
    },
    Knob {
        id: "pull",
        name: "Pull",
        help: "For sr-ste, how strongly weights that are out are drawn to zero.",
        kind: KnobKind::Float { default: 2e-4, min: 0.0, max: 1.0, live: false },
    },
];

pub const N: Knob = Knob {
    id: "n",
    name: "Kept",
    help: "How many weights of every group stay.",
    kind: KnobKind::Int { default: 2, min: 1, max: 64 },
};

pub const M: Knob = Knob {
    id: "m",
    name: "Group",
    help: "How many weights in a row, along the inputs of a unit, make up a group; it divides the inputs.",
    kind: KnobKind::Int { default: 4, min: 1, max: 64 },
};

pub const DECAY: Knob = Knob {
    id: "decay",
    name: "Decay",
    help: "What fades: mask, the share of the weights that are out; structure, how many stay in; sr-ste, nothing, and \
           their gradient flows on.",
    kind: KnobKind::Choice { default: "mask", options: &["mask", "structure", "sr-ste"] },
};

impl Entry for NmLinear {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for NmLinear {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (n, m, inputs) = (node.knobs.size("n"), node.knobs.size("m"), linear::inputs(b, x));
        if n > m {
            return b.fault(format!("{n} of every {m} weights cannot stay"), "let n be at most m");
        }
        if !inputs.is_multiple_of(m) {
            let message = format!("{inputs} inputs do not divide into groups of {m}");
            return b.fault(message, "choose an m that divides the inputs");
        }
        let [before, over] = ["dense-steps", "decay-steps"].map(|id| node.knobs.size(id) as f32);
        let gone = progress(b, before, over);
        let decay = node.knobs.choice("decay");
        let mut out = None;
        let y = linear::weighted(node, b, x, |g, w| {
            let rank = ranks(g, w, m);
            if decay == "structure" {
                let kept = falling(g, gone, n, m);
                let mask = g.lt(rank, kept);
                return g.mul(w, mask);
            }
            let kept = g.constant(n as f32);
            let mask = g.lt(rank, kept);
            let one = g.constant(1.0);
            let rest = g.sub(one, mask);
            if decay == "sr-ste" {
                out = Some(g.mul(rest, w));
                let kept = g.mul(w, mask);
                let change = g.sub(kept, w);
                let change = g.detach(change);
                return g.add(w, change);
            }
            let share = g.sub(one, gone);
            let faint = g.mul(rest, share);
            let mask = g.add(mask, faint);
            g.mul(w, mask)
        });
        if let (Some(out), Mode::Train) = (out, b.mode) {
            let square = b.g.square(out);
            let total = b.g.total(square);
            let loss = b.g.scale(total, 0.5 * node.knobs.float("pull") as f32);
            b.penalise(loss);
        }
        y
    }
}

/// The share of the decay that is over, 0 to 1: `[]`.
fn progress(b: &mut Build, before: f32, over: f32) -> Value {
    let clock = b.clock;
    let steps = clock.steps(b.g);
    let (before, over) = (b.g.constant(before), b.g.constant(over));
    let since = b.g.sub(steps, before);
    let share = b.g.div(since, over);
    let (zero, one) = (b.g.constant(0.0), b.g.constant(1.0));
    let share = b.g.maximum(share, zero);
    b.g.minimum(share, one)
}

/// How many weights of a group of `m` stay: `m` before the decay, then half as many again and again, `n` at its end.
fn falling(g: &mut Graph, gone: Value, n: usize, m: usize) -> Value {
    let halvings = (m as f32 / n as f32).log2().ceil();
    let turn = g.scale(gone, halvings);
    let turn = g.floor(turn);
    let exponent = g.scale(turn, -std::f32::consts::LN_2);
    let share = g.exp(exponent);
    let kept = g.scale(share, m as f32);
    // Half a unit keeps whole numbers away from where rounding would count.
    let half = g.constant(0.5);
    let kept = g.add(kept, half);
    let kept = g.floor(kept);
    let least = g.constant(n as f32);
    g.maximum(kept, least)
}

/// The place of every weight in its group of `m` by size, 0 for the largest: of the shape of `w [.., inputs, units]`.
fn ranks(g: &mut Graph, w: Value, m: usize) -> Value {
    let shape = g.shape(w).clone();
    let (inputs, units) = (shape[shape.rank() - 2], shape.last());
    let experts = shape.size() / (inputs * units).max(1);
    let size = g.abs(w);
    let size = g.reshape(size, [experts, inputs, units]);
    let size = g.transpose(size, &[0, 2, 1]);
    let groups = g.reshape(size, [experts, units, inputs / m, m]);
    let order = g.push(ArgSort { descending: true }, &[groups]);
    let rank = g.push(ArgSort { descending: false }, &[order]);
    let rank = g.reshape(rank, [experts, units, inputs]);
    let rank = g.transpose(rank, &[0, 2, 1]);
    let rank = g.detach(rank);
    g.reshape(rank, shape)
}
