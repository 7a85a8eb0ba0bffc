//! Inference learning with a proximal step (IL-prox: Alonso et al. 2022): one step of the weights that approximates
//! *implicit* gradient descent, `θ' = argmin L(θ') + ‖θ' − θ‖² / 2α`, which is stable at every rate `α`.
//!
//! The activities settle as in [`super::predictive_coding`], with the target drawn in by how far a step at rate `α` may
//! carry the output. Then each stage moves its weights just so far that it would predict its settled activity: by the
//! normalised least-mean-squares step. With `N_l` the squared length of what meets the weights of stage `l`, and 1 for
//! the bias:
//!
//! ```text
//! target of the output = p + κ (t − p)               κ = α N_L / (1 + α N_L)
//! W_l ← W_l − mean over samples of ∂F/∂W_l / (N_l + ε)
//! ```
//!
//! For filters `N` is summed over all windows of the image, which bounds what the places do together. The mean over a
//! batch is taken of the samples' own steps: the larger the batch, the less each sample gets of its step, and the less
//! of the advantage remains. The weights are set by the rule itself: `α` is the only rate, and the optimizer is not used.

use super::linear_maps::LinearMap;
use super::predictive_coding::{Energy, ITERATIONS, STEP, has_hidden, needs, relax};
use super::{Credit, Needs, Rule, Task, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Shape, SlotId, Value};
use crate::lesson::{Batch, Learn, Lesson};
use crate::net::{Clock, Mode, Net, Pass};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Weights that move just as far as the settled activities ask for.
pub struct ProximalInference;

static META: Meta = Meta {
    id: "proximal-inference",
    name: "Proximal inference learning",
    help: "Activities settle, then every stage moves its weights just so far as to predict them, whatever the rate.",
    source: "Alonso, Millidge, Krichmar and Neftci 2022",
};

static KNOBS: [Knob; 4] = [
    ITERATIONS,
    Knob { kind: KnobKind::Float { default: 0.1, min: 0.0, max: 1.0, live: true }, ..STEP },
    Knob {
        id: "rate",
        name: "Rate",
        help: "How far a step may carry the output towards its target; any value is stable. The optimizer is not used.",
        kind: KnobKind::Float { default: 5.0, min: 0.0, max: 1000.0, live: true },
    },
    Knob {
        id: "epsilon",
        name: "Epsilon",
        help: "Added to the squared length of a stage's input, so that weak inputs move nothing far.",
        kind: KnobKind::Float { default: 0.25, min: 1e-6, max: 100.0, live: true },
    },
];

impl Entry for ProximalInference {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for ProximalInference {
    fn credit(&self) -> Credit {
        Credit::Neighbours
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        needs(knobs)
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        has_hidden(net)?;
        try_out(self, net, task, knobs)?;
        one_map_a_stage(net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = cx.series(Mode::Train, batch.x);
        let settled = relax(cx, &forward, batch, &|cx, energy| {
            let mut weights = vec![None; energy.rows.len()];
            let (drawn, _) = drawn(cx, energy, energy.rows.len() - 1);
            if let Some(last) = weights.last_mut() {
                *last = Some(drawn);
            }
            energy.weighted(cx, &weights)
        });
        let energy = Energy::new(cx, batch, &settled.activities);
        let signals = settled.signals(cx, &energy);
        let writes = set(cx, &energy);
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        let mut lesson = Lesson { before: settled.before, signals, ..forward.lesson(loss, logits, Vec::new()) };
        lesson.writes.extend(writes);
        lesson
    }
}

/// Share `κ [B]` of the way to its target that stage `i` may go, and the squared length `N + 1` of its input.
fn drawn(cx: &mut Learn, energy: &Energy, i: usize) -> (Value, Value) {
    let length = length(cx.g, &energy.passes[i], cx.task.batch);
    let rate = cx.live("rate");
    let g = &mut *cx.g;
    let reach = g.mul(rate, length);
    let one = g.constant(1.0);
    let whole = g.add(one, reach);
    (g.div(reach, whole), length)
}

/// Squared length of what meets a stage's weights, with 1 for the bias: `[B]`, a number like any other to whom no
/// derivative flows.
fn length(g: &mut Graph, pass: &Pass, batch: usize) -> Value {
    let mut sum = g.constant(1.0);
    for map in LinearMap::of(g, pass) {
        let length = map.lengths(g, batch);
        sum = g.add(sum, length);
    }
    let sum = g.broadcast(sum, [batch]);
    g.detach(sum)
}

/// The weights after the normalised step of each stage.
fn set(cx: &mut Learn, energy: &Energy) -> Vec<(SlotId, Value)> {
    let epsilon = cx.live("epsilon");
    let last = energy.rows.len() - 1;
    let shares: Vec<Option<Value>> = (0..=last)
        .map(|i| {
            let (drawn, length) = drawn(cx, energy, i);
            let safe = cx.g.add(length, epsilon);
            Some(if i == last { cx.g.div(drawn, safe) } else { cx.g.recip(safe) })
        })
        .collect();
    let total = energy.weighted(cx, &shares);
    let total = cx.g.scale(total, 1.0 / cx.task.batch as f32);
    let slots: Vec<SlotId> = energy.passes.iter().flat_map(|p| p.params.iter().copied()).collect();
    let weights: Vec<Value> = slots.iter().map(|&slot| cx.g.read(slot)).collect();
    let steps = ad::gradients(cx.g, total, &weights, &ad::Exact);
    let moved = |((slot, weight), step): ((SlotId, Value), Value)| (slot, cx.g.sub(weight, step));
    slots.into_iter().zip(weights).zip(steps).map(moved).collect()
}

/// Refuses stages with weights whose step has no known length.
///
/// # Errors
/// The first such stage.
fn one_map_a_stage(net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
    let mut g = Graph::new();
    let (seed, step) = (g.symbol(Shape::from([2])), g.symbol(Shape::from([2])));
    let x = g.symbol(Shape([&[task.batch], &task.input[..]].concat()));
    let mut cx = Learn { g: &mut g, net, task, knobs, clock: Clock { seed, step } };
    let passes = cx.series(Mode::Train, x).passes;
    for (i, pass) in passes.iter().enumerate() {
        let maps = LinearMap::of(&g, pass);
        let known = |slot: SlotId| maps.iter().any(|m| m.weight == slot) || g.slot(slot).name.ends_with("/bias");
        let single = maps.len() <= 1 && maps.iter().all(|m| m.window.is_none_or(|w| w.groups == 1));
        if !single || !pass.params.iter().all(|&slot| known(slot)) {
            return Err(Diagnostic::new(
                (i + 1).to_string(),
                "how far its weights may move is known for one linear or conv2d in a stage alone",
                "give every linear or conv2d a stage of its own, without norms with weights, routes or groups",
            ));
        }
    }
    Ok(())
}
