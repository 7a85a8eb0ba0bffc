//! Blockwise learning rate (Wang et al. 2025): blocks of different kinds are of different sharpness, and those along
//! which the loss is flatter can learn faster.
//!
//! The sharpness of a group of weights is the mean of the Hessian's diagonal over it. In transformers the paper finds it
//! smallest for embeddings and largest for norms, with the ratio of learning rates set to match: embeddings 10, queries
//! and keys 8, feed-forward layers 6, values and outputs 4, norms 1. The order shows early and stays, so that the factors
//! are fixed: they are not computed while training.
//!
//! Here the kinds are those of our blocks, with the feed-forward layers' rate as the unit: the first stage, where an
//! embedding would be, 10/6; norms 1/6; all others 1. Whether a network at hand has that order is to be seen from what
//! the rule shows: for each stage `vᵀ H v / n` over its own `n` weights, `v` of random signs, whose mean is the
//! sharpness (Hutchinson 1989). Everything else is backpropagation.

use super::directions::{self, Kind, Place};
use super::{Credit, Needs, Rule, Task, backprop, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::Value;
use crate::lesson::{Batch, Learn, Lesson, Signal, Update};
use crate::net::Net;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// The exact gradient, at a rate for each kind of block.
pub struct Blockwise;

static META: Meta = Meta {
    id: "blockwise-rate",
    name: "Blockwise learning rate",
    help: "Backpropagation with a learning rate for each kind of block: the flatter the loss along it, the higher.",
    source: "Wang, Wang, Zhou, Yan, E and Wu 2025",
};

const fn factor(id: &'static str, name: &'static str, help: &'static str, default: f64) -> Knob {
    Knob { id, name, help, kind: KnobKind::Float { default, min: 0.0, max: 100.0, live: false } }
}

static KNOBS: [Knob; 4] = [
    factor(
        "first",
        "First stage",
        "Factor on the learning rate for the weights of the first stage but its norms.",
        1.667,
    ),
    factor(
        "hidden",
        "Hidden stages",
        "Factor on the learning rate for the weights between the first and last stage.",
        1.0,
    ),
    factor("read-out", "Read-out", "Factor on the learning rate for the weights of the last stage but its norms.", 1.0),
    factor(
        "norm",
        "Norms",
        "Factor on the learning rate for the scales and shifts of norms, wherever they are.",
        0.167,
    ),
];

impl Entry for Blockwise {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for Blockwise {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, _: &Knobs) -> Needs {
        backprop::NEEDS
    }

    fn published(&self) -> &'static str {
        "nearly twice as fast as AdamW on transformers of 0.12 to 1.1 billion weights (its abstract)"
    }

    fn any_answer(&self) -> bool {
        true
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let descent = backprop::descent(cx, batch, |_, _, loss| loss);
        let mut updates = Vec::new();
        let mut signals = Vec::new();
        let last = descent.forward.passes.len() - 1;
        for (stage, pass) in descent.forward.passes.iter().enumerate() {
            let own: Vec<usize> =
                (0..descent.slots.len()).filter(|&i| pass.params.contains(&descent.slots[i])).collect();
            let mut places = Vec::new();
            let mut gradients = Vec::new();
            for &i in &own {
                let (slot, gradient) = (descent.slots[i], descent.gradients[i]);
                let name = cx.g.slot(slot).name.clone();
                let kind = match stage {
                    _ if is_norm(&name) => "norm",
                    0 => "first",
                    stage if stage == last => "read-out",
                    _ => "hidden",
                };
                updates.push(Update { slot, gradient, rate: cx.knobs.float(kind) as f32 });
                places.push(Place { name, value: cx.g.read(slot), slots: vec![slot] });
                gradients.push(gradient);
            }
            if !places.is_empty() {
                let value = sharpness(cx, &places, &gradients);
                signals.push(Signal { name: "sharpness", stage: stage + 1, value });
            }
        }
        let logits = descent.forward.logits();
        Lesson { signals, ..descent.forward.lesson(descent.loss, logits, updates) }
    }
}

/// Whether a weight of this name belongs to a block that normalises: `2/3.layer-norm/scale`.
fn is_norm(name: &str) -> bool {
    name.rsplit('/').nth(1).is_some_and(|block| block.ends_with("-norm"))
}

/// The curvature along random signs over the weights of `places`, whose gradients these are, for each weight: `[]`.
fn sharpness(cx: &mut Learn, places: &[Place], gradients: &[Value]) -> Value {
    let mut direction = Vec::new();
    let mut along = cx.g.constant(0.0);
    let mut count = 0;
    for (place, &gradient) in places.iter().zip(gradients) {
        let signs = directions::noise(cx, &place.name, Kind::Sign, place.value, None);
        let part = cx.g.dot(gradient, signs);
        along = cx.g.add(along, part);
        count += cx.g.shape(signs).size();
        direction.push((place.value, signs));
    }
    let bent = directions::slope(cx, along, &direction);
    cx.g.scale(bent, 1.0 / count.max(1) as f32)
}
