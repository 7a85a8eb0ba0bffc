//! What the Hebbian rules share: hidden stages that learn from nothing but their own input and output, and a read-out
//! that follows the task's loss.
//!
//! Each stage sees its input centred, feature by feature, and brought to mean square 1, over all features together: both
//! by running statistics of the batches. Inputs that are all positive would let the same units win always, and a
//! temperature means nothing without a scale. (The convolutional nets of Journé et al. 2023 have a batch norm in this
//! place; one common spread does not blow up pixels that hardly ever change.) No derivative goes from stage to stage.
//! The weights of the hidden stages are set by the rule itself at a rate of its own; the optimizer moves the read-out
//! alone. Biases and gains stay as they are.

use super::Needs;
use super::linear_maps::{LinearMap, only_linear_maps};
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Init, Shape, SlotId, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal, Update};
use crate::net::{Mode, Net, Pass};
use crate::ops::scalar::Unary;
use crate::registry::{Knob, KnobKind};

pub(super) const RATE: Knob = Knob {
    id: "rate",
    name: "Hidden stages' rate",
    help: "How far the hidden stages' weights move in one step, at most; the optimizer moves the read-out alone.",
    kind: KnobKind::Float { default: 0.03, min: 0.0, max: 1.0, live: true },
};

/// A rule whose stages hear nothing of each other.
pub(super) const LOCAL: Needs = Needs {
    transposed_weights: false,
    global_error: false,
    stored_activities: false,
    labels_at_stages: false,
    derivatives: false,
    parallel_stages: true,
    passes: 1,
};

/// # Errors
/// Where no hidden stage can learn from its own input and output.
pub(super) fn fits(net: &Net) -> Result<(), Diagnostic> {
    if net.stages.len() == 1 {
        return Err(Diagnostic::new(
            "",
            "with fewer than two stages there is no hidden stage to learn by itself",
            "add a stage before the read-out, or choose backpropagation",
        ));
    }
    only_linear_maps(net)
}

/// Share of a batch's own statistics in the running ones.
const FRESH: f32 = 0.1;

/// Passes `x [B, …]` through all stages, each of which sees what the one before gave in standard form.
pub(super) fn forward(cx: &mut Learn, mode: Mode, x: Value) -> Forward {
    let net = cx.net;
    let mut whole = Forward::default();
    let mut at = x;
    for i in 0..net.stages.len() {
        let seen = standardised(cx, mode, i, at, &mut whole.writes);
        let mut build = cx.build(mode);
        let pass = net.stage(&mut build, i, seen);
        whole.gather(build);
        at = pass.output;
        whole.passes.push(pass);
    }
    whole
}

/// `h [B, …]` as stage `i` sees it, detached; in training the running statistics are brought up to date first.
fn standardised(cx: &mut Learn, mode: Mode, i: usize, h: Value, writes: &mut Vec<(SlotId, Value)>) -> Value {
    let shape = cx.g.shape(h).clone();
    if cx.g.is_poisoned(h) || shape.rank() == 0 {
        return h;
    }
    let [mean_slot, spread_slot] = [
        cx.memory(&format!("mean {}", i + 1), &shape[1..], Init::Constant(0.0)),
        cx.memory(&format!("spread {}", i + 1), Shape::default(), Init::Constant(1.0)),
    ];
    let (mut mean, mut spread) = (cx.g.read(mean_slot), cx.g.read(spread_slot));
    let h = cx.g.detach(h);
    if mode == Mode::Train {
        let now = cx.g.mean(h, &[0]);
        let now = cx.g.reshape(now, &shape[1..]);
        mean = fresher(cx.g, mean, now);
        writes.push((mean_slot, mean));
    }
    let centred = cx.g.sub(h, mean);
    if mode == Mode::Train {
        let square = cx.g.square(centred);
        let now = cx.g.mean_all(square);
        spread = fresher(cx.g, spread, now);
        writes.push((spread_slot, spread));
    }
    // A stage that is silent throughout hands on silence.
    let least = cx.g.constant(1e-8);
    let safe = cx.g.add(spread, least);
    let root = cx.g.sqrt(safe);
    cx.g.div(centred, root)
}

fn fresher(g: &mut Graph, old: Value, now: Value) -> Value {
    let change = g.sub(now, old);
    let change = g.scale(change, FRESH);
    g.add(old, change)
}

/// Length of each unit's weights: `[units]`.
pub(super) fn norms(g: &mut Graph, map: &LinearMap) -> Value {
    let weight = g.read(map.weight);
    let square = g.square(weight);
    let square = map.per_unit(g, square);
    g.sqrt(square)
}

/// The lesson in which the weights of each linear map of a hidden stage become what `learnt` makes of it, and the
/// read-out follows the loss.
pub(super) fn lesson(
    cx: &mut Learn,
    batch: Batch,
    forward: Forward,
    learnt: &mut dyn FnMut(&mut Learn, &LinearMap) -> Value,
) -> Lesson {
    let logits = forward.logits();
    let loss = cx.loss(logits, batch.target);
    let (hidden, last) = forward.passes.split_at(forward.passes.len() - 1);
    let mut writes: Vec<(SlotId, Value)> = Vec::new();
    let mut signals = Vec::new();
    for (i, pass) in hidden.iter().enumerate() {
        for map in LinearMap::of(cx.g, pass) {
            let next = learnt(cx, &map);
            match writes.iter_mut().find(|w| w.0 == map.weight) {
                // A weight in use several times moves by the sum of what each use teaches it.
                Some(write) => {
                    let weight = cx.g.read(map.weight);
                    let change = cx.g.sub(next, weight);
                    write.1 = cx.g.add(write.1, change);
                }
                None => {
                    writes.push((map.weight, next));
                    let norms = norms(cx.g, &map);
                    signals.push(Signal { name: "mean length of weights", stage: i + 1, value: cx.g.mean_all(norms) });
                }
            }
        }
    }
    let updates = last.iter().flat_map(|pass| read_out(cx, loss, pass)).collect();
    let mut lesson = Lesson { signals, ..forward.lesson(loss, logits, updates) };
    lesson.writes.extend(writes);
    lesson
}

fn read_out(cx: &mut Learn, loss: Value, pass: &Pass) -> Vec<Update> {
    let objective = cx.penalised(loss, pass);
    cx.descend(objective, pass, 1.0)
}

/// `weight + rate · change / max |change|`, where `rate` is a number or one for each unit: the weight that changes most
/// changes by the rate.
pub(super) fn step(g: &mut Graph, map: &LinearMap, change: Value, rate: Value) -> Value {
    let weight = g.read(map.weight);
    let size = g.unary(Unary::Abs, change);
    let axes: Vec<usize> = (0..g.shape(size).rank()).collect();
    let most = g.max(size, &axes);
    // Where nothing changes, nothing is to be divided.
    let least = g.constant(1e-20);
    let most = g.maximum(most, least);
    let share = g.div(change, most);
    let by = g.mul(share, rate);
    g.add(weight, by)
}
