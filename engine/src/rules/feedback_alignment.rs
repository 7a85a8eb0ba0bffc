//! Feedback alignment (Lillicrap, Cownden, Tweed and Akerman 2016): the error travels back through fixed random weights
//! in the place of the transposes of those that the signals came forward through.
//!
//! With `y = x W` the weights of a stage, and a matrix `B` of the same shape that never changes:
//!
//! ```text
//! ∂loss/∂x  is replaced by  ∂loss/∂y · Bᵀ,     B as large as W is at first
//! ```
//!
//! Between stages alone: within one the chain rule holds, see [`way_back`]. A convolution's `B` has its kernel's shape
//! and serves every place alike. The weights come to align with `B` while they learn, so that what travels back becomes
//! useful. As with direct feedback, what is sent does not vanish where the loss is least over a stage's weights:
//! `hidden-rate` keeps the hidden stages from being driven too far.

use super::{Credit, Needs, Rule, Task, way_back};
use crate::diagnostic::Diagnostic;
use crate::lesson::{Batch, Learn, Lesson};
use crate::net::Net;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Fixed random weights on the way back.
pub struct FeedbackAlignment;

static META: Meta = Meta {
    id: "feedback-alignment",
    name: "Feedback alignment",
    help: "The error travels back stage by stage, but through random weights that are never learnt.",
    source: "Lillicrap, Cownden, Tweed and Akerman 2016",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "hidden-rate",
    name: "Hidden stages' rate",
    help: "Factor on the learning rate for the hidden stages, which random feedback easily drives too far.",
    kind: KnobKind::Float { default: 0.3, min: 0.0, max: 100.0, live: false },
}];

impl Entry for FeedbackAlignment {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for FeedbackAlignment {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, _: &Knobs) -> Needs {
        Needs { transposed_weights: false, ..way_back::NEEDS }
    }

    fn published(&self) -> &'static str {
        "98.30 % on MNIST with LeNet, 60,000 digits (biotorch)"
    }

    fn any_answer(&self) -> bool {
        true
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        way_back::fits(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let stand = |cx: &mut Learn, crossing: way_back::Crossing| {
            let slot = way_back::random(cx, crossing.slot);
            way_back::Stand::Weight(cx.g.read(slot))
        };
        way_back::learn(cx, batch, stand).lesson
    }
}
