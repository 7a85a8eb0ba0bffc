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
//! Where the label stands in the input: see [`super::contrast`]. With `answer = goodness` the network is asked with each
//! label in turn, and answers with the one whose goodness, summed over all hidden stages but the first (over the only
//! one), is highest. (The accuracy shown while it learns is the read-out's.)
//!
//! Layer collaboration (Lorberbom, Gat, Adi, Schwing and Hazan 2024): with `e_l = goodness_l − θ_l`, each stage judges by
//! the goodness of others too, which takes no gradient, so that they need not all learn the same:
//!
//! ```text
//! loss_l = mean softplus(−c_l(true label)) + mean softplus(c_l(wrong label)),    c_l = e_l + γ · detach(Σ e_j)
//! collaboration = all: over all hidden stages j ≠ l;    earlier: over j < l;    none: over none
//! ```
//!
//! With γ = 1 all stages share one sum, as in the paper, whose threshold is then that of all stages together.

use super::{Credit, Needs, Rule, Task, contrast, local, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Value};
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

static KNOBS: [Knob; 7] = [
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
    contrast::NEGATIVES,
    Knob {
        id: "hidden-rate",
        name: "Hidden stages' rate",
        help: "Factor on the learning rate for the hidden stages, so that the read-out can follow as they change.",
        kind: KnobKind::Float { default: 0.3, min: 0.0, max: 100.0, live: false },
    },
    Knob {
        id: "collaboration",
        name: "Collaboration",
        help: "Whose goodness a stage counts in when it judges a label: none but its own, all stages', the earlier ones'.",
        kind: KnobKind::Choice { default: "none", options: &["none", "all", "earlier"] },
    },
    Knob {
        id: "gamma",
        name: "Gamma",
        help: "How much the other stages' goodness counts in a collaboration.",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 1.0, live: true },
    },
    contrast::answer("read-out"),
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

    fn needs(&self, knobs: &Knobs) -> Needs {
        Needs {
            transposed_weights: false,
            global_error: knobs.choice("collaboration") == "all",
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
        contrast::fits("forward-forward", net, task)?;
        try_out(self, net, task, knobs)
    }

    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        let x = contrast::neutral(cx, x);
        let (net, normalise) = (cx.net, cx.knobs.bool("normalise"));
        let mut build = cx.build(mode);
        let mut passes = hidden(&mut build, net, normalise, x);
        passes.push(contrast::read_out(&mut build, net, &passes, hand(normalise)));
        Forward::of(passes, build)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = self.forward(cx, Mode::Train, batch.x);
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        let pairs = contrast::pairs(cx, batch.x, batch.target, logits);
        let (net, normalise) = (cx.net, cx.knobs.bool("normalise"));
        let passes = hidden(&mut cx.build(Mode::Train), net, normalise, pairs);
        let rate = cx.knobs.float("hidden-rate") as f32;
        let means: Vec<Value> = passes.iter().map(|pass| mean_square(cx, pass)).collect();
        let excess: Vec<Value> = passes.iter().zip(&means).map(|(pass, &mean)| excess(cx, pass, mean)).collect();
        let mut updates = Vec::new();
        let mut signals = Vec::new();
        for (i, (pass, by)) in passes.iter().zip(judged(cx, &excess)).enumerate() {
            let half = cx.task.batch;
            for (name, start) in [("goodness, true label", 0), ("goodness, wrong label", half)] {
                let part = cx.g.slice(means[i], 0, start, half);
                signals.push(Signal { name, stage: i + 1, value: cx.g.mean_all(part) });
            }
            let objective = contrastive(cx.g, by);
            let objective = cx.penalised(objective, pass);
            updates.extend(cx.descend(objective, pass, rate));
        }
        if let Some(head) = forward.passes.last() {
            let objective = cx.penalised(loss, head);
            updates.extend(cx.descend(objective, head, 1.0));
        }
        Lesson { signals, ..forward.lesson(loss, logits, updates) }
    }

    fn predict(&self, cx: &mut Learn, x: Value) -> Value {
        if cx.knobs.choice("answer") != "goodness" {
            return self.forward(cx, Mode::Eval, x).logits();
        }
        let candidates = contrast::candidates(cx, x);
        let (net, normalise) = (cx.net, cx.knobs.bool("normalise"));
        let passes = hidden(&mut cx.build(Mode::Eval), net, normalise, candidates);
        let read = &passes[usize::from(passes.len() > 1)..];
        let goodness: Vec<Value> = read
            .iter()
            .map(|pass| {
                let mean = mean_square(cx, pass);
                excess(cx, pass, mean)
            })
            .collect();
        contrast::elected(cx, &goodness)
    }
}

/// What stages hand on: the pattern of their activity, or all of it.
fn hand(normalise: bool) -> fn(&mut Build, Value) -> Value {
    if normalise { contrast::pattern } else { local::as_it_is }
}

/// Passes `x`, labels in it, through all stages but the last, no derivative from one to the next.
fn hidden(b: &mut Build, net: &Net, normalise: bool, x: Value) -> Vec<Pass> {
    let hand = hand(normalise);
    let x = hand(b, x);
    let x = b.g.detach(x);
    local::apart(b, net, net.stages.len() - 1, x, hand)
}

/// Mean square of a hidden stage's units, for each row of its batch: `[B]`.
fn mean_square(cx: &mut Learn, pass: &Pass) -> Value {
    let h = local::rows(cx, pass.output);
    let square = cx.g.square(h);
    let mean = cx.g.mean(square, &[1]);
    let batch = cx.g.shape(mean)[0];
    cx.g.reshape(mean, [batch])
}

/// `goodness − θ` of a hidden stage for each row, given its `mean [B]` square.
fn excess(cx: &mut Learn, pass: &Pass, mean: Value) -> Value {
    let threshold = cx.live("threshold");
    let width = cx.g.shape(pass.output)[1..].iter().product::<usize>() as f32;
    let above = cx.g.sub(mean, threshold);
    cx.g.scale(above, width)
}

/// What each hidden stage judges by, given the `excess [B]` of every one.
fn judged(cx: &mut Learn, excess: &[Value]) -> Vec<Value> {
    let collaboration = cx.knobs.choice("collaboration");
    if collaboration == "none" {
        return excess.to_vec();
    }
    let gamma = cx.live("gamma");
    let all = collaboration == "all";
    let judged = |(i, &own): (usize, &Value)| {
        let mut others = excess.iter().enumerate().filter(|&(j, _)| j < i || (all && j > i)).map(|(_, &e)| e);
        let Some(first) = others.next() else { return own };
        let sum = others.fold(first, |sum, e| cx.g.add(sum, e));
        let sum = cx.g.detach(sum);
        let share = cx.g.mul(gamma, sum);
        cx.g.add(own, share)
    };
    excess.iter().enumerate().map(judged).collect()
}

/// The loss `[]` of a stage that judges its batch, first half true labels, second half wrong ones, by `[2B]`.
fn contrastive(g: &mut Graph, by: Value) -> Value {
    let half = g.shape(by)[0] / 2;
    let lack = g.slice(by, 0, 0, half);
    let lack = g.neg(lack);
    let excess = g.slice(by, 0, half, half);
    let terms = [lack, excess].map(|v| {
        let v = g.softplus(v);
        g.mean_all(v)
    });
    g.add(terms[0], terms[1])
}
