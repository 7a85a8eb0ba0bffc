//! The few best experts: sparse routing.
//!
//! With `l = x W`, `K` the indices of the `k` largest `l + b`, and `P = softmax(l)` over all experts, weights are shares
//! among the chosen (Mixtral: Jiang et al. 2024) or the raw probabilities (Switch: Fedus et al. 2022):
//!
//! ```text
//! chosen    weights = softmax(l[K])
//! all       weights = P[K]
//! ```
//!
//! For `k = 1` the former is 1 whatever the router says, so that nothing would teach it: left to itself, the routing takes
//! the latter there. Noisy gating (Shazeer et al. 2017, equation 4) adds noise of learned size while training:
//!
//! ```text
//! l = x W + normal · softplus(x V)
//! ```
//!
//! Two things keep experts from starving; `fᵢ` is the share of a step's assignments that expert `i` of `E` received.
//! The bias `b`, which has a say in the choice alone and is no business of any gradient, moves against the imbalance
//! after every step (Wang et al. 2024, the rule that is proportional to the violation), so that it rests once the loads
//! are even and its sum stays 0:
//!
//! ```text
//! bᵢ ← bᵢ + rate (1 − E fᵢ)
//! ```
//!
//! The other are the losses of `balance.rs`. Their gradient goes on when the task has nothing left to teach, and an
//! optimizer that divides by the gradient's size (Adam) then walks the router along it; they are off by default.

use super::load::{Noisy, expected};
use super::{Assignment, Routing, Rows, balance, capacity, too_many};
use crate::ir::{Init, Value};
use crate::net::{Build, Mode};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Softmax over the `k` experts of largest logit.
pub struct TopK;

static META: Meta = Meta {
    id: "top-k",
    name: "Top-k",
    help: "Each sample goes to the k experts that the router likes best; the others do no work for it.",
    source: "Shazeer et al. 2017; Fedus et al. 2022; Jiang et al. 2024 (Mixtral); Wang et al. 2024 (bias)",
};

static KNOBS: [Knob; 8] = [
    Knob {
        id: "k",
        name: "Experts per sample",
        help: "How many experts work on each sample. With one, the router's own probability is its weight (as in \
               Switch), since the share among one would be 1 and teach the router nothing.",
        kind: KnobKind::Int { default: 2, min: 1, max: 64 },
    },
    Knob {
        id: "bias-rate",
        name: "Bias rate",
        help: "How fast a number added to each expert's logit, for the choice alone, rises while the expert receives \
               less than an even share and falls while it receives more (Wang et al. 2024). No gradient is involved.",
        kind: KnobKind::Float { default: 0.1, min: 0.0, max: 10.0, live: false },
    },
    balance::KNOBS[0],
    balance::BY_NOISY,
    Knob {
        id: "jitter",
        name: "Jitter",
        help: "While training, the router sees its input times random numbers within 1 ± this.",
        kind: KnobKind::Float { default: 0.0, min: 0.0, max: 1.0, live: false },
    },
    Knob {
        id: "noise",
        name: "Noisy gating",
        help: "While training, noise is added to each expert's logit, whose size the router learns (Shazeer et al. 2017).",
        kind: KnobKind::Bool { default: false },
    },
    Knob {
        id: "normalise",
        name: "Weights among",
        help: "Whether an expert's weight is its share among the chosen (Mixtral) or its probability among all (Switch). \
               Auto takes the latter for a single expert, whose share would be 1 and teach the router nothing.",
        kind: KnobKind::Choice { default: "auto", options: &["auto", "chosen", "all"] },
    },
    Knob {
        id: "capacity",
        name: "Capacity",
        help: "Room at each expert, as a multiple of an even share; samples that come later are left out. 0 is room for all.",
        kind: KnobKind::Float { default: 0.0, min: 0.0, max: 8.0, live: false },
    },
];

impl Entry for TopK {
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

impl Routing for TopK {
    fn route(&self, knobs: &Knobs, b: &mut Build, rows: Rows, experts: usize) -> Assignment {
        let k = knobs.size("k");
        if let Some(fault) = too_many(b, k, experts) {
            return fault;
        }
        let seen = jittered(b, rows.x, knobs.float("jitter") as f32);
        if balance::of_loads(knobs) && !knobs.bool("noise") {
            let mend = "switch noisy gating on, or balance by something else";
            return Assignment::fault(b.fault("without noise no load can be expected", mend));
        }
        let clean = b.matmul("router", seen, experts, 1.0);
        let size = (knobs.bool("noise") && b.mode == Mode::Train).then(|| size(b, seen, experts));
        let logits = size.map_or(clean, |size| noisy(b, clean, size));
        let distribution = b.g.softmax(logits);
        let (index, bias) = choice(b, logits, k, knobs.float("bias-rate") as f32);
        let raw = match knobs.choice("normalise") {
            "auto" => k == 1,
            among => among == "all",
        };
        let weights = picked(b, if raw { distribution } else { logits }, index);
        let weights = if raw { weights } else { b.g.softmax(weights) };
        // Where all are chosen, the load is certain.
        let load = size.filter(|_| balance::of_loads(knobs) && k < experts).map(|size| {
            let [clean, noisy] = [clean, logits].map(|l| bias.map_or(l, |bias| b.g.add(l, bias)));
            expected(b, Noisy { clean, noisy, size }, k)
        });
        balance::penalise(b, knobs, [index, weights, distribution], load);
        match knobs.float("capacity") as f32 {
            0.0 => Assignment::by_row(index, weights, distribution),
            factor => {
                let each = capacity::room(factor, b.g.shape(index).size(), experts);
                capacity::limited(b, [index, weights, distribution], None, each)
            }
        }
    }
}

/// The elements `index [R, k]` of each row of `table [R, E]`.
pub fn picked(b: &mut Build, table: Value, index: Value) -> Value {
    let (&[rows, experts], &[_, k]) = (&**b.g.shape(table), &**b.g.shape(index)) else { return table };
    let hit = b.g.one_hot(index, experts);
    let table = b.g.reshape(table, [rows, 1, experts]);
    let picked = b.g.mul(hit, table);
    let picked = b.g.sum(picked, &[2]);
    b.g.reshape(picked, [rows, k])
}

/// The size of the noise, which the router learns from `x`. Its weights begin at 0, where the size is ln 2.
fn size(b: &mut Build, x: Value, experts: usize) -> Value {
    let size = b.matmul("noise", x, experts, 0.0);
    b.g.softplus(size)
}

/// `logits` with noise of this `size`.
fn noisy(b: &mut Build, logits: Value, size: Value) -> Value {
    let shape = b.g.shape(logits).clone();
    let noise = b.normal(&shape);
    let noise = b.g.mul(noise, size);
    b.g.add(logits, noise)
}

/// The `k` experts of largest logit and bias `[B, k]`, and the bias where there is one. While training, the bias moves by `rate` against the imbalance;
/// where all experts are chosen there is none to mend.
fn choice(b: &mut Build, logits: Value, k: usize, rate: f32) -> (Value, Option<Value>) {
    let experts = b.g.shape(logits).last();
    if rate == 0.0 || k == experts {
        return (b.g.top_k(logits, k), None);
    }
    let (slot, bias) = b.state("bias", vec![experts], Init::Constant(0.0));
    let favoured = b.g.add(logits, bias);
    let index = b.g.top_k(favoured, k);
    if b.mode == Mode::Train {
        let hit = b.g.one_hot(index, experts);
        let share = b.g.mean(hit, &[0, 1]);
        let share = b.g.reshape(share, [experts]);
        let load = b.g.scale(share, experts as f32);
        let even = b.g.constant(1.0);
        let lack = b.g.sub(even, load);
        let change = b.g.scale(lack, rate);
        let next = b.g.add(bias, change);
        b.keep(slot, next);
    }
    (index, Some(bias))
}

/// `x` times numbers from 1 − `by` to 1 + `by`, while training.
fn jittered(b: &mut Build, x: Value, by: f32) -> Value {
    if by == 0.0 || b.mode == Mode::Eval {
        return x;
    }
    let shape = b.g.shape(x).clone();
    let noise = b.uniform(&shape);
    let noise = b.g.scale(noise, 2.0 * by);
    let least = b.g.constant(1.0 - by);
    let factor = b.g.add(noise, least);
    b.g.mul(x, factor)
}
