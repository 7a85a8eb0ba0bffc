//! The forward-forward algorithm, supervised (Hinton 2022; layout after loeweX's implementation).
//!
//! The label is part of the input. Every hidden stage learns alone to answer strongly to inputs with their true label
//! and weakly to inputs with a wrong one. With `h` its output, `goodness = Σ h²` over its `width` units, and
//! `θ = threshold · width`:
//!
//! ```text
//! loss_l = mean softplus(θ − goodness(true label)) + mean softplus(goodness(wrong label) − θ)
//! input of stage l + 1 = detach(h / √(mean h²))
//! ```
//!
//! Three traps, and what is done about them. Without the normalisation the next stage would read the goodness off the
//! length of its input and learn nothing new: `normalise`. A sum of squares grows with the width: so does θ. The first
//! stage sees the label itself: its activity is left out of the read-out.
//!
//! The read-out is the network's last stage: it sees the normalised activities of all hidden stages but the first side
//! by side (of the only one, when there is but one) in a pass with a *neutral* label, and follows the task's loss.
//!
//! Where the label stands: in an image of at least twice as many values as classes it replaces the first values, row
//! by row; elsewhere as many values are put before the features, since these are too few to give any up. True and
//! wrong labels are one-hot, the neutral one is `1/classes` throughout.

use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Shape, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal};
use crate::net::{Build, Mode, Net, Pass};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Two forward passes in the place of one forward and one backward.
pub struct ForwardForward;

static META: Meta = Meta {
    id: "forward-forward",
    name: "Forward-forward",
    help: "Each stage learns alone: to be active for inputs with their true label, and quiet for those with a wrong one.",
    source: "Hinton 2022",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "threshold",
        name: "Threshold",
        help: "Mean square of the units' activities between quiet and active.",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 20.0, live: true },
    },
    Knob {
        id: "normalise",
        name: "Normalise",
        help: "Hands on the pattern of a stage's activity without its strength, which would give the answer away.",
        kind: KnobKind::Bool { default: true },
    },
    Knob {
        id: "negatives",
        name: "Wrong labels",
        help: "random: any wrong label; hard: those that the read-out itself takes for likely.",
        kind: KnobKind::Choice { default: "random", options: &["random", "hard"] },
    },
    Knob {
        id: "hidden-rate",
        name: "Hidden stages' rate",
        help: "Factor on the learning rate for the hidden stages, so that the read-out can follow as they change.",
        kind: KnobKind::Float { default: 0.3, min: 0.0, max: 100.0, live: false },
    },
];

impl Entry for ForwardForward {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for ForwardForward {
    fn credit(&self) -> Credit {
        Credit::Local
    }

    fn needs(&self, _: &Knobs) -> Needs {
        Needs {
            transposed_weights: false,
            global_error: false,
            // The read-out sees the activities of all hidden stages.
            stored_activities: true,
            labels_at_stages: true,
            derivatives: true,
            parallel_stages: true,
            passes: 3,
        }
    }

    fn published(&self) -> &'static str {
        "98.64 % on MNIST, 60,000 digits (Hinton 2022)"
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        let Some((_, hidden)) = net.stages.split_last().filter(|(_, hidden)| !hidden.is_empty()) else {
            return Err(Diagnostic::new(
                "",
                "forward-forward needs at least one hidden stage before the read-out",
                "add a stage, or choose backpropagation",
            ));
        };
        for (i, stage) in hidden.iter().enumerate() {
            if stage.blocks.iter().any(|node| node.any(&|n| n.block.couples_samples())) {
                return Err(Diagnostic::new(
                    (i + 1).to_string(),
                    "its samples depend on each other, so that true and wrong labels would mix",
                    "use layer norm or no norm in the place of batch norm",
                ));
            }
        }
        if task.classes < 2 {
            return Err(Diagnostic::new("", "with fewer than two classes there is no wrong label", "add a class"));
        }
        try_out(self, net, task, knobs)
    }

    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        let classes = cx.task.classes;
        let share = cx.g.constant(1.0 / classes as f32);
        let batch = cx.g.shape(x)[0];
        let neutral = cx.g.broadcast(share, [batch, classes]);
        let x = labelled(cx.g, cx.task, x, neutral);
        let (net, normalise) = (cx.net, cx.knobs.bool("normalise"));
        let mut build = cx.build(mode);
        let mut passes = hidden(&mut build, net, normalise, x);
        let read: Vec<Value> = passes.iter().skip(usize::from(passes.len() > 1)).map(|p| p.output).collect();
        let read: Vec<Value> = read.into_iter().map(|h| handed_on(&mut build, normalise, h)).collect();
        let read: Vec<Value> = read.into_iter().map(|h| build.flat(h)).collect();
        let read = build.g.concat(&read, 1);
        passes.push(net.stage(&mut build, passes.len(), read));
        Forward { passes, writes: build.writes, taps: build.taps }
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = self.forward(cx, Mode::Train, batch.x);
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        let wrong = wrong_labels(cx, batch.target, logits);
        let (yes, no) = (labelled(cx.g, cx.task, batch.x, batch.target), labelled(cx.g, cx.task, batch.x, wrong));
        let contrast = cx.g.concat(&[yes, no], 0);
        let (net, normalise) = (cx.net, cx.knobs.bool("normalise"));
        let passes = hidden(&mut cx.build(Mode::Train), net, normalise, contrast);
        let rate = cx.knobs.float("hidden-rate") as f32;
        let mut updates = Vec::new();
        let mut signals = Vec::new();
        for (i, pass) in passes.iter().enumerate() {
            let [yes, no] = goodness(cx.g, pass);
            for (name, goodness) in [("goodness, true label", yes), ("goodness, wrong label", no)] {
                signals.push(Signal { name, stage: i + 1, value: cx.g.mean_all(goodness) });
            }
            let objective = contrastive(cx, pass, [yes, no]);
            let objective = cx.penalised(objective, pass);
            updates.extend(cx.descend(objective, pass, rate));
        }
        if let Some(head) = forward.passes.last() {
            let objective = cx.penalised(loss, head);
            updates.extend(cx.descend(objective, head, 1.0));
        }
        Lesson { signals, ..forward.lesson(loss, logits, updates) }
    }
}

/// `x [B, …]` with a label code `[B, C]` in it.
fn labelled(g: &mut Graph, task: &Task, x: Value, code: Value) -> Value {
    let (batch, features) = (g.shape(x)[0], task.input.size());
    let flat = g.reshape(x, [batch, features]);
    if task.input.rank() != 3 || features < 2 * task.classes {
        return g.concat(&[code, flat], 1);
    }
    let rest = g.slice(flat, 1, task.classes, features - task.classes);
    let joined = g.concat(&[code, rest], 1);
    g.reshape(joined, Shape([&[batch], &task.input[..]].concat()))
}

/// One-hot labels `[B, C]` other than the `target`: drawn evenly, or as likely as the `logits` say. Adding Gumbel noise
/// to the logarithms of the probabilities and taking the largest draws from them (Gumbel 1954).
fn wrong_labels(cx: &mut Learn, target: Value, logits: Value) -> Value {
    let shape = cx.g.shape(target).clone();
    let noise = cx.build(Mode::Train).uniform(&shape);
    let g = &mut *cx.g;
    let least = g.constant(1e-7);
    let noise = g.maximum(noise, least);
    let noise = g.ln(noise);
    let noise = g.neg(noise);
    let noise = g.ln(noise);
    let mut score = g.neg(noise);
    if cx.knobs.choice("negatives") == "hard" {
        let likely = g.log_softmax(logits);
        let likely = g.detach(likely);
        score = g.add(score, likely);
    }
    let never = g.constant(-1e30);
    let score = g.select(target, never, score);
    let drawn = g.arg_max(score);
    g.one_hot(drawn, shape.last())
}

/// Passes through all stages but the last, no derivative from one to the next.
fn hidden(b: &mut Build, net: &Net, normalise: bool, x: Value) -> Vec<Pass> {
    let mut at = handed_on(b, normalise, x);
    (0..net.stages.len() - 1)
        .map(|i| {
            let pass = net.stage(b, i, at);
            at = handed_on(b, normalise, pass.output);
            pass
        })
        .collect()
}

/// What the next stage sees of `h [B, …]`: each sample brought to mean square 1, detached.
fn handed_on(b: &mut Build, normalise: bool, h: Value) -> Value {
    if !normalise || b.g.is_poisoned(h) {
        return b.g.detach(h);
    }
    let axes: Vec<usize> = (1..b.g.shape(h).rank()).collect();
    let square = b.g.square(h);
    let mean = b.g.mean(square, &axes);
    // A stage that is silent throughout hands on silence.
    let least = b.g.constant(1e-8);
    let safe = b.g.add(mean, least);
    let root = b.g.sqrt(safe);
    let pattern = b.g.div(h, root);
    b.g.detach(pattern)
}

/// Mean square of a hidden stage's units, `[B]` for each half of its batch: with the true labels, with wrong ones.
fn goodness(g: &mut Graph, pass: &Pass) -> [Value; 2] {
    let shape = g.shape(pass.output).clone();
    let (half, width) = (shape[0] / 2, shape[1..].iter().product::<usize>());
    let flat = g.reshape(pass.output, [2 * half, width]);
    let square = g.square(flat);
    let goodness = g.mean(square, &[1]);
    [0, half].map(|start| g.slice(goodness, 0, start, half))
}

/// The loss `[]` of a hidden stage of this goodness.
fn contrastive(cx: &mut Learn, pass: &Pass, goodness: [Value; 2]) -> Value {
    let threshold = cx.live("threshold");
    let width = cx.g.shape(pass.output)[1..].iter().product::<usize>() as f32;
    let g = &mut *cx.g;
    let [lack, excess] = goodness.map(|mean| {
        let above = g.sub(mean, threshold);
        g.scale(above, width)
    });
    let lack = g.neg(lack);
    let terms = [lack, excess].map(|v| {
        let v = g.softplus(v);
        g.mean_all(v)
    });
    g.add(terms[0], terms[1])
}
