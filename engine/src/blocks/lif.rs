//! Leaky integrate-and-fire neurons: a potential that leaks, fires at a threshold, and starts again,
//!
//! ```text
//! u_t = (1 − 1/τ) u_{t−1} + x_t,   s_t = [u_t > θ],   then u_t ← 0 or u_t − θ where s_t = 1
//! ```
//!
//! as in Hammouamri et al. 2023. A spike has no derivative, so one is put in its place (Neftci et al. 2019): the value
//! is `s + (soft − detach(soft))`, whose number is that of the spike and whose derivative is that of `soft(u − θ)`. The
//! reset passes no derivative (Zenke and Vogels 2021).

use super::unroll::{self, OUTPUT};
use super::{Block, Takes};
use crate::ir::{Graph, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// One neuron for each feature of `[B, T, D]`, whose values are the currents into it: to spikes or potentials
/// `[B, T, D]`, or `[B, D]`. It has no weights: `linear` or `delays` before it are its synapses.
pub struct Lif;

static META: Meta = Meta {
    id: "lif",
    name: "Spiking neurons",
    help: "Sums up what flows in while it leaks away, and fires when there is enough of it.",
    source: "Lapicque 1907; Neftci et al. 2019; Hammouamri et al. 2023",
};

static KNOBS: [Knob; 7] = [
    Knob {
        id: "tau",
        name: "Time constant",
        help: "Places after which what flowed in has leaked away for the most part.",
        kind: KnobKind::Float { default: 2.0, min: 1.0, max: 1000.0, live: false },
    },
    Knob {
        id: "threshold",
        name: "Threshold",
        help: "The potential above which a neuron fires.",
        kind: KnobKind::Float { default: 1.0, min: 0.001, max: 1000.0, live: false },
    },
    Knob {
        id: "reset",
        name: "Reset",
        help: "After a spike the potential is zero, or less by the threshold (subtract).",
        kind: KnobKind::Choice { default: "zero", options: &["zero", "subtract"] },
    },
    Knob {
        id: "surrogate",
        name: "Surrogate",
        help: "The curve whose slope stands in for that of a spike.",
        kind: KnobKind::Choice { default: "atan", options: &["atan", "sigmoid", "fast-sigmoid"] },
    },
    Knob {
        id: "steepness",
        name: "Steepness",
        help: "How narrow the range around the threshold is in which the slope counts.",
        kind: KnobKind::Float { default: 5.0, min: 0.01, max: 100.0, live: false },
    },
    Knob {
        id: "gives",
        name: "Gives",
        help: "spikes: 1 where it fires, else 0; potential: it never fires, and shows its potential.",
        kind: KnobKind::Choice { default: "spikes", options: &["spikes", "potential"] },
    },
    OUTPUT,
];

impl Entry for Lif {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Lif {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [batch, _, features]) = match super::sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let knobs = &node.knobs;
        let [tau, threshold, steepness] = ["tau", "threshold", "steepness"].map(|id| knobs.float(id) as f32);
        let (curve, subtract) = (knobs.choice("surrogate"), knobs.choice("reset") == "subtract");
        let rest = unroll::zeros(b.g, [batch, features]);
        let leak = |g: &mut Graph, x, u| {
            let left = g.scale(u, 1.0 - 1.0 / tau);
            g.add(left, x)
        };
        if knobs.choice("gives") == "potential" {
            return unroll::along(node, b.g, [x], [rest], |g, [x], [u]| [leak(g, x, u)]);
        }
        unroll::along(node, b.g, [x], [rest; 2], |g, [x], [_, u]| {
            let u = leak(g, x, u);
            let bound = g.constant(threshold);
            let above = g.sub(u, bound);
            let hard = g.step(above);
            let soft = soft(g, above, curve, steepness);
            let held = g.detach(soft);
            // In this order the two cancel to exactly nothing.
            let slope = g.sub(soft, held);
            let spike = g.add(hard, slope);
            let fallen = if subtract { bound } else { u };
            let fallen = g.mul(hard, fallen);
            [spike, g.sub(u, fallen)]
        })
    }
}

/// A smooth step of `x` whose derivative is, with steepness α: atan `α/2 / (1 + (π α x / 2)²)`, sigmoid
/// `α σ(αx) (1 − σ(αx))`, fast-sigmoid `1 / (1 + α|x|)²`.
fn soft(g: &mut Graph, x: Value, curve: &str, steepness: f32) -> Value {
    let one = g.constant(1.0);
    match curve {
        "sigmoid" => {
            let x = g.scale(x, steepness);
            g.sigmoid(x)
        }
        "fast-sigmoid" => {
            let size = g.abs(x);
            let size = g.scale(size, steepness);
            let below = g.add(size, one);
            g.div(x, below)
        }
        _ => {
            // There is no arc tangent among the operations; its slope is enough, since its value never counts.
            let wide = g.scale(x, steepness * std::f32::consts::FRAC_PI_2);
            let square = g.square(wide);
            let below = g.add(square, one);
            let slope = g.recip(below);
            let slope = g.scale(slope, steepness / 2.0);
            let slope = g.detach(slope);
            g.mul(slope, x)
        }
    }
}
