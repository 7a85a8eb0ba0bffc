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
use crate::lesson::{Batch, Forward, Learn, Lesson, Update};
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
        NEEDS
    }

    fn published(&self) -> &'static str {
        "99.09 % on MNIST with LeNet, 60,000 digits (biotorch)"
    }

    fn any_answer(&self) -> bool {
        true
    }

    fn shares(&self) -> bool {
        true
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let descent = descent(cx, batch, |_, _, loss| loss);
        let updates = descent.slots.iter().zip(&descent.gradients);
        let updates = updates.map(|(&slot, &gradient)| Update { slot, gradient, rate: 1.0 }).collect();
        let logits = descent.forward.logits();
        descent.forward.lesson(descent.loss, logits, updates)
    }
}

/// What it asks for, and with it every rule that goes by the exact gradient.
pub const NEEDS: Needs = Needs {
    transposed_weights: true,
    global_error: true,
    stored_activities: true,
    labels_at_stages: false,
    derivatives: true,
    parallel_stages: false,
    passes: 2,
};

/// A pass forward and back.
pub struct Descent {
    pub forward: Forward,
    /// The task's loss: `[]`.
    pub loss: Value,
    /// What is minimised: `[]`.
    pub objective: Value,
    pub slots: Vec<SlotId>,
    /// Of the objective, for each slot.
    pub gradients: Vec<Value>,
}

/// The exact gradient of what `minimised` makes of logits and task's loss, with the auxiliary losses of all stages.
pub fn descent(cx: &mut Learn, batch: Batch, minimised: impl FnOnce(&mut Learn, Value, Value) -> Value) -> Descent {
    let forward = cx.series(Mode::Train, batch.x);
    let logits = forward.logits();
    let loss = cx.loss(logits, batch.target);
    let objective = minimised(cx, logits, loss);
    let objective = forward.passes.iter().fold(objective, |sum, pass| cx.penalised(sum, pass));
    let mut slots: Vec<SlotId> = Vec::new();
    for slot in forward.passes.iter().flat_map(|p| p.params.iter().copied()) {
        // A weight that several stages use has one gradient: the sum over its uses.
        if !slots.contains(&slot) {
            slots.push(slot);
        }
    }
    let weights: Vec<Value> = slots.iter().map(|&slot| cx.g.read(slot)).collect();
    let gradients = ad::gradients(cx.g, objective, &weights, &ad::Exact);
    Descent { forward, loss, objective, slots, gradients }
}
