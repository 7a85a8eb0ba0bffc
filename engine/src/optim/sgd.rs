//! Stochastic gradient descent.
//!
//! With gradient `g` (after adding `decay · w`), velocity `v`, momentum `μ` and rate `η` (Sutskever et al. 2013, in the
//! form that scales the velocity by the rate of the present step):
//!
//! ```text
//! v ← μ v + g
//! w ← w − η v               or, looking ahead (Nesterov):  w ← w − η (g + μ v)
//! ```

use super::{Optim, Optimizer, weight_decay};
use crate::ir::{SlotId, Value};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Gradient descent with momentum.
pub struct Sgd;

static META: Meta = Meta {
    id: "sgd",
    name: "SGD",
    help: "Steps against the gradient, with a memory of the steps before.",
    source: "Robbins and Monro 1951; momentum: Polyak 1964, Sutskever et al. 2013",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "momentum",
        name: "Momentum",
        help: "Share of the last step that is carried on.",
        kind: KnobKind::Float { default: 0.9, min: 0.0, max: 0.9999, live: true },
    },
    Knob {
        id: "nesterov",
        name: "Nesterov",
        help: "Looks ahead to where the momentum leads.",
        kind: KnobKind::Bool { default: false },
    },
    weight_decay(0.0, "Adds this much of each weight to its gradient."),
];

impl Entry for Sgd {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Optimizer for Sgd {
    fn rate(&self) -> f64 {
        0.05
    }

    fn update(&self, cx: &mut Optim, slot: SlotId, gradient: Value, rate: Value) -> Vec<(SlotId, Value)> {
        let (momentum, decay) = (cx.live("momentum"), cx.live("weight-decay"));
        let (velocity_slot, velocity) = cx.memory("sgd/velocity", slot);
        let weight = cx.g.read(slot);
        let shrink = cx.g.mul(decay, weight);
        let gradient = cx.g.add(gradient, shrink);
        let carried = cx.g.mul(momentum, velocity);
        let velocity = cx.g.add(carried, gradient);
        let direction = if cx.knobs.bool("nesterov") {
            let ahead = cx.g.mul(momentum, velocity);
            cx.g.add(gradient, ahead)
        } else {
            velocity
        };
        let change = cx.g.mul(rate, direction);
        let next = cx.g.sub(weight, change);
        vec![(slot, next), (velocity_slot, velocity)]
    }
}
