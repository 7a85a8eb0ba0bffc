//! Adam and AdamW.
//!
//! With gradient `g`, step `t` from 1 and rate `η` (Kingma and Ba 2015):
//!
//! ```text
//! m ← β₁ m + (1 − β₁) g          v ← β₂ v + (1 − β₂) g²
//! w ← w − η (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
//! ```
//!
//! Adam adds `decay · w` to `g` first; AdamW (Loshchilov and Hutter 2019) leaves `g` alone and takes `η · decay · w`
//! from the weight.

use super::{Optim, Optimizer, weight_decay};
use crate::ir::{SlotId, Value};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Steps scaled by the gradient's own running size, weight decay through the gradient.
pub struct Adam;

/// The same with decoupled weight decay.
pub struct AdamW;

static ADAM: Meta = Meta {
    id: "adam",
    name: "Adam",
    help: "Scales the step of each weight by the size that its gradients have had.",
    source: "Kingma and Ba 2015",
};

static ADAM_W: Meta = Meta {
    id: "adamw",
    name: "AdamW",
    help: "Adam whose weight decay acts on the weight itself and not through the gradient.",
    source: "Loshchilov and Hutter 2019",
};

const BETA_1: Knob = Knob {
    id: "beta-1",
    name: "Beta 1",
    help: "Memory of the mean of the gradients.",
    kind: KnobKind::Float { default: 0.9, min: 0.0, max: 0.9999, live: true },
};

const BETA_2: Knob = Knob {
    id: "beta-2",
    name: "Beta 2",
    help: "Memory of the mean square of the gradients.",
    kind: KnobKind::Float { default: 0.999, min: 0.0, max: 0.99999, live: true },
};

const EPSILON: Knob = Knob {
    id: "epsilon",
    name: "Epsilon",
    help: "Added to the root of the mean square, so that nothing is divided by zero.",
    kind: KnobKind::Float { default: 1e-8, min: 1e-10, max: 1.0, live: true },
};

static KNOBS: [Knob; 4] =
    [BETA_1, BETA_2, EPSILON, weight_decay(0.0, "Adds this much of each weight to its gradient.")];

static KNOBS_W: [Knob; 4] = [
    BETA_1,
    BETA_2,
    EPSILON,
    weight_decay(0.01, "Takes this share of each weight, times the learning rate, at every step."),
];

impl Entry for Adam {
    fn meta(&self) -> &'static Meta {
        &ADAM
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Entry for AdamW {
    fn meta(&self) -> &'static Meta {
        &ADAM_W
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS_W
    }
}

impl Optimizer for Adam {
    fn rate(&self) -> f64 {
        0.001
    }

    fn update(&self, cx: &mut Optim, slot: SlotId, gradient: Value, rate: Value) -> Vec<(SlotId, Value)> {
        let decay = cx.live("weight-decay");
        let weight = cx.g.read(slot);
        let shrink = cx.g.mul(decay, weight);
        let gradient = cx.g.add(gradient, shrink);
        moments(cx, slot, gradient, rate, weight)
    }
}

impl Optimizer for AdamW {
    fn rate(&self) -> f64 {
        0.001
    }

    fn update(&self, cx: &mut Optim, slot: SlotId, gradient: Value, rate: Value) -> Vec<(SlotId, Value)> {
        let decay = cx.live("weight-decay");
        let weight = cx.g.read(slot);
        let share = cx.g.mul(rate, decay);
        let shrink = cx.g.mul(share, weight);
        let rest = cx.g.sub(weight, shrink);
        moments(cx, slot, gradient, rate, rest)
    }
}

/// The step of both, taken from `from`.
fn moments(cx: &mut Optim, slot: SlotId, gradient: Value, rate: Value, from: Value) -> Vec<(SlotId, Value)> {
    let (beta_1, beta_2, epsilon) = (cx.live("beta-1"), cx.live("beta-2"), cx.live("epsilon"));
    let (mean_slot, mean) = cx.memory("adam/m", slot);
    let (square_slot, square) = cx.memory("adam/v", slot);
    let one = cx.g.constant(1.0);
    let (share_1, share_2) = (cx.g.sub(one, beta_1), cx.g.sub(one, beta_2));
    let mean = cx.blend(mean, gradient, share_1);
    let squared = cx.g.square(gradient);
    let square = cx.blend(square, squared, share_2);
    let (right_1, right_2) = (correction(cx, beta_1), correction(cx, beta_2));
    let step = cx.g.div(rate, right_1);
    let spread = cx.g.div(square, right_2);
    let spread = cx.g.sqrt(spread);
    let spread = cx.g.add(spread, epsilon);
    let scaled = cx.g.mul(step, mean);
    let change = cx.g.div(scaled, spread);
    let next = cx.g.sub(from, change);
    vec![(slot, next), (mean_slot, mean), (square_slot, square)]
}

/// `1 − βᵗ`, from the step counter: a power of 0 is taken of a number just above it.
fn correction(cx: &mut Optim, beta: Value) -> Value {
    let least = cx.g.constant(1e-30);
    let base = cx.g.maximum(beta, least);
    let log = cx.g.ln(base);
    let power = cx.g.mul(cx.count, log);
    let power = cx.g.exp(power);
    let one = cx.g.constant(1.0);
    cx.g.sub(one, power)
}
