//! Incremental predictive coding (Salvatori et al. 2024): the weights move at every iteration of the relaxation.
//!
//! Energy and activities are those of [`super::predictive_coding`]. Its two phases become one, in which everything moves
//! at once, on the values that everything had before:
//!
//! ```text
//! z_l ← z_l − γ ∂F/∂z_l          dW_l = ∂F/∂W_l          at each of the T steps for which a batch stays
//! ```
//!
//! The activities are remembered from step to step; at the first step of each batch they are the forward pass's. At
//! that step only the read-out has an error, so that with `T = 1` nothing but the read-out learns.

use super::predictive_coding::{Energy, STEP, descend, has_hidden, moved};
use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::{Init, SlotId};
use crate::lesson::{Batch, Learn, Lesson, Signal, Update};
use crate::net::{Mode, Net, Pass};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Activities and weights move together, without phases.
pub struct IncrementalPredictiveCoding;

static META: Meta = Meta {
    id: "incremental-predictive-coding",
    name: "Incremental predictive coding",
    help: "Activities and weights move together, at every step: no stage ever waits for the activities to settle.",
    source: "Salvatori et al. 2024",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "iterations",
        name: "Steps on a batch",
        help: "For how many steps one batch stays, while activities and weights move; more than there are hidden stages.",
        kind: KnobKind::Int { default: 4, min: 1, max: 255 },
    },
    Knob { kind: KnobKind::Float { default: 0.5, min: 0.0, max: 1.0, live: true }, ..STEP },
    Knob {
        id: "rate",
        name: "Weights' rate",
        help: "Factor on the learning rate: the weights move several times on the same batch.",
        kind: KnobKind::Float { default: 0.5, min: 0.0, max: 100.0, live: false },
    },
];

impl Entry for IncrementalPredictiveCoding {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for IncrementalPredictiveCoding {
    fn credit(&self) -> Credit {
        Credit::Neighbours
    }

    fn needs(&self, _: &Knobs) -> Needs {
        Needs {
            transposed_weights: true,
            global_error: true,
            stored_activities: true,
            labels_at_stages: false,
            derivatives: true,
            parallel_stages: true,
            // The network's own answer, the stages' predictions, and the errors sent back.
            passes: 3,
        }
    }

    fn hold(&self, knobs: &Knobs) -> u32 {
        u32::try_from(knobs.int("iterations")).unwrap_or(1)
    }

    fn published(&self) -> &'static str {
        "98.5 % on MNIST with two hidden layers of 64 units (its paper, at second hand)"
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        has_hidden(net)?;
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = cx.series(Mode::Train, batch.x);
        let hidden = &forward.passes[..forward.passes.len() - 1];
        let slots = remembered(cx, hidden);
        let (_, phase) = cx.clock.turns(cx.g, self.hold(cx.knobs));
        let mut activities = Vec::new();
        for (&slot, pass) in slots.iter().zip(hidden) {
            let before = cx.g.read(slot);
            let z = cx.g.select(phase, before, pass.output);
            activities.push(cx.g.detach(z));
        }
        let energy = Energy::new(cx, batch, &activities);
        let total = energy.unweighted(cx);
        let next = moved(cx, &energy, total);
        let rate = cx.knobs.float("rate") as f32;
        let updates = descend(cx, &energy).into_iter().map(|update| Update { rate, ..update }).collect();
        let mut signals = Vec::new();
        for (i, value) in energy.by_stage(cx).into_iter().enumerate() {
            signals.push(Signal { name: "energy", stage: i + 1, value });
        }
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        let mut lesson = Lesson { signals, ..forward.lesson(loss, logits, updates) };
        lesson.writes.extend(slots.into_iter().zip(next));
        lesson
    }
}

/// A memory of activities for each hidden stage of `passes`, 0 at first.
fn remembered(cx: &mut Learn, passes: &[Pass]) -> Vec<SlotId> {
    let declare = |(i, pass): (usize, &Pass)| {
        let shape = cx.g.shape(pass.output).clone();
        cx.memory(&format!("activity {}", i + 1), shape, Init::Constant(0.0))
    };
    passes.iter().enumerate().map(declare).collect()
}
