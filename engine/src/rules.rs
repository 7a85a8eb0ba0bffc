//! Learning rules: how credit reaches the weights. One file each in `rules/`, one line in [`RULES`].
//!
//! A rule says what a step *learns*: for each weight, the direction that an optimizer then follows. Fetching batches,
//! optimizers, evaluation and probes are the same for every rule and live in [`crate::lab`].

use serde::{Deserialize, Serialize};

use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Init, Role, Shape, Slot, SlotId, Value};
use crate::net::{Build, Clock, Mode, Net, Pass, Tap};
use crate::registry::{Entry, Knobs};

mod backprop;
mod direct_feedback;
mod forward_forward;

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

/// A pass of a batch through all stages, as a rule joins them.
#[derive(Debug, Clone, PartialEq)]
pub struct Forward {
    /// What each stage saw and gave; the last one gave the logits `[B, classes]`.
    pub passes: Vec<Pass>,
    /// Registers that a step must write: running statistics.
    pub writes: Vec<(SlotId, Value)>,
    pub taps: Vec<Tap>,
}

/// From where the credit of a hidden stage comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credit {
    /// From the stage behind it.
    Chain,
    /// Straight from the output.
    Direct,
    /// From its own output.
    Local,
}

/// A learning rule.
pub trait Rule: Entry {
    /// From where credit comes: the page draws it.
    fn credit(&self) -> Credit;

    /// Whether the rule can teach this network this task.
    ///
    /// # Errors
    /// The reason, with the place and the mend.
    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic>;

    /// Builds what one step learns from `batch`.
    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson;

    /// Passes `x [B, …]` through the network as the rule joins its stages; no label is known here.
    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        cx.series(mode, x)
    }

    /// Builds the network's answer to `x [B, …]`: logits `[B, classes]`.
    fn predict(&self, cx: &mut Learn, x: Value) -> Value {
        self.forward(cx, Mode::Eval, x).logits()
    }
}

pub const RULES: &[&dyn Rule] =
    &[&backprop::Backprop, &forward_forward::ForwardForward, &direct_feedback::DirectFeedback];

impl Forward {
    /// What the last stage gave. A network has at least one stage where [`Rule::fits`] has approved of it.
    pub fn logits(&self) -> Value {
        self.passes[self.passes.len() - 1].output
    }
}

/// Builds `rule`'s pass through the network in a graph of its own, to see whether every block fits and the last stage
/// reads out one number for each class.
///
/// # Errors
/// The first fault met.
fn try_out(rule: &dyn Rule, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
    if net.stages.is_empty() {
        return Err(Diagnostic::new("", "the network has no stage", "add a stage that ends in a linear block"));
    }
    let mut g = Graph::new();
    let (seed, step) = (g.symbol(Shape::from([2])), g.symbol(Shape::from([2])));
    let x = g.symbol(Shape([&[task.batch], &task.input[..]].concat()));
    let mut cx = Learn { g: &mut g, net, task, knobs, clock: Clock { seed, step } };
    let logits = rule.forward(&mut cx, Mode::Train, x).logits();
    if let Some(fault) = g.faults().first() {
        return Err(fault.clone());
    }
    let expected = Shape::from([task.batch, task.classes]);
    let shape = g.shape(logits);
    if *shape == expected {
        return Ok(());
    }
    Err(Diagnostic::new(
        net.stages.len().to_string(),
        format!("the last stage gives {shape}, but the read-out needs one number a class: {expected}"),
        "end it with a linear block of 0 units, which takes the number of classes",
    ))
}

impl Learn<'_> {
    pub fn build(&mut self, mode: Mode) -> Build<'_> {
        Build::new(self.g, mode, self.clock, self.net.outputs)
    }

    /// Passes `x [B, …]` through all stages in series.
    pub fn series(&mut self, mode: Mode, x: Value) -> Forward {
        let net = self.net;
        let mut build = self.build(mode);
        let passes = net.forward(&mut build, x);
        Forward { passes, writes: build.writes, taps: build.taps }
    }

    /// `objective []` with the auxiliary losses of a stage added.
    pub fn penalised(&mut self, objective: Value, pass: &Pass) -> Value {
        pass.losses.iter().fold(objective, |sum, &loss| self.g.add(sum, loss))
    }

    /// The updates that follow the gradient of `objective []` with respect to a stage's weights.
    pub fn descend(&mut self, objective: Value, pass: &Pass, rate: f32) -> Vec<Update> {
        let weights: Vec<Value> = pass.params.iter().map(|&slot| self.g.read(slot)).collect();
        let gradients = ad::gradients(self.g, objective, &weights, &ad::Exact);
        pass.params.iter().zip(gradients).map(|(&slot, gradient)| Update { slot, gradient, rate }).collect()
    }

    /// What backpropagation would have in the place of each of the lesson's updates: the gradient of the task's loss of
    /// the lesson's own logits, through whatever the rule detached.
    pub fn reference(&mut self, lesson: &Lesson, target: Value) -> Vec<Value> {
        let loss = self.loss(lesson.logits, target);
        let weights: Vec<Value> = lesson.updates.iter().map(|u| self.g.read(u.slot)).collect();
        ad::gradients(self.g, loss, &weights, &ad::Through)
    }

    /// The task's loss of each row of `logits [B, classes]`: `[B]`.
    pub fn losses(&mut self, logits: Value, target: Value) -> Value {
        let batch = self.g.shape(logits).first().copied().unwrap_or(1);
        let rows = match self.task.loss {
            Loss::CrossEntropy => self.g.cross_entropy(logits, target),
            Loss::MeanSquared => {
                let d = self.g.sub(logits, target);
                let s = self.g.square(d);
                self.g.mean(s, &[1])
            }
        };
        self.g.reshape(rows, [batch])
    }

    /// The task's loss `[]` of `logits [B, classes]`.
    pub fn loss(&mut self, logits: Value, target: Value) -> Value {
        let rows = self.losses(logits, target);
        self.g.mean_all(rows)
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
