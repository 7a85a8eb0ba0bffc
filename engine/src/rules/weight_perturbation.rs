//! Weight perturbation (Jabri and Flower 1992; all weights at once: Spall 1992, Cauwenberghs 1993), which with many
//! directions is BAFFLE (Feng et al. 2023): the gradient from differences of the loss alone.
//!
//! With `K` directions `v_k` of mean 0 and variance 1 in every weight:
//!
//! ```text
//! forward:     d_k = (L(w + σ v_k) − L(w)) / σ
//! antithetic:  d_k = (L(w + σ v_k) − L(w − σ v_k)) / 2σ       without the terms of even order in σ
//! ∂L/∂w  is replaced by  1/K Σ_k d_k v_k
//! ```
//!
//! The network is a closed box: a number comes out for each set of weights that goes in. Whoever knows the seed can draw
//! `v_k` again, so that BAFFLE's clients send `K` numbers instead of a gradient, and nothing of the network is kept.
//! BAFFLE has σ = 10⁻⁴; at that size a difference of 32-bit losses is exact to about a part in a thousand.

use super::directions::{self, DIRECTIONS, DRAWN, Search, Space};
use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::lesson::{Batch, Learn, Lesson};
use crate::net::Net;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Differences of the loss under noise on every weight.
pub struct WeightPerturbation;

static META: Meta = Meta {
    id: "weight-perturbation",
    name: "Weight perturbation",
    help: "Changes all weights a little at random, sees what becomes of the loss, and goes that far the better way.",
    source: "Jabri and Flower 1992; Cauwenberghs 1993; BAFFLE: Feng et al. 2023",
};

static KNOBS: [Knob; 5] = [
    Knob { kind: KnobKind::Int { default: 16, min: 1, max: 4096 }, ..DIRECTIONS },
    DRAWN,
    directions::sigma(0.001, "How far each weight is changed, as a standard deviation."),
    directions::ANTITHETIC,
    Knob {
        id: "rate",
        name: "Rate",
        help: "Factor on the learning rate: the estimate varies far more than a gradient does.",
        kind: KnobKind::Float { default: 0.3, min: 0.0, max: 100.0, live: false },
    },
];

impl Entry for WeightPerturbation {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for WeightPerturbation {
    fn credit(&self) -> Credit {
        Credit::Scalar
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        let count = knobs.size("directions") as u32;
        Needs {
            // With and without the noise, or with both signs of it, for each direction; and once to answer.
            passes: if knobs.bool("antithetic") { 2 * count + 1 } else { count + 2 },
            ..directions::NEEDS
        }
    }

    fn any_answer(&self) -> bool {
        true
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let (stages, kind) = (cx.net.stages.len(), directions::kind(cx));
        let (search, forward) = Search::new(cx, Space::Weights, kind, batch.x, stages);
        let mean = directions::by_differences(cx, &search, &forward, batch.target);
        directions::lesson(cx, &search, mean, forward, batch.target, "answer to the change")
    }
}
