//! Counter-current learning (Kao and Hariharan 2024): a second network runs the other way, from the labels to the input,
//! and wherever the two meet each learns to match the other.
//!
//! Forward, stage `l` gives `a_l [B, n_l]`, from `a_0 = x`. Against it, on one row for each of the `C` classes, from
//! `c_L = I [C, C]`:
//!
//! ```text
//! a_l = stage_l(detach(a_{l−1}))      c_l = elu(detach(c_{l+1}) Θ_l)   for 0 < l < L,      c_0 = detach(c_1) Θ_0
//! loss_l = 128 / n_l · mean (a_l c_lᵀ − Y)²                            Y [B, C] one-hot
//! ```
//!
//! `loss_l` moves the weights of stage `l` through `a_l` and `Θ_l` through `c_l`, and nothing else; the last stage
//! follows the task's loss. That is, with `E_l = a_l c_lᵀ − Y` and `k_l = 256 / (n_l B C)`:
//!
//! ```text
//! ∂a_l = k_l E_l c_l         ∂c_l = k_l E_lᵀ a_l
//! ```
//!
//! Gradients longer than `clip` are brought to that length: the scores grow with the product of the two networks, and
//! without it plain steps run away. The length is that of each stage's gradient and of each `Θ_l`'s, so that nothing
//! leaves the stage; or, with `clip-over = network` as in the authors' code, that of the whole forward gradient and that
//! of the whole feedback gradient. `a_l` is what the stage gives, whatever its blocks; the feedback network has no bias.

use super::local;
use super::{Credit, Needs, Rule, Task, outputs};
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Init, SlotId, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal, Update};
use crate::net::{Mode, Net};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// A feedback network that learns to meet the forward one.
pub struct CounterCurrent;

static META: Meta = Meta {
    id: "counter-current",
    name: "Counter-current learning",
    help: "A second network carries the labels back towards the input; at every stage the two learn to match each other.",
    source: "Kao and Hariharan 2024",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "clip",
        name: "Clip",
        help: "Greatest length of a gradient; longer ones are shortened to it.",
        kind: KnobKind::Float { default: 1.0, min: 1e-6, max: 1e6, live: true },
    },
    Knob {
        id: "clip-over",
        name: "Clip over",
        help: "Whose gradient is measured: each stage's, or that of all stages together, of which each must then be told.",
        kind: KnobKind::Choice { default: "stage", options: &["stage", "network"] },
    },
    Knob {
        id: "hidden-rate",
        name: "Hidden stages' rate",
        help: "Factor on the learning rate for the hidden stages, so that the read-out can follow as they change.",
        kind: KnobKind::Float { default: 0.3, min: 0.0, max: 100.0, live: false },
    },
    Knob {
        id: "feedback-rate",
        name: "Feedback's rate",
        help: "Factor on the learning rate for the feedback network.",
        kind: KnobKind::Float { default: 0.3, min: 0.0, max: 100.0, live: false },
    },
];

impl Entry for CounterCurrent {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for CounterCurrent {
    fn credit(&self) -> Credit {
        Credit::Local
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        // The length of the whole gradient is a number that all stages have a part in, and wait for.
        let whole = knobs.choice("clip-over") == "network";
        Needs { global_error: whole, parallel_stages: !whole, ..local::NEEDS }
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        local::fits(self, net, task, knobs)
    }

    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        local::forward(cx, mode, x, local::as_it_is)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let [ahead_rate, back_rate] = ["hidden-rate", "feedback-rate"].map(|knob| cx.knobs.float(knob) as f32);
        // The network fits, so that the widths are known.
        let shapes = outputs(self, cx.net, cx.task, cx.knobs).unwrap_or_default();
        let hidden = shapes.iter().take(shapes.len().saturating_sub(1)).map(|shape| shape[1..].iter().product());
        let widths: Vec<usize> = std::iter::once(cx.task.input.size()).chain(hidden).collect();
        let against = counter(cx, &widths);

        // Each group is clipped as one, forward and feedback apart.
        let (mut ahead, mut back, mut signals) = (Vec::new(), Vec::new(), Vec::new());
        let follows = |cx: &mut Learn, l: usize, a: Value| {
            let (c, theta) = against[l];
            let a = cx.g.detach(a);
            let mismatch = matching(cx, a, c, batch.target);
            cx.follow(mismatch, &[theta], back_rate)
        };
        back.push(follows(cx, 0, batch.x));
        let forward = local::in_turn(cx, Mode::Train, batch.x, local::as_it_is, |cx, i, pass| {
            if i + 1 == cx.net.stages.len() {
                let loss = cx.loss(pass.output, batch.target);
                let objective = cx.penalised(loss, pass);
                ahead.push(cx.descend(objective, pass, 1.0));
                return;
            }
            back.push(follows(cx, i + 1, pass.output));
            let there = cx.g.detach(against[i + 1].0);
            let mismatch = matching(cx, pass.output, there, batch.target);
            signals.push(Signal { name: "mismatch", stage: i + 1, value: mismatch });
            let objective = cx.penalised(mismatch, pass);
            ahead.push(cx.descend(objective, pass, ahead_rate));
        });
        if cx.knobs.choice("clip-over") == "network" {
            (ahead, back) = (vec![ahead.concat()], vec![back.concat()]);
        }
        let clip = cx.live("clip");
        let updates = ahead.into_iter().chain(back).flat_map(|part| clipped(cx.g, clip, part)).collect();
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        Lesson { signals, ..forward.lesson(loss, logits, updates) }
    }
}

/// The feedback network's rows and the weight that made them, `c_l [C, widths[l]]` and `Θ_l`, in the order of `widths`.
fn counter(cx: &mut Learn, widths: &[usize]) -> Vec<(Value, SlotId)> {
    let classes = cx.task.outputs;
    let each = cx.g.iota(classes);
    let mut at = cx.g.one_hot(each, classes);
    let mut rows = Vec::new();
    for (l, &width) in widths.iter().enumerate().rev() {
        let inputs = cx.g.shape(at).last();
        let init = Init::Uniform { bound: 1.0 / (inputs.max(1) as f32).sqrt() };
        let theta = cx.own(&format!("feedback {l}"), [inputs, width], init);
        let weight = cx.g.read(theta);
        let sum = cx.g.matmul(at, weight);
        let c = if l == 0 { sum } else { elu(cx.g, sum) };
        rows.push((c, theta));
        at = cx.g.detach(c);
    }
    rows.reverse();
    rows
}

/// `x` above 0, `eˣ − 1` below.
fn elu(g: &mut Graph, x: Value) -> Value {
    let zero = g.constant(0.0);
    let high = g.maximum(x, zero);
    let low = g.minimum(x, zero);
    let low = g.exp(low);
    let one = g.constant(1.0);
    let low = g.sub(low, one);
    g.add(high, low)
}

/// The loss `[]` where `a [B, …]` meets `c [C, n]`.
fn matching(cx: &mut Learn, a: Value, c: Value, target: Value) -> Value {
    let a = local::rows(cx, a);
    let width = cx.g.shape(a).last().max(1) as f32;
    let scores = cx.g.matmul_t(a, c, false, true);
    let error = cx.g.sub(scores, target);
    let square = cx.g.square(error);
    let mean = cx.g.mean_all(square);
    cx.g.scale(mean, 128.0 / width)
}

/// `updates` whose gradients have together at most the length `clip []`.
fn clipped(g: &mut Graph, clip: Value, updates: Vec<Update>) -> Vec<Update> {
    let squares: Vec<Value> = updates.iter().map(|u| g.dot(u.gradient, u.gradient)).collect();
    let Some((&first, rest)) = squares.split_first() else { return updates };
    let total = rest.iter().fold(first, |sum, &s| g.add(sum, s));
    let length = g.sqrt(total);
    // Dividing by the larger of the two gives exactly 1 below the limit, and never divides by 0.
    let longest = g.maximum(length, clip);
    let share = g.div(clip, longest);
    updates.into_iter().map(|u| Update { gradient: g.mul(u.gradient, share), ..u }).collect()
}
