//! Stages that learn alone: what the rules share in which every hidden stage has a classifier of its own to answer to.
//!
//! ```text
//! h_l = stage_l(detach(h_{l−1}))          scores_l = head_l(h_l)          loss_l = loss(scores_l, label)
//! ```
//!
//! The weights of stage and head follow `loss_l`, which no other stage knows of. The network's last stage is the
//! read-out: it learns the task from what the last hidden stage hands it.

use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::{Init, SlotId, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal};
use crate::net::{Build, Mode, Net, Pass};
use crate::registry::{Entry, Knob, KnobKind, Knobs};

/// A rule whose hidden stages each learn alone, for the sake of a head of their own. It is a [`Rule`].
pub trait Greedy: Entry {
    /// What it asks for.
    fn needs(&self, _knobs: &Knobs) -> Needs {
        NEEDS
    }

    /// As [`Rule::published`].
    fn published(&self) -> &'static str {
        ""
    }

    /// As [`Rule::fits`].
    ///
    /// # Errors
    /// The reason why it cannot teach the network.
    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic>
    where
        Self: Sized,
    {
        fits(self, net, task, knobs)
    }

    /// What the next stage sees of the output `h [B, …]`.
    fn hand(&self, _build: &mut Build, h: Value) -> Value {
        h
    }

    /// The head of hidden stage number `i`, which passed `pass`.
    fn head(&self, cx: &mut Learn, i: usize, pass: &Pass) -> Head;

    /// What a hidden stage minimises, by the `scores [B, classes]` of its head: `[]`. It is the cross-entropy of their
    /// softmax, mean over the batch, where a rule does not say otherwise.
    fn loss(&self, cx: &mut Learn, scores: Value, target: Value) -> Value {
        let rows = cx.g.cross_entropy(scores, target);
        cx.g.mean_all(rows)
    }
}

/// What a hidden stage answers by itself.
pub struct Head {
    /// One number for each class: `[B, classes]`.
    pub scores: Value,
    /// The rule's own weights that learn with the stage.
    pub weights: Vec<SlotId>,
    /// What else the step writes.
    pub writes: Vec<(SlotId, Value)>,
}

impl Head {
    /// A head that has the step write nothing but its updates.
    pub fn new(scores: Value, weights: Vec<SlotId>) -> Self {
        Self { scores, weights, writes: Vec::new() }
    }
}

impl<R: Greedy> Rule for R {
    fn credit(&self) -> Credit {
        Credit::Local
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        Greedy::needs(self, knobs)
    }

    fn published(&self) -> &'static str {
        Greedy::published(self)
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        Greedy::fits(self, net, task, knobs)
    }

    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        forward(cx, mode, x, |build, h| self.hand(build, h))
    }

    /// Each stage is through with the batch before the next begins, so that no more than one stage's activities need be
    /// kept.
    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let (mut updates, mut writes, mut signals, mut scores) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let hand = |build: &mut Build, h| self.hand(build, h);
        let forward = in_turn(cx, Mode::Train, batch.x, hand, |cx, i, pass| {
            if i + 1 == cx.net.stages.len() {
                let loss = cx.loss(pass.output, batch.target);
                let objective = cx.penalised(loss, pass);
                updates.extend(cx.descend(objective, pass, 1.0));
                return;
            }
            let head = self.head(cx, i, pass);
            let local = self.loss(cx, head.scores, batch.target);
            let right = right(cx, head.scores, batch.labels);
            for (name, value) in [("loss of the stage", local), ("accuracy of the stage", right)] {
                signals.push(Signal { name, stage: i + 1, value });
            }
            let objective = cx.penalised(local, pass);
            let slots = [&pass.params[..], &head.weights].concat();
            updates.extend(cx.follow(objective, &slots, 1.0));
            writes.extend(head.writes);
            scores.push(head.scores);
        });
        let logits = answered(self, cx, forward.logits(), &scores);
        let loss = cx.loss(logits, batch.target);
        let mut lesson = forward.lesson(loss, logits, updates);
        lesson.writes.extend(writes);
        Lesson { signals, ..lesson }
    }

    fn predict(&self, cx: &mut Learn, x: Value) -> Value {
        let mut scores = Vec::new();
        let hand = |build: &mut Build, h| self.hand(build, h);
        let forward = in_turn(cx, Mode::Eval, x, hand, |cx, i, pass| {
            if all_answer(self, cx) && i + 1 < cx.net.stages.len() {
                scores.push(self.head(cx, i, pass).scores);
            }
        });
        answered(self, cx, forward.logits(), &scores)
    }
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
    in_turn(cx, mode, x, hand, |_, _, _| {})
}

/// What is handed on as it is.
pub fn as_it_is(_: &mut Build, h: Value) -> Value {
    h
}

/// [`forward`], with `taught` told of each stage's number and pass before the next begins.
pub fn in_turn(
    cx: &mut Learn,
    mode: Mode,
    x: Value,
    hand: impl Fn(&mut Build, Value) -> Value,
    mut taught: impl FnMut(&mut Learn, usize, &Pass),
) -> Forward {
    let net = cx.net;
    let mut forward = Forward::default();
    let mut at = x;
    for i in 0..net.stages.len() {
        let mut build = cx.build(mode);
        let pass = net.stage(&mut build, i, at);
        let handed = hand(&mut build, pass.output);
        forward.gather(build);
        at = cx.g.detach(handed);
        taught(cx, i, &pass);
        forward.passes.push(pass);
    }
    forward
}

/// Whether the hidden stages have a part in the answer: never, where the rule has no knob [`ANSWER`].
fn all_answer(rule: &impl Greedy, cx: &Learn) -> bool {
    rule.knobs().iter().any(|knob| knob.id == ANSWER.id) && cx.knobs.choice(ANSWER.id) == "all"
}

/// The read-out's `logits`, or the mean of these and the hidden stages' `scores`.
fn answered(rule: &impl Greedy, cx: &mut Learn, logits: Value, scores: &[Value]) -> Value {
    if !all_answer(rule, cx) {
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
