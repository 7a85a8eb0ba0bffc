//! Forward gradient along local guesses (Fournier et al. 2023): the direction is no noise but what a small read-out of
//! the stage's own would have it do, and the derivative along it says how far the network as a whole agrees.
//!
//! Behind each hidden stage stands a linear read-out of its own, taught by the task's loss `ℓ` of what it answers. With
//! the guess `z_b = ∂ℓ_b/∂a_b` for the outputs `a` of the stage's blocks that have weights:
//!
//! ```text
//! ∂L_b/∂a_b  is replaced by  (∇L_b · z_b / |z_b|²) z_b       the projection of the gradient on the guess
//! ```
//!
//! for each sample on its own, before the mean over the batch; for a linear block that is the projection in the space of
//! its weights too. `∇L_b · z_b` is a derivative along a direction, which travels forward beside the values. With
//! `projected = stage` each stage's guess is projected alone, which takes as many derivatives as there are stages; with
//! `projected = network` all guesses are one direction, with one factor for each sample. With `projected = no` the
//! guess itself is followed: the paper's local learning, to compare with.
//!
//! The derivatives of all stages travel side by side, and are kept as they go: alone `network` needs no more memory for
//! a deeper network.

use super::directions::{self, Place, taught_by_node};
use super::{Credit, Needs, Rule, Task, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Init, SlotId, Stmt, Value};
use crate::lesson::{Batch, Learn, Lesson, Signal, Update};
use crate::net::Net;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// The gradient's projection on a local guess.
pub struct Guess;

static META: Meta = Meta {
    id: "guessed-forward-gradient",
    name: "Forward gradient with local guesses",
    help: "Each stage guesses what to do by a read-out of its own, and a derivative tells how well that helps the whole.",
    source: "Fournier, Rivaud, Belilovsky, Eickenberg and Oyallon 2023",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "projected",
        name: "Projected",
        help: "stage: on each stage's guess alone; network: on all guesses as one; no: the guesses as they are.",
        kind: KnobKind::Choice { default: "stage", options: &["stage", "network", "no"] },
    },
    Knob {
        id: "rate",
        name: "Hidden stages' rate",
        help: "Factor on the learning rate for the hidden stages.",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 100.0, live: false },
    },
];

impl Entry for Guess {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

/// A hidden stage's guess.
struct Guessed {
    place: Place,
    /// Of the shape of the place's value.
    guess: Value,
}

impl Rule for Guess {
    fn credit(&self) -> Credit {
        Credit::Scalar
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        let projected = knobs.choice("projected");
        Needs {
            transposed_weights: false,
            global_error: projected != "no",
            stored_activities: projected == "stage",
            labels_at_stages: true,
            derivatives: true,
            parallel_stages: true,
            passes: if projected == "no" { 2 } else { 4 },
        }
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        if net.stages.len() < 2 {
            return Err(Diagnostic::new(
                "",
                "with fewer than two stages there is no hidden stage to make a guess",
                "add a stage before the read-out, or choose backpropagation",
            ));
        }
        directions::samples_apart(net)?;
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let hidden = cx.net.stages.len() - 1;
        let rate = cx.knobs.float("rate") as f32;
        // What to multiply each guess with, a column for each stage or one for all; found out before they are followed.
        let columns = match cx.knobs.choice("projected") {
            "no" => 0,
            "network" => 1,
            _ => hidden,
        };
        let factors = (columns > 0).then(|| cx.scratch("factors", [cx.task.batch, columns]));
        let mut updates = Vec::new();
        let mut signals = Vec::new();
        let mut stages: Vec<Vec<Guessed>> = Vec::new();
        let forward = directions::trace(cx, batch.x, |cx, stage, pass, places| {
            if stage == hidden {
                return;
            }
            let (local, head) = head(cx, stage, pass.output, batch.target);
            let mean = cx.g.mean_all(local);
            let weights: Vec<Value> = head.iter().map(|&slot| cx.g.read(slot)).collect();
            let gradients = ad::gradients(cx.g, mean, &weights, &ad::Exact);
            updates.extend(head.iter().zip(gradients).map(|(&slot, gradient)| Update { slot, gradient, rate: 1.0 }));
            signals.push(Signal { name: "loss of the stage's own read-out", stage: stage + 1, value: mean });
            let guessed = guesses(cx, local, places);
            let factor = factor(cx, factors, stage);
            for Guessed { place, guess } in &guessed {
                let found = taught_by_node(cx, place, *guess, factor);
                let found = directions::with_penalties(cx, pass, &place.slots, found);
                updates.extend(place.slots.iter().zip(found).map(|(&slot, gradient)| Update { slot, gradient, rate }));
            }
            let factor = cx.g.mean_all(factor);
            signals.push(Signal { name: "agreement with the guess", stage: stage + 1, value: factor });
            stages.push(guessed);
        });
        let rows = cx.losses(forward.logits(), batch.target);
        let loss = cx.g.mean_all(rows);
        let mut before = Vec::new();
        if let Some(slot) = factors {
            let columns: Vec<Value> = if columns == 1 {
                vec![projection(cx, rows, stages.iter().flatten())]
            } else {
                stages.iter().map(|guessed| projection(cx, rows, guessed.iter())).collect()
            };
            before.push(Stmt::Tick(vec![(slot, cx.g.concat(&columns, 1))]));
        }
        updates.extend(directions::read_out(cx, &forward, loss));
        let logits = forward.logits();
        Lesson { before, signals, ..forward.lesson(loss, logits, updates) }
    }
}

/// What a stage's guess is to be multiplied with, for each sample: `[B]`.
fn factor(cx: &mut Learn, factors: Option<SlotId>, stage: usize) -> Value {
    let batch = cx.task.batch;
    let Some(slot) = factors else {
        let one = cx.g.constant(1.0);
        return cx.g.broadcast(one, [batch]);
    };
    let all = cx.g.read(slot);
    let column = stage.min(cx.g.shape(all).last() - 1);
    let column = cx.g.slice(all, 1, column, 1);
    cx.g.reshape(column, [batch])
}

/// A linear read-out of a hidden stage's `output [B, …]`: the loss of each sample `[B]`, and the read-out's weights.
fn head(cx: &mut Learn, stage: usize, output: Value, target: Value) -> (Value, [SlotId; 2]) {
    let (batch, classes) = (cx.task.batch, cx.task.outputs);
    let width: usize = cx.g.shape(output)[1..].iter().product();
    let bound = (3.0 / width.max(1) as f32).sqrt();
    let weight = cx.own(&format!("read-out {}/weight", stage + 1), [width, classes], Init::Uniform { bound });
    let bias = cx.own(&format!("read-out {}/bias", stage + 1), [classes], Init::Constant(0.0));
    let flat = cx.g.reshape(output, [batch, width]);
    let (w, b) = (cx.g.read(weight), cx.g.read(bias));
    let sums = cx.g.matmul(flat, w);
    let logits = cx.g.add(sums, b);
    (cx.losses(logits, target), [weight, bias])
}

/// The gradient of each sample's `local` loss `[B]` with respect to each place.
fn guesses(cx: &mut Learn, local: Value, places: Vec<Place>) -> Vec<Guessed> {
    let one = cx.g.constant(1.0);
    let ones = cx.g.broadcast(one, [cx.task.batch]);
    let values: Vec<Value> = places.iter().map(|p| p.value).collect();
    let pulled = ad::vjp(cx.g, &[(local, ones)], &values, &ad::Exact);
    let known = places.into_iter().zip(pulled);
    known.filter_map(|(place, guess)| Some(Guessed { place, guess: guess? })).collect()
}

/// For each sample, the loss's derivative along its guesses over their squared length: `[B, 1]`; 0 where there is none.
fn projection<'a>(cx: &mut Learn, rows: Value, guessed: impl Iterator<Item = &'a Guessed>) -> Value {
    let direction: Vec<(Value, Value)> = guessed.map(|g| (g.place.value, g.guess)).collect();
    let along = directions::slope(cx, rows, &direction);
    let mut length = directions::zeros(cx, along);
    for &(_, guess) in &direction {
        let axes: Vec<usize> = (1..cx.g.shape(guess).rank()).collect();
        let square = cx.g.square(guess);
        let square = cx.g.sum(square, &axes);
        let square = cx.g.reshape(square, [cx.task.batch]);
        length = cx.g.add(length, square);
    }
    // A sample that moves nothing has no guess, and a derivative of 0 along it.
    let least = cx.g.constant(1e-30);
    let length = cx.g.maximum(length, least);
    let factor = cx.g.div(along, length);
    cx.g.reshape(factor, [cx.task.batch, 1])
}
