//! Model-free forward-forward (Momeni, Rahmani, Malléjac, del Hougne and Fleury 2023): training around a physical system
//! that nobody can differentiate.
//!
//! The blocks `f` of a hidden stage are the system: a black box that keeps its weights as they are and through which no
//! derivative is ever taken. Behind it stands a linear map `P_l` that learns, and sees the box's output beside its input:
//!
//! ```text
//! h_l = P_l [f_l(n_{l−1}), n_{l−1}]             n_l = detach(h_l / √(mean h_l²))
//! goodness = cos(h_l, u_l)                      u_l fixed and random
//! loss_l = mean softplus(−sharpness · (goodness(true label) − goodness(wrong label)))
//! ```
//!
//! both of the same sample. `P_l` keeps the shape of the box's output: over images it mixes channels, the same at every
//! place, and sees the input where that has as many places; else it is a full matrix. The label is part of the input: see
//! [`super::contrast`]. The read-out is the network's last stage, which learns the task from the outputs `n_l` of all
//! hidden stages but the first in a pass with a neutral label; it alone is differentiated. By default, as in the paper, the
//! network is asked with each label in turn instead, and answers with the one of highest goodness over all hidden stages;
//! the accuracy shown while it learns is the read-out's.
//!
//! The paper's `sharpness` is 4, with 10 to 25 inner steps on each batch of thousands of samples; in one step on each small
//! batch a sharper loss, which keeps on asking where the two cosines already differ, learns far faster.

use super::{Credit, Needs, Rule, Task, contrast, local, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::{Init, SlotId, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal};
use crate::net::{Mode, Net, Pass};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Learnt maps between black boxes.
pub struct ModelFree;

static META: Meta = Meta {
    id: "model-free-forward-forward",
    name: "Model-free forward-forward",
    help: "The stages are black boxes that stay as they are; a linear map behind each learns to tell true labels from wrong.",
    source: "Momeni, Rahmani, Malléjac, del Hougne and Fleury 2023",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "sharpness",
        name: "Sharpness",
        help: "How little the goodness of true and wrong label may differ before a stage is content.",
        kind: KnobKind::Float { default: 50.0, min: 0.0, max: 1000.0, live: true },
    },
    contrast::NEGATIVES,
    contrast::answer("goodness"),
];

impl Entry for ModelFree {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for ModelFree {
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
            derivatives: false,
            parallel_stages: true,
            passes: 3,
        }
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        contrast::fits("model-free forward-forward", net, task)?;
        try_out(self, net, task, knobs)
    }

    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        let x = contrast::neutral(cx, x);
        let mut forward = boxes(cx, mode, x).0;
        let net = cx.net;
        let mut build = cx.build(mode);
        let last = contrast::read_out(&mut build, net, &forward.passes, contrast::pattern);
        forward.gather(build);
        forward.passes.push(last);
        forward
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = self.forward(cx, Mode::Train, batch.x);
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        let pairs = contrast::pairs(cx, batch.x, batch.target, logits);
        let (hidden, maps) = boxes(cx, Mode::Train, pairs);
        let mut updates = Vec::new();
        let mut signals = Vec::new();
        for (i, (pass, map)) in hidden.passes.iter().zip(maps).enumerate() {
            let goodness = cosine(cx, i, pass.output);
            let half = cx.task.batch;
            let [yes, no] = [0, half].map(|start| cx.g.slice(goodness, 0, start, half));
            for (name, part) in [("goodness, true label", yes), ("goodness, wrong label", no)] {
                signals.push(Signal { name, stage: i + 1, value: cx.g.mean_all(part) });
            }
            let sharpness = cx.live("sharpness");
            let short = cx.g.sub(no, yes);
            let short = cx.g.mul(sharpness, short);
            let short = cx.g.softplus(short);
            let objective = cx.g.mean_all(short);
            updates.extend(cx.follow(objective, &[map], 1.0));
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
        let passes = boxes(cx, Mode::Eval, candidates).0.passes;
        let goodness: Vec<Value> = passes.iter().enumerate().map(|(i, pass)| cosine(cx, i, pass.output)).collect();
        contrast::elected(cx, &goodness)
    }
}

/// Passes `x`, labels in it, through all stages but the last; each pass's output is what the map behind the box made of
/// it. With them, the maps.
fn boxes(cx: &mut Learn, mode: Mode, x: Value) -> (Forward, Vec<SlotId>) {
    let net = cx.net;
    let mut forward = Forward::default();
    let mut maps = Vec::new();
    let mut at = contrast::pattern(&mut cx.build(mode), x);
    at = cx.g.detach(at);
    for i in 0..net.stages.len() - 1 {
        let mut build = cx.build(mode);
        let pass = net.stage(&mut build, i, at);
        forward.gather(build);
        if cx.g.is_poisoned(pass.output) {
            forward.passes.push(pass);
            break;
        }
        let given = cx.g.detach(pass.output);
        let (output, map) = mapped(cx, i, given, at);
        maps.push(map);
        forward.passes.push(Pass { output, ..pass });
        let handed = contrast::pattern(&mut cx.build(mode), output);
        at = cx.g.detach(handed);
    }
    (forward, maps)
}

/// What the map of hidden stage number `i` makes of the box's output `y` and its input `x`; of the shape of `y`.
fn mapped(cx: &mut Learn, i: usize, y: Value, x: Value) -> (Value, SlotId) {
    let shape = cx.g.shape(y).clone();
    let places = |shape: &[usize]| shape[1..shape.len() - 1].to_vec();
    let (rows, units, seen) = if shape.rank() > 2 {
        let seen = cx.g.shape(x).clone();
        let beside = seen.rank() == shape.rank() && places(&seen) == places(&shape);
        let rows = shape.size() / shape.last().max(1);
        let y = cx.g.reshape(y, [rows, shape.last()]);
        let x = beside.then(|| cx.g.reshape(x, [rows, seen.last()]));
        (y, shape.last(), x)
    } else {
        (y, shape.last(), Some(local::rows(cx, x)))
    };
    let parts: Vec<Value> = std::iter::once(rows).chain(seen).collect();
    let joined = cx.g.concat(&parts, 1);
    let (h, map) = local::linear(cx, &format!("map {}", i + 1), joined, units);
    (cx.g.reshape(h, shape), map)
}

/// Cosine between each row of `h [B, …]` and the direction of hidden stage number `i`: `[B]`.
fn cosine(cx: &mut Learn, i: usize, h: Value) -> Value {
    let h = local::rows(cx, h);
    let (batch, width) = (cx.g.shape(h)[0], cx.g.shape(h).last());
    let direction = cx.feedback(&format!("direction {}", i + 1), [width, 1], Init::Normal { std: 1.0 });
    let along = cx.g.matmul(h, direction);
    let lengths = [h, direction].map(|v| {
        let axis = usize::from(v == h);
        let square = cx.g.square(v);
        let sum = cx.g.sum(square, &[axis]);
        // What has no length points nowhere.
        let least = cx.g.constant(1e-12);
        let safe = cx.g.add(sum, least);
        cx.g.sqrt(safe)
    });
    let product = cx.g.mul(lengths[0], lengths[1]);
    let cosine = cx.g.div(along, product);
    cx.g.reshape(cosine, [batch])
}
