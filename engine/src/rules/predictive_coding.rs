//! Predictive coding with a clamped output, also called inference learning (Rao and Ballard 1999; Whittington and
//! Bogacz 2017; along any graph of blocks: Millidge, Tschantz and Buckley 2022).
//!
//! Every stage predicts the activity of the next. With `z_0` the input, `z_l [B, …]` the activity of hidden stage `l`
//! and `f_l` what stage `l` makes of its input, a sample's energy is
//!
//! ```text
//! ε_l = z_l − f_l(z_{l−1})                 F = Σ_hidden ½ ‖ε_l‖² + E(f_L(z_{L−1}), target)
//! ```
//!
//! where `E` is the cross-entropy, or `½ ‖target − logits‖²`: the output is clamped to the target. The activities begin
//! as the forward pass has them, so that at first all energy is at the output, and relax for `T` iterations; then the
//! weights follow the energy of their own stage alone:
//!
//! ```text
//! z_l ← z_l − γ ∂F/∂z_l = z_l + γ (−ε_l + J_{l+1}ᵀ ε_{l+1})          dW_l = ∂F/∂W_l
//! ```
//!
//! The error reaches stage `l` in iteration `L − l`, there parallel to backpropagation's (equal to it for `γ = 1`: Song
//! et al. 2020), and drifts towards that of the energy's minimum from then on. Few iterations are thus closer to
//! backpropagation than many; fewer than there are hidden stages leave the first ones without a lesson. The relaxation is
//! stable while `γ (1 + ‖J‖²) < 2`: weights that have grown long ask for a small step.

use super::course::Course;
use super::{Credit, Loss, Needs, Rule, Task, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{SlotId, Stmt, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal, Update};
use crate::net::{Mode, Net, Pass};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// All activities settle together, each between its neighbours' predictions; then the weights learn.
pub struct PredictiveCoding;

static META: Meta = Meta {
    id: "predictive-coding",
    name: "Predictive coding",
    help: "Activities settle until each fits what its neighbours predict; then every stage learns its own remaining error.",
    source: "Rao and Ballard 1999; Whittington and Bogacz 2017; Alonso et al. 2022",
};

pub(super) const ITERATIONS: Knob = Knob {
    id: "iterations",
    name: "Iterations",
    help: "How often the activities move before the weights do; at least one for each hidden stage.",
    kind: KnobKind::Int { default: 8, min: 1, max: 200 },
};

pub(super) const STEP: Knob = Knob {
    id: "step",
    name: "Step of the activities",
    help: "How far the activities go down the energy in one iteration; too far, and they swing instead of settling.",
    kind: KnobKind::Float { default: 0.03, min: 0.0, max: 1.0, live: true },
};

static KNOBS: [Knob; 2] = [ITERATIONS, STEP];

impl Entry for PredictiveCoding {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for PredictiveCoding {
    fn credit(&self) -> Credit {
        Credit::Neighbours
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        needs(knobs)
    }

    fn published(&self) -> &'static str {
        "93.8 % on MNIST after 500 batches of 64, 300-300 tanh units, 60,000 digits (jpc)"
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        has_hidden(net)?;
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = cx.series(Mode::Train, batch.x);
        let settled = relax(cx, &forward, batch, &|cx, energy| energy.unweighted(cx));
        let energy = Energy::new(cx, batch, &settled.activities);
        let updates = descend(cx, &energy);
        let signals = settled.signals(cx, &energy);
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        Lesson { before: settled.before, signals, ..forward.lesson(loss, logits, updates) }
    }
}

/// What relaxing for as many iterations as the knobs say asks for: a pass forward to begin with; in each iteration and
/// in the lesson, the predictions and the errors sent back; a pass to tell the network's present answer.
pub(super) fn needs(knobs: &Knobs) -> Needs {
    Needs {
        transposed_weights: true,
        global_error: true,
        stored_activities: true,
        labels_at_stages: false,
        derivatives: true,
        parallel_stages: true,
        passes: 2 * u32::try_from(knobs.int("iterations")).unwrap_or(1) + 4,
    }
}

/// # Errors
/// Where there is no activity to settle.
pub(super) fn has_hidden(net: &Net) -> Result<(), Diagnostic> {
    if net.stages.len() == 1 {
        return Err(Diagnostic::new(
            "",
            "with fewer than two stages there is no hidden activity to settle",
            "add a stage before the read-out, or choose backpropagation",
        ));
    }
    Ok(())
}

/// How well activities fit each other's predictions.
pub(super) struct Energy {
    /// What each stage predicts from the activity before it.
    pub passes: Vec<Pass>,
    /// The activities that may move, `[B, …]` each: those of the hidden stages.
    pub activities: Vec<Value>,
    /// Energy of each sample at each stage: `[B]`.
    pub rows: Vec<Value>,
}

impl Energy {
    /// Of `activities`, in a pass of its own from each to the next. No derivative flows from one stage's energy to the
    /// weights of another, as long as the activities are registers or detached.
    pub fn new(cx: &mut Learn, batch: Batch, activities: &[Value]) -> Self {
        let net = cx.net;
        let mut build = cx.build(Mode::Train);
        let inputs = std::iter::once(&batch.x).chain(activities);
        let passes: Vec<Pass> = inputs.enumerate().map(|(i, &z)| net.stage(&mut build, i, z)).collect();
        let rows = passes.iter().enumerate().map(|(i, pass)| match activities.get(i) {
            Some(&z) => squares(cx, z, pass.output),
            None => {
                let losses = cx.losses(pass.output, batch.target);
                cx.g.scale(losses, output_weight(cx.task))
            }
        });
        let rows = rows.collect();
        Self { passes, activities: activities.to_vec(), rows }
    }

    /// The energy `[]` of all samples and stages together.
    pub fn unweighted(&self, cx: &mut Learn) -> Value {
        let weights = vec![None; self.rows.len()];
        self.weighted(cx, &weights)
    }

    /// The same with the rows of each stage weighted by a `[B]`, or not.
    pub fn weighted(&self, cx: &mut Learn, weights: &[Option<Value>]) -> Value {
        let mut sum = cx.g.constant(0.0);
        for (&rows, weight) in self.rows.iter().zip(weights) {
            let rows = weight.map_or(rows, |w| cx.g.mul(rows, w));
            let term = cx.g.total(rows);
            sum = cx.g.add(sum, term);
        }
        sum
    }

    /// Mean energy of a sample at each stage: `[]`.
    pub fn by_stage(&self, cx: &mut Learn) -> Vec<Value> {
        self.rows.iter().map(|&rows| cx.g.mean_all(rows)).collect()
    }
}

/// `½ ‖z − prediction‖²` of each row: `[B]`.
fn squares(cx: &mut Learn, z: Value, prediction: Value) -> Value {
    let g = &mut *cx.g;
    let batch = g.shape(z)[0];
    let error = g.sub(z, prediction);
    let square = g.square(error);
    let axes: Vec<usize> = (1..g.shape(square).rank()).collect();
    let sum = g.sum(square, &axes);
    let half = g.scale(sum, 0.5);
    g.reshape(half, [batch])
}

/// What makes the task's loss of a row the output's energy: the mean of squares becomes half their sum.
pub(super) fn output_weight(task: &Task) -> f32 {
    match task.loss {
        Loss::CrossEntropy => 1.0,
        Loss::MeanSquared => task.outputs as f32 / 2.0,
    }
}

/// The activities `[B, …]`, each moved a step `γ` down the gradient of `total []`.
pub(super) fn moved(cx: &mut Learn, energy: &Energy, total: Value) -> Vec<Value> {
    let step = cx.live("step");
    let slopes = ad::gradients(cx.g, total, &energy.activities, &ad::Exact);
    let step_down = |(&z, slope): (&Value, Value)| {
        let by = cx.g.mul(step, slope);
        cx.g.sub(z, by)
    };
    energy.activities.iter().zip(slopes).map(step_down).collect()
}

/// The updates that follow each stage's own energy, in units of the task's loss: the read-out's is its gradient.
pub(super) fn descend(cx: &mut Learn, energy: &Energy) -> Vec<Update> {
    let total = energy.unweighted(cx);
    let objective = cx.g.scale(total, 1.0 / (output_weight(cx.task) * cx.task.batch as f32));
    let objective = energy.passes.iter().fold(objective, |sum, pass| cx.penalised(sum, pass));
    let slots: Vec<SlotId> = energy.passes.iter().flat_map(|p| p.params.iter().copied()).collect();
    let weights: Vec<Value> = slots.iter().map(|&slot| cx.g.read(slot)).collect();
    let gradients = ad::gradients(cx.g, objective, &weights, &ad::Exact);
    slots.into_iter().zip(gradients).map(|(slot, gradient)| Update { slot, gradient, rate: 1.0 }).collect()
}

/// Activities after their relaxation.
pub(super) struct Settled {
    pub before: Vec<Stmt>,
    /// What the statements leave: `[B, …]` for each hidden stage.
    pub activities: Vec<Value>,
    /// Mean energy of a sample at each stage, as each iteration found it.
    course: Course,
}

/// Relaxes the hidden activities from where `forward` has them, for as many iterations as the knobs say, down the
/// gradient of what `total` makes of their energy.
pub(super) fn relax(
    cx: &mut Learn,
    forward: &Forward,
    batch: Batch,
    total: &dyn Fn(&mut Learn, &Energy) -> Value,
) -> Settled {
    let iterations = cx.knobs.size("iterations").max(1);
    let hidden = &forward.passes[..forward.passes.len() - 1];
    let declare = |(i, pass): (usize, &Pass)| {
        let shape = cx.g.shape(pass.output).clone();
        cx.scratch(&format!("activity {}", i + 1), shape)
    };
    let slots: Vec<SlotId> = hidden.iter().enumerate().map(declare).collect();
    let course = Course::new(cx, iterations, forward.passes.len());
    let mut begin: Vec<(SlotId, Value)> = slots.iter().zip(hidden).map(|(&slot, pass)| (slot, pass.output)).collect();
    begin.push(course.begin(cx));

    let activities: Vec<Value> = slots.iter().map(|&slot| cx.g.read(slot)).collect();
    let energy = Energy::new(cx, batch, &activities);
    let total = total(cx, &energy);
    let mut body: Vec<(SlotId, Value)> = slots.iter().copied().zip(moved(cx, &energy, total)).collect();
    let found = energy.by_stage(cx);
    body.extend(course.record(cx, &found));

    let times = u32::try_from(iterations).unwrap_or(1);
    let before = vec![Stmt::Tick(begin), Stmt::Repeat { times, body: vec![Stmt::Tick(body)] }];
    Settled { before, activities, course }
}

impl Settled {
    /// The course of the energy at each stage, `[T + 1]`, from the forward pass to the `last` one, on which the weights
    /// learn.
    pub fn signals(&self, cx: &mut Learn, last: &Energy) -> Vec<Signal> {
        let mut signals = Vec::new();
        for (i, last) in last.by_stage(cx).into_iter().enumerate() {
            let course = self.course.of(cx, i);
            let last = cx.g.reshape(last, [1]);
            signals.push(Signal { name: "energy", stage: i + 1, value: cx.g.concat(&[course, last], 0) });
        }
        signals
    }
}
