//! What one step of a learning rule is made of: the batch it looks at, what it learns from it, what travels between the
//! stages meanwhile; and what a rule builds it with.

use crate::ad;
use crate::ir::{Graph, Init, Role, Shape, Slot, SlotId, Stmt, Value};
use crate::net::{Build, Clock, Exhibit, Mode, Net, Pass, Tap, stream};
use crate::ops::random::{Distribution, Noise};
use crate::registry::Knobs;
use crate::rules::{Loss, Task};

/// What a rule is given to build one step or one prediction.
pub struct Learn<'a> {
    pub g: &'a mut Graph,
    pub net: &'a Net,
    pub task: &'a Task,
    pub knobs: &'a Knobs,
    pub clock: Clock,
}

/// One batch: `x [B, …]`; for one class a sample `labels [B]` and the same as rows `target [B, classes]`; for a class at
/// every place `[B, places]` and `[B, places, classes]`; for numbers `[B, outputs]` both.
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

/// A figure that a rule goes by at a stage, for people to watch: goodness, energy, the size of an error.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// Name of the quantity, the same at every stage: `goodness, true label`.
    pub name: &'static str,
    /// Number of the stage, counted from 1.
    pub stage: usize,
    /// One number `[]`, or a series `[n]` in the order in which it came about within the step.
    pub value: Value,
}

/// What one step learns.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// The figure that the page shows as training loss: `[]`.
    pub loss: Value,
    /// The network's answer to the batch: `[B, classes]`.
    pub logits: Value,
    /// Logits `[B, classes]` that the step itself came to, and the labels `[B]` of what they answer, where these are not
    /// the batch's: a pipeline answers an earlier batch. Then `logits` are those that people compare with.
    pub seen: Option<(Value, Value)>,
    pub updates: Vec<Update>,
    /// Other registers the step writes: running statistics, the rule's own state, weights set rather than moved.
    pub writes: Vec<(SlotId, Value)>,
    /// Statements that run before the step's own tick, on the same batch: a relaxation. They write registers made by
    /// [`Learn::scratch`], which the values above read.
    pub before: Vec<Stmt>,
    /// Statements that run after the step's own tick, when training and not when measuring: they may set weights.
    pub after: Vec<Stmt>,
    /// How many steps the elements of a weight have lived since the rule last set them anew: of the weight's shape. The
    /// optimizer remembers nothing of an element of age 0, and counts its steps from there. A weight that is not listed
    /// is as old as the run.
    pub ages: Vec<(SlotId, Value)>,
    pub taps: Vec<Tap>,
    pub signals: Vec<Signal>,
}

/// A pass of a batch through all stages, as a rule joins them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forward {
    /// What each stage saw and gave; the last one gave the logits `[B, classes]`.
    pub passes: Vec<Pass>,
    /// Registers that a step must write: running statistics.
    pub writes: Vec<(SlotId, Value)>,
    pub taps: Vec<Tap>,
    pub exhibits: Vec<Exhibit>,
    /// Path, input and output of every block, in the order in which they were built.
    pub made: Vec<(String, Value, Value)>,
}

impl Forward {
    /// The passes, with what the blocks left behind when they were built.
    pub fn of(passes: Vec<Pass>, build: Build) -> Self {
        let mut forward = Self { passes, ..Self::default() };
        forward.gather(build);
        forward
    }

    /// Takes in what the blocks of a stage left behind when they were built.
    pub fn gather(&mut self, build: Build) {
        self.writes.extend(build.writes);
        self.taps.extend(build.taps);
        self.exhibits.extend(build.exhibits);
        let made = build.made.into_iter().zip(build.given);
        self.made.extend(made.map(|((path, output), input)| (path, input, output)));
    }

    /// What the last stage gave. A network has at least one stage where [`Rule::fits`](crate::rules::Rule::fits) has
    /// approved of it.
    pub fn logits(&self) -> Value {
        self.passes[self.passes.len() - 1].output
    }

    /// The lesson of a step that passed forward like this, answered `logits [B, classes]` at `loss []`, and makes
    /// `updates`.
    pub fn lesson(self, loss: Value, logits: Value, updates: Vec<Update>) -> Lesson {
        let (writes, taps) = (self.writes, self.taps);
        Lesson {
            loss,
            logits,
            seen: None,
            updates,
            writes,
            before: Vec::new(),
            after: Vec::new(),
            ages: Vec::new(),
            taps,
            signals: Vec::new(),
        }
    }
}

impl Learn<'_> {
    pub fn build(&mut self, mode: Mode) -> Build<'_> {
        self.net.build(self.g, mode, self.clock)
    }

    /// Passes `x [B, …]` through all stages in series.
    pub fn series(&mut self, mode: Mode, x: Value) -> Forward {
        let net = self.net;
        let mut build = self.build(mode);
        let passes = net.forward(&mut build, x);
        Forward::of(passes, build)
    }

    /// `objective []` with the auxiliary losses of a stage added.
    pub fn penalised(&mut self, objective: Value, pass: &Pass) -> Value {
        pass.losses.iter().fold(objective, |sum, &loss| self.g.add(sum, loss))
    }

    /// The updates that follow the gradient of `objective []` with respect to a stage's weights.
    pub fn descend(&mut self, objective: Value, pass: &Pass, rate: f32) -> Vec<Update> {
        self.follow(objective, &pass.params, rate)
    }

    /// The updates of `slots` that follow the gradient of `objective []`.
    pub fn follow(&mut self, objective: Value, slots: &[SlotId], rate: f32) -> Vec<Update> {
        let weights: Vec<Value> = slots.iter().map(|&slot| self.g.read(slot)).collect();
        let gradients = ad::gradients(self.g, objective, &weights, &ad::Exact);
        slots.iter().zip(gradients).map(|(&slot, gradient)| Update { slot, gradient, rate }).collect()
    }

    /// The direction against which the lesson moves each weight: that of its updates, then of the weights that it sets.
    pub fn directions(&mut self, lesson: &Lesson) -> Vec<(SlotId, Value)> {
        let mut directions: Vec<(SlotId, Value)> = lesson.updates.iter().map(|u| (u.slot, u.gradient)).collect();
        for &(slot, next) in &lesson.writes {
            if self.g.slot(slot).role != Role::Param {
                continue;
            }
            let weight = self.g.read(slot);
            directions.push((slot, self.g.sub(weight, next)));
        }
        directions
    }

    /// What backpropagation would have in the place of each of the lesson's [directions](Learn::directions): the
    /// gradient of the task's loss of the lesson's own logits, through whatever the rule detached.
    pub fn reference(&mut self, lesson: &Lesson, target: Value) -> Vec<Value> {
        let loss = self.loss(lesson.logits, target);
        let directions = self.directions(lesson);
        let weights: Vec<Value> = directions.iter().map(|d| self.g.read(d.0)).collect();
        ad::gradients(self.g, loss, &weights, &ad::Through)
    }

    /// The task's loss of each sample of `logits [B, …, outputs]`: `[B]`. Where a sample has several places, the mean over
    /// those that count, whose rows of `target` are not all 0.
    pub fn losses(&mut self, logits: Value, target: Value) -> Value {
        let batch = self.g.shape(logits).first().copied().unwrap_or(1);
        let last = self.g.shape(logits).rank().saturating_sub(1);
        let rows = match self.task.loss {
            Loss::CrossEntropy => self.g.cross_entropy(logits, target),
            Loss::MeanSquared => {
                let d = self.g.sub(logits, target);
                let s = self.g.square(d);
                self.g.mean(s, &[last])
            }
        };
        if last < 2 {
            return self.g.reshape(rows, [batch]);
        }
        let counts = self.g.sum(target, &[last]);
        let rows = self.g.mul(rows, counts);
        let (sum, places) = (self.g.sum(rows, &[1]), self.g.sum(counts, &[1]));
        let one = self.g.constant(1.0);
        let places = self.g.maximum(places, one);
        let mean = self.g.div(sum, places);
        self.g.reshape(mean, [batch])
    }

    /// The task's loss `[]` of `logits [B, classes]`.
    pub fn loss(&mut self, logits: Value, target: Value) -> Value {
        let rows = self.losses(logits, target);
        self.g.mean_all(rows)
    }

    /// The value of a live knob: a register, so that it can change while the program runs.
    pub fn live(&mut self, knob: &str) -> Value {
        let value = self.knobs.float(knob) as f32;
        let slot = self.declare(knob, Role::Knob, Shape::default(), Init::Constant(value));
        self.g.read(slot)
    }

    /// A fixed random register of the rule's own.
    pub fn feedback(&mut self, name: &str, shape: impl Into<Shape>, init: Init) -> Value {
        let slot = self.own(name, shape, init);
        self.g.read(slot)
    }

    /// A weight of the rule's own, outside the network: a read-out of a hidden stage, a feedback weight that learns. It
    /// may have an [`Update`] like any weight.
    pub fn own(&mut self, name: &str, shape: impl Into<Shape>, init: Init) -> SlotId {
        self.declare(name, Role::Feedback, shape.into(), init)
    }

    /// What the rule remembers from step to step; part of every checkpoint.
    pub fn memory(&mut self, name: &str, shape: impl Into<Shape>, init: Init) -> SlotId {
        self.declare(name, Role::State, shape.into(), init)
    }

    /// A register that lives within one step alone, between the statements of [`Lesson::before`] and the step's tick:
    /// what stood in it before the step counts for nothing.
    pub fn scratch(&mut self, name: &str, shape: impl Into<Shape>) -> SlotId {
        self.declare(name, Role::Metric, shape.into(), Init::Constant(0.0))
    }

    fn declare(&mut self, name: &str, role: Role, shape: Shape, init: Init) -> SlotId {
        self.g.declare(Slot { name: format!("rule/{name}"), role, shape, init })
    }

    /// Noise of the rule's own, new at every step and seed, and independent for each `name`.
    pub fn noise(&mut self, name: &str, distribution: Distribution, shape: impl Into<Shape>) -> Value {
        let noise = Noise { distribution, stream: stream(&format!("rule/{name}")), shape: shape.into() };
        self.g.push(noise, &[self.clock.seed, self.clock.step])
    }

    /// As [`Learn::noise`], and independent for each `draw []`, a whole number below 2¹⁶, within a step.
    pub fn drawn(&mut self, name: &str, distribution: Distribution, shape: impl Into<Shape>, draw: Value) -> Value {
        let noise = Noise { distribution, stream: stream(&format!("rule/{name}")), shape: shape.into() };
        // The draw counts in the seed's upper half, which the seeds that people choose leave free.
        let half = self.g.iota(2);
        let turn = self.g.mul(half, draw);
        let seed = self.g.add(self.clock.seed, turn);
        self.g.push(noise, &[seed, self.clock.step])
    }
}
