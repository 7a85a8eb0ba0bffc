//! Stages that learn alone: what the rules share in which every hidden stage has a classifier of its own to answer to.
//!
//! ```text
//! h_l = stage_l(detach(h_{l−1}))          scores_l = head_l(h_l)          loss_l = loss(scores_l, label)
//! ```
//!
//! The weights of stage and head follow `loss_l`, which no other stage knows of. The network's last stage is the
//! read-out: it learns the task from what the last hidden stage hands it.

use super::{Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::{Init, SlotId, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal};
use crate::net::{Build, Mode, Net, Pass};
use crate::registry::{Knob, KnobKind, Knobs};

/// What a hidden stage answers by itself.
pub struct Head {
    /// One number for each class: `[B, classes]`.
    pub scores: Value,
    /// The rule's own weights that learn with the stage.
    pub weights: Vec<SlotId>,
}

/// What a rule asks for whose stages learn alone.
pub const NEEDS: Needs = Needs {
    transposed_weights: false,
    global_error: false,
    stored_activities: false,
    labels_at_stages: true,
    derivatives: true,
    parallel_stages: true,
    passes: 2,
};

/// Who answers when the network is asked.
pub const ANSWER: Knob = Knob {
    id: "answer",
    name: "Answer",
    help: "last: the read-out alone; all: the mean of what it and every hidden stage's own classifier say.",
    kind: KnobKind::Choice { default: "last", options: &["last", "all"] },
};

/// That there is a hidden stage to teach, and whatever else [`try_out`] finds.
///
/// # Errors
/// The reason why `rule` cannot teach the network.
pub fn fits(rule: &dyn Rule, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
    if net.stages.len() < 2 {
        return Err(Diagnostic::new(
            "",
            "with fewer than two stages there is no hidden stage that could learn alone",
            "add a stage before the read-out, or choose backpropagation",
        ));
    }
    try_out(rule, net, task, knobs)
}

/// Passes `x` through the first `count` stages. Each sees what `hand` makes of the output before it, and no derivative
/// flows from one to the next.
pub fn apart(b: &mut Build, net: &Net, count: usize, x: Value, hand: impl Fn(&mut Build, Value) -> Value) -> Vec<Pass> {
    let mut at = x;
    (0..count)
        .map(|i| {
            let pass = net.stage(b, i, at);
            let handed = hand(b, pass.output);
            at = b.g.detach(handed);
            pass
        })
        .collect()
}

/// [`apart`] through all stages.
pub fn forward(cx: &mut Learn, mode: Mode, x: Value, hand: impl Fn(&mut Build, Value) -> Value) -> Forward {
    let net = cx.net;
    let mut build = cx.build(mode);
    let passes = apart(&mut build, net, net.stages.len(), x, hand);
    Forward { passes, writes: build.writes, taps: build.taps }
}

/// What is handed on as it is.
pub fn as_it_is(_: &mut Build, h: Value) -> Value {
    h
}

/// Cross-entropy of the softmax of `scores [B, classes]`, mean over the batch: `[]`.
pub fn cross_entropy(cx: &mut Learn, scores: Value, target: Value) -> Value {
    let rows = cx.g.cross_entropy(scores, target);
    cx.g.mean_all(rows)
}

/// The lesson of a step in which hidden stage `i` learns by `loss` of what `head(i)` answers, and the last stage by the
/// task's loss; `hand` as in [`apart`], `answer` as the knob of that name has it.
///
/// Each stage is through with the batch before the next begins, so that no more than one stage's activities need be kept.
pub fn lesson(
    cx: &mut Learn,
    batch: Batch,
    hand: impl Fn(&mut Build, Value) -> Value,
    answer: &str,
    mut head: impl FnMut(&mut Learn, usize, &Pass) -> Head,
    loss: impl Fn(&mut Learn, Value, Value) -> Value,
) -> Lesson {
    let (mut updates, mut signals) = (Vec::new(), Vec::new());
    let mut scores = Vec::new();
    let forward = in_turn(cx, batch.x, hand, |cx, i, pass| {
        if i + 1 == cx.net.stages.len() {
            let loss = cx.loss(pass.output, batch.target);
            let objective = cx.penalised(loss, pass);
            updates.extend(cx.descend(objective, pass, 1.0));
            return;
        }
        let head = head(cx, i, pass);
        let local = loss(cx, head.scores, batch.target);
        let right = right(cx, head.scores, batch.labels);
        for (name, value) in [("loss of the stage", local), ("accuracy of the stage", right)] {
            signals.push(Signal { name, stage: i + 1, value });
        }
        scores.push(head.scores);
        let objective = cx.penalised(local, pass);
        let slots = [&pass.params[..], &head.weights].concat();
        updates.extend(cx.follow(objective, &slots, 1.0));
    });
    let logits = answered(cx, answer, forward.logits(), &scores);
    let loss = cx.loss(logits, batch.target);
    Lesson { signals, ..forward.lesson(loss, logits, updates) }
}

/// [`forward`] in training, `taught` of each stage's pass before the next begins.
pub fn in_turn(
    cx: &mut Learn,
    x: Value,
    hand: impl Fn(&mut Build, Value) -> Value,
    mut taught: impl FnMut(&mut Learn, usize, &Pass),
) -> Forward {
    let net = cx.net;
    let mut forward = Forward { passes: Vec::new(), writes: Vec::new(), taps: Vec::new() };
    let mut at = x;
    for i in 0..net.stages.len() {
        let mut build = cx.build(Mode::Train);
        let pass = net.stage(&mut build, i, at);
        let handed = hand(&mut build, pass.output);
        forward.writes.extend(build.writes);
        forward.taps.extend(build.taps);
        at = cx.g.detach(handed);
        taught(cx, i, &pass);
        forward.passes.push(pass);
    }
    forward
}

/// The network's answer to `x`: logits `[B, classes]`.
pub fn predict(
    cx: &mut Learn,
    forward: &Forward,
    answer: &str,
    head: impl Fn(&mut Learn, usize, &Pass) -> Head,
) -> Value {
    let mut scores = Vec::new();
    if answer == "all" {
        let hidden = &forward.passes[..forward.passes.len() - 1];
        scores.extend(hidden.iter().enumerate().map(|(i, pass)| head(cx, i, pass).scores));
    }
    answered(cx, answer, forward.logits(), &scores)
}

/// The read-out's `logits`, or the mean of these and the hidden stages' `scores`.
fn answered(cx: &mut Learn, answer: &str, logits: Value, scores: &[Value]) -> Value {
    if answer != "all" {
        return logits;
    }
    let sum = scores.iter().fold(logits, |sum, &s| cx.g.add(sum, s));
    cx.g.scale(sum, 1.0 / (scores.len() + 1) as f32)
}

/// Share of the rows of `scores [B, classes]` that are largest at their label: `[]`.
fn right(cx: &mut Learn, scores: Value, labels: Value) -> Value {
    let guess = cx.g.arg_max(scores);
    let hit = cx.g.eq(guess, labels);
    cx.g.mean_all(hit)
}

/// `h [B, …]` as rows `[B, width]`.
pub fn rows(cx: &mut Learn, h: Value) -> Value {
    let shape = cx.g.shape(h);
    let (batch, width) = (shape[0], shape[1..].iter().product::<usize>());
    cx.g.reshape(h, [batch, width])
}

/// A matrix of the rule's own applied to `x [.., inputs]`, uniform in ±1/√inputs at first: `[.., units]`.
pub fn linear(cx: &mut Learn, name: &str, x: Value, units: usize) -> (Value, SlotId) {
    let inputs = cx.g.shape(x).last();
    let init = Init::Uniform { bound: 1.0 / (inputs.max(1) as f32).sqrt() };
    let slot = cx.own(name, [inputs, units], init);
    let weight = cx.g.read(slot);
    (cx.g.matmul(x, weight), slot)
}
