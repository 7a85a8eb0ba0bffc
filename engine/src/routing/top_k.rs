//! The few best experts: sparse routing.
//!
//! With `l = x W`, `K` the indices of the `k` largest `l + b`, and `P = softmax(l)` over all experts (Mixtral: Jiang et
//! al. 2024):
//!
//! ```text
//! weights = softmax(l[K])
//! ```
//!
//! For `k = 1` that is 1 whatever the router says, so that nothing would teach it: there the raw probability `P[K]`
//! counts (Switch: Fedus et al. 2022).
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
//! The balancing loss is Switch's, `E Σᵢ fᵢ mean(Pᵢ)`, 1 when all receive the same. Its gradient goes on when the task
//! has nothing left to teach, and an optimizer that divides by the gradient's size (Adam) then walks the router along
//! it; it is off by default.

use super::{Assignment, Choice, Routing, Rows};
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

static KNOBS: [Knob; 4] = [
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
    Knob {
        id: "balance",
        name: "Balance",
        help: "Weight of the loss that is least when all experts receive the same number of samples (Fedus et al. \
               2022). Its gradient disturbs what the router learns of the task.",
        kind: KnobKind::Float { default: 0.0, min: 0.0, max: 10.0, live: false },
    },
    Knob {
        id: "jitter",
        name: "Jitter",
        help: "While training, the router sees its input times random numbers within 1 ± this.",
        kind: KnobKind::Float { default: 0.0, min: 0.0, max: 1.0, live: false },
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
        if k > experts {
            let fault = b.fault(format!("{k} experts for each sample of only {experts}"), "lower k or add experts");
            return Assignment::fault(fault);
        }
        let seen = jittered(b, rows.x, knobs.float("jitter") as f32);
        let logits = b.matmul("router", seen, experts, 1.0);
        let distribution = b.g.softmax(logits);
        let index = choice(b, logits, k, knobs.float("bias-rate") as f32);
        let hit = b.g.one_hot(index, experts);
        let picked = if k == 1 { distribution } else { logits };
        let batch = b.g.shape(rows.x)[0];
        let picked = b.g.reshape(picked, [batch, 1, experts]);
        let picked = b.g.mul(hit, picked);
        let picked = b.g.sum(picked, &[2]);
        let picked = b.g.reshape(picked, [batch, k]);
        let weights = if k == 1 { picked } else { b.g.softmax(picked) };
        let balance = knobs.float("balance") as f32;
        if balance > 0.0 {
            let loss = imbalance(b, hit, distribution);
            let loss = b.g.scale(loss, balance);
            b.penalise(loss);
        }
        Assignment { choice: Choice::ByRow { experts: index, weights }, distribution }
    }
}

/// The `k` experts of largest logit and bias `[B, k]`. While training, the bias moves by `rate` against the imbalance;
/// where all experts are chosen there is none to mend.
fn choice(b: &mut Build, logits: Value, k: usize, rate: f32) -> Value {
    let experts = b.g.shape(logits).last();
    if rate == 0.0 || k == experts {
        return b.g.top_k(logits, k);
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
    index
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

/// `E Σᵢ fᵢ mean(Pᵢ)` of the choices `hit [B, k, E]` and the probabilities `[B, E]`: `[]`.
fn imbalance(b: &mut Build, hit: Value, distribution: Value) -> Value {
    let &[_, _, experts] = &**b.g.shape(hit) else { return hit };
    let share = b.g.mean(hit, &[0, 1]);
    let share = b.g.reshape(share, [1, experts]);
    let likely = b.g.mean(distribution, &[0]);
    let product = b.g.dot(share, likely);
    b.g.scale(product, experts as f32)
}
