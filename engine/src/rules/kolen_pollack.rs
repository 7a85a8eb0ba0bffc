//! Kolen-Pollack learning (Kolen and Pollack 1994; Akrout, Wilson, Humphreys, Lillicrap and Tweed 2019): the weights of
//! the way back learn beside those of the way forward, from the same two activities, and come to agree with them.
//!
//! With `y = x W` the weights of a stage, and `B` of the same shape, independent of `W` at first:
//!
//! ```text
//! ∂loss/∂x  is replaced by  ∂loss/∂y · Bᵀ
//! dW = xᵀ ∂loss/∂y + decay · W
//! dB = xᵀ ∂loss/∂y + decay · B
//! ```
//!
//! Both ends of a connection know both factors, so no weight is ever told another's value. Under plain or heavy-ball
//! gradient descent `B − W` follows nothing but its own decay, `(1 − rate · decay)ᵗ` without momentum. Under Adam the
//! two divide by nearly the same running size, and the smaller that is, the faster they meet. Biases and the first
//! stage, which have nothing on the way back, do not decay.

use super::way_back::{Crossing, Stand, decayed, random};
use super::{Credit, Needs, Rule, Task, way_back};
use crate::diagnostic::Diagnostic;
use crate::lesson::{Batch, Learn, Lesson, Update};
use crate::net::Net;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Weights on the way back that learn what the forward weights learn.
pub struct KolenPollack;

static META: Meta = Meta {
    id: "kolen-pollack",
    name: "Kolen-Pollack",
    help: "The error travels back through weights of its own, which get the same changes as the forward weights.",
    source: "Kolen and Pollack 1994; Akrout et al. 2019",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "decay",
        name: "Decay",
        help: "Adds this much of each weight, forward and backward, to its gradient: both forget how they began.",
        kind: KnobKind::Float { default: 1e-4, min: 0.0, max: 1.0, live: true },
    },
    Knob {
        id: "hidden-rate",
        name: "Hidden stages' rate",
        help: "Factor on the learning rate for the hidden stages.",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 100.0, live: false },
    },
];

impl Entry for KolenPollack {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for KolenPollack {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, _: &Knobs) -> Needs {
        Needs { transposed_weights: false, ..way_back::NEEDS }
    }

    fn any_answer(&self) -> bool {
        true
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        way_back::fits(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let stand = |cx: &mut Learn, crossing: Crossing| {
            let slot = random(cx, crossing.slot);
            Stand::Weight(cx.g.read(slot))
        };
        let way_back::Returned { mut lesson, stood } = way_back::learn(cx, batch, stand);
        let decay = cx.live("decay");
        for (crossing, _, at) in stood {
            let forward = lesson.updates[at];
            let back = Update { slot: random(cx, crossing.slot), ..forward };
            lesson.updates[at] = decayed(cx, forward, decay);
            lesson.updates.push(decayed(cx, back, decay));
        }
        lesson
    }
}
