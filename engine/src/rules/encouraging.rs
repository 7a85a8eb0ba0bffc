//! Encouraging loss (Zhao et al. 2022): examples that are already right go on teaching.
//!
//! With `p` the probability that softmax gives the true class, and `q = 1 − p`:
//!
//! ```text
//! L = −ln p + bonus · ln q                          minimised in the place of the cross-entropy −ln p
//! ```
//!
//! On the logit of the true class the cross-entropy pulls with `−q`, which fades as an example is learnt; the bonus adds
//! `−p`, so that together they pull with −1 always. `ln q` has no bound: from the probability `LE` on, the straight line
//! that touches it there goes on in its place (the paper's conservative form), in any case from `q = 10⁻⁵` on.
//! Everything else is backpropagation. The loss shown stays the cross-entropy.

use super::{Credit, Loss, Needs, Rule, Task, backprop, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::Value;
use crate::lesson::{Batch, Learn, Lesson, Signal, Update};
use crate::net::Net;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// The exact gradient of a loss that rewards being sure.
pub struct Encouraging;

static META: Meta = Meta {
    id: "encouraging-loss",
    name: "Encouraging loss",
    help: "Backpropagation of a loss with a bonus for being right, so that well-classified examples go on teaching.",
    source: "Zhao, Yang, Ren, Li, Wu and Sun 2022",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "bonus",
        name: "Bonus",
        help: "Weight of the bonus; 0 is the plain cross-entropy.",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 1.0, live: true },
    },
    Knob {
        id: "until",
        name: "Up to",
        help: "Probability of the true class from where on the bonus grows along a straight line; 1 is the full bonus.",
        kind: KnobKind::Float { default: 0.75, min: 0.0, max: 1.0, live: true },
    },
];

impl Entry for Encouraging {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for Encouraging {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, _: &Knobs) -> Needs {
        backprop::NEEDS
    }

    fn shares(&self) -> bool {
        true
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        if task.loss != Loss::CrossEntropy {
            return Err(Diagnostic::new(
                "",
                "the bonus is on a probability, which the squared error has none of",
                "choose the cross-entropy loss, or backpropagation",
            ));
        }
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let mut wrong = batch.target;
        let descent = backprop::descent(cx, batch, |cx, logits, loss| {
            wrong = doubt(cx, logits, batch.target);
            let bonus = bonus(cx, wrong);
            let weight = cx.live("bonus");
            let bonus = cx.g.mul(weight, bonus);
            cx.g.add(loss, bonus)
        });
        let updates = descent.slots.iter().zip(&descent.gradients);
        let updates = updates.map(|(&slot, &gradient)| Update { slot, gradient, rate: 1.0 }).collect();
        let mean = cx.g.mean_all(wrong);
        let signals = vec![Signal { name: "doubt about the true class", stage: cx.net.stages.len(), value: mean }];
        let logits = descent.forward.logits();
        Lesson { signals, ..descent.forward.lesson(descent.loss, logits, updates) }
    }
}

/// The probability of all classes but the true one, for each sample: `[B, 1]`. Summed up rather than taken from 1, which
/// would lose what is left of it when an example is nearly learnt.
fn doubt(cx: &mut Learn, logits: Value, target: Value) -> Value {
    let likely = cx.g.softmax(logits);
    let zero = cx.g.constant(0.0);
    let others = cx.g.select(target, zero, likely);
    cx.g.sum(others, &[1])
}

/// The mean of `ln q` over the batch, below the bound along its tangent there: `[]`.
fn bonus(cx: &mut Learn, q: Value) -> Value {
    let until = cx.live("until");
    let g = &mut *cx.g;
    let (one, least) = (g.constant(1.0), g.constant(1e-5));
    let bound = g.sub(one, until);
    let bound = g.maximum(bound, least);
    // Each of the two is finite where the other is taken.
    let inside = g.maximum(q, bound);
    let curve = g.ln(inside);
    let beyond = g.minimum(q, bound);
    let beyond = g.sub(beyond, bound);
    let line = g.div(beyond, bound);
    let sum = g.add(curve, line);
    g.mean_all(sum)
}
