//! Greedy local classifiers (Belilovsky, Eickenberg and Oyallon 2019 and 2020; Nøkland and Eidnes 2019): every hidden
//! stage learns together with a small classifier of its own, and hands its output on without a way back.
//!
//! ```text
//! h_l = stage_l(detach(h_{l−1}))      loss_l = task's loss(classifier_l(h_l), label)
//! classifier_l(h) = h A + a                        head = linear
//! classifier_l(h) = relu(h A + a) B + b            head = mlp, `units` wide
//! ```
//!
//! All stages learn at the same time, in the same step. With a linear head, no bias and the cross-entropy this is
//! [`super::mono_forward`].

use super::local::{self, Greedy, Head};
use crate::ir::{Init, Value};
use crate::lesson::Learn;
use crate::net::Pass;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// An auxiliary classifier at every hidden stage.
pub struct LocalClassifiers;

static META: Meta = Meta {
    id: "local-classifiers",
    name: "Greedy local classifiers",
    help: "Each stage learns alone, for the sake of a small classifier attached to it that learns along.",
    source: "Belilovsky, Eickenberg and Oyallon 2019; Nøkland and Eidnes 2019",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "head",
        name: "Head",
        help: "linear: one matrix; mlp: a hidden layer in between, which asks less of the stage itself.",
        kind: KnobKind::Choice { default: "mlp", options: &["linear", "mlp"] },
    },
    Knob {
        id: "units",
        name: "Units",
        help: "Width of the hidden layer of an mlp head.",
        kind: KnobKind::Int { default: 64, min: 1, max: 1024 },
    },
    local::ANSWER,
];

impl Entry for LocalClassifiers {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Greedy for LocalClassifiers {
    fn head(&self, cx: &mut Learn, i: usize, pass: &Pass) -> Head {
        let mut at = local::rows(cx, pass.output);
        let mut weights = Vec::new();
        let mut layer = |cx: &mut Learn, name: &str, x: Value, units: usize| {
            let (y, weight) = local::linear(cx, &format!("head {}/{name}", i + 1), x, units);
            let bias = cx.own(&format!("head {}/{name} bias", i + 1), [units], Init::Constant(0.0));
            weights.extend([weight, bias]);
            let bias = cx.g.read(bias);
            cx.g.add(y, bias)
        };
        if cx.knobs.choice("head") == "mlp" {
            let units = cx.knobs.size("units");
            let inner = layer(cx, "hidden", at, units);
            at = cx.g.relu(inner);
        }
        let scores = layer(cx, "scores", at, cx.task.outputs);
        Head::new(scores, weights)
    }

    fn loss(&self, cx: &mut Learn, scores: Value, target: Value) -> Value {
        cx.loss(scores, target)
    }
}
