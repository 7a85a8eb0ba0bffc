//! Learning rules: how credit reaches the weights. One file each in `rules/`, one line in [`RULES`].
//!
//! A rule says what a step *learns*: for each weight, the direction that an optimizer then follows. Fetching batches,
//! optimizers, evaluation and probes are the same for every rule and live in [`crate::lab`].

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Init, Role, Shape, Slot, SlotId, Value};
use crate::net::{Build, Clock, Mode, Net, Tap};
use crate::registry::{Entry, Knobs};

/// What the read-out is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Of the softmax of the logits against the label, mean over the batch.
    CrossEntropy,
    /// Of the logits against the one-hot label, mean over batch and outputs.
    MeanSquared,
}

/// What is to be learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Shape of one sample.
    pub input: Shape,
    pub classes: usize,
    pub loss: Loss,
    /// Samples in one step.
    pub batch: usize,
}

/// What a rule is given to build one step or one prediction.
pub struct Learn<'a> {
    pub g: &'a mut Graph,
    pub net: &'a Net,
    pub task: &'a Task,
    pub knobs: &'a Knobs,
    pub clock: Clock,
}

/// One batch: `x [B, …]`, `labels [B]` and the same as rows `target [B, classes]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    pub x: Value,
    pub labels: Value,
    pub target: Value,
}

/// The direction a weight is to move against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Update {
    pub slot: SlotId,
    /// A gradient, or what the rule has in its place; of the weight's shape.
    pub gradient: Value,
    /// Factor on the learning rate for this weight.
    pub rate: f32,
}

/// What one step learns.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// The figure that the page shows as training loss: `[]`.
    pub loss: Value,
    /// The network's answer to the batch: `[B, classes]`.
    pub logits: Value,
    pub updates: Vec<Update>,
    /// Other registers the step writes: running statistics, the rule's own state.
    pub writes: Vec<(SlotId, Value)>,
    pub taps: Vec<Tap>,
}

/// A learning rule.
pub trait Rule: Entry {
    /// Whether the rule can teach this network this task.
    ///
    /// # Errors
    /// The reason, with the place and the mend.
    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic>;

    /// Builds what one step learns from `batch`.
    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson;

    /// Builds the network's answer to `x [B, …]`: logits `[B, classes]`.
    fn predict(&self, cx: &mut Learn, x: Value) -> Value {
        let net = cx.net;
        let passes = net.forward(&mut cx.build(Mode::Eval), x);
        passes.last().map_or(x, |p| p.output)
    }
}

pub const RULES: &[&dyn Rule] = &[];

impl Learn<'_> {
    pub fn build(&mut self, mode: Mode) -> Build<'_> {
        Build::new(self.g, mode, self.clock, self.net.outputs)
    }

    /// The task's loss `[]` of `logits [B, classes]`.
    pub fn loss(&mut self, logits: Value, target: Value) -> Value {
        match self.task.loss {
            Loss::CrossEntropy => {
                let rows = self.g.cross_entropy(logits, target);
                self.g.mean_all(rows)
            }
            Loss::MeanSquared => {
                let d = self.g.sub(logits, target);
                let s = self.g.square(d);
                self.g.mean_all(s)
            }
        }
    }

    /// The value of a live knob: a register, so that it can change while the program runs.
    pub fn live(&mut self, knob: &str) -> Value {
        let value = self.knobs.float(knob) as f32;
        let name = format!("rule/{knob}");
        let slot =
            self.g.declare(Slot { name, role: Role::Knob, shape: Shape::default(), init: Init::Constant(value) });
        self.g.read(slot)
    }

    /// A fixed random register of the rule's own.
    pub fn feedback(&mut self, name: &str, shape: impl Into<Shape>, init: Init) -> Value {
        let slot = Slot { name: format!("rule/{name}"), role: Role::Feedback, shape: shape.into(), init };
        let slot = self.g.declare(slot);
        self.g.read(slot)
    }
}
