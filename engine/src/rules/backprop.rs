//! Backpropagation (Rumelhart, Hinton and Williams 1986): every weight follows the gradient of the loss, which travels
//! back through all stages by the chain rule.
//!
//! ```text
//! dW = ∂(loss + auxiliary losses of all stages) / ∂W
//! ```

use super::{Credit, Needs, Rule, Task, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{SlotId, Value};
use crate::lesson::{Batch, Learn, Lesson, Update};
use crate::net::{Mode, Net};
use crate::registry::{Entry, Knobs, Meta};

/// The exact gradient of the loss.
pub struct Backprop;

static META: Meta = Meta {
    id: "backprop",
    name: "Backpropagation",
    help: "The error travels back through every stage by the chain rule, so that each weight knows its exact share.",
    source: "Rumelhart, Hinton and Williams 1986",
};

impl Entry for Backprop {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Rule for Backprop {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, _: &Knobs) -> Needs {
        Needs {
            transposed_weights: true,
            global_error: true,
            stored_activities: true,
            labels_at_stages: false,
            derivatives: true,
            parallel_stages: false,
            passes: 2,
        }
    }

    fn published(&self) -> &'static str {
        "99.09 % on MNIST with LeNet, 60,000 digits (biotorch)"
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = cx.series(Mode::Train, batch.x);
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        let objective = forward.passes.iter().fold(loss, |sum, pass| cx.penalised(sum, pass));
        let slots: Vec<SlotId> = forward.passes.iter().flat_map(|p| p.params.iter().copied()).collect();
        let weights: Vec<Value> = slots.iter().map(|&slot| cx.g.read(slot)).collect();
        let gradients = ad::gradients(cx.g, objective, &weights, &ad::Exact);
        let updates = slots.iter().zip(gradients).map(|(&slot, gradient)| Update { slot, gradient, rate: 1.0 });
        let updates = updates.collect();
        forward.lesson(loss, logits, updates)
    }
}
