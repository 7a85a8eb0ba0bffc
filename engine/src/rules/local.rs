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

/// The lesson of a step that passed `forward`: hidden stage `i` learns by `loss` of what `head(i)` answers, the last
/// stage by the task's loss. `answer` as the knob of that name has it.
pub fn lesson(
    cx: &mut Learn,
    forward: Forward,
    batch: Batch,
    answer: &str,
    head: impl Fn(&mut Learn, usize, &Pass) -> Head,
    loss: impl Fn(&mut Learn, Value, Value) -> Value,
) -> Lesson {
    let (mut updates, mut signals) = (Vec::new(), Vec::new());
    let (hidden, last) = forward.passes.split_at(forward.passes.len() - 1);
    let mut scores = vec![forward.logits()];
    for (i, pass) in hidden.iter().enumerate() {
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
    }
    for pass in last {
        let loss = cx.loss(pass.output, batch.target);
        let objective = cx.penalised(loss, pass);
        updates.extend(cx.descend(objective, pass, 1.0));
    }
    let logits = answered(cx, answer, &scores);
    let loss = cx.loss(logits, batch.target);
    Lesson { signals, ..forward.lesson(loss, logits, updates) }
}

/// The network's answer to `x`: logits `[B, classes]`.
pub fn predict(
    cx: &mut Learn,
    forward: &Forward,
    answer: &str,
    head: impl Fn(&mut Learn, usize, &Pass) -> Head,
) -> Value {
    let mut scores = vec![forward.logits()];
    if answer == "all" {
        let hidden = &forward.passes[..forward.passes.len() - 1];
        scores.extend(hidden.iter().enumerate().map(|(i, pass)| head(cx, i, pass).scores));
    }
    answered(cx, answer, &scores)
}

/// The read-out's logits, which stand first, or the mean of all `scores`.
fn answered(cx: &mut Learn, answer: &str, scores: &[Value]) -> Value {
    if answer != "all" {
        return scores[0];
    }
    let sum = scores[1..].iter().fold(scores[0], |sum, &s| cx.g.add(sum, s));
    cx.g.scale(sum, 1.0 / scores.len() as f32)
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
