//! Optimal input gain (Rane, Tyagi, Malalur, Shinge and Manry 2023): the gradient of each weight matrix, with a gain on
//! every input that a model of the second order says is best.
//!
//! With gradient `G [inputs, units]` of a weight matrix and gains `r [inputs]`, `w ← w − rate · diag(r) G`, where `r`
//! minimises the Gauss-Newton model of the loss:
//!
//! ```text
//! (H + λ diag(γ)) r = γ,    γ(m) = Σ_k G(m,k)²,    H(m,u) = Σ_kj G(m,k) G(u,j) ∂²L/∂W(m,k)∂W(u,j)
//! ```
//!
//! All weights have their gains in one system, a bias one for all of it. The system is never written down: `H` times a
//! vector is a derivative forward, the curvature of the loss at the logits, and a derivative back. It is solved by
//! `iterations` of conjugate gradients, preconditioned by `γ`: the first is gradient descent with the best length, and
//! each more tells the inputs further apart. `λ` keeps every gain below `1/λ`; an input that is always 0 has the gain 0.
//!
//! The paper teaches one hidden layer with gains, on whole data sets, and solves the read-out by least squares; here all
//! stages have gains and a mini-batch is what there is. The rule sets the weights itself, as its steps have a length of
//! their own: the optimizer and its learning rate have no part in it.

use super::{Credit, Needs, Rule, Task, backprop, directions, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{SlotId, Stmt, Value};
use crate::lesson::{Batch, Learn, Lesson, Signal};
use crate::net::Net;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Gradients with the best gain on each input.
pub struct InputGain;

static META: Meta = Meta {
    id: "optimal-input-gain",
    name: "Optimal input gain",
    help: "Backpropagation that first finds out how far it pays to follow the gradient of each single input.",
    source: "Rane, Tyagi, Malalur, Shinge and Manry 2023",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "iterations",
        name: "Iterations",
        help: "Of the solver for the gains: 1 gives all of them the same, each more tells them further apart.",
        kind: KnobKind::Int { default: 4, min: 1, max: 64 },
    },
    Knob {
        id: "damping",
        name: "Damping",
        help: "No gain is larger than one over this.",
        kind: KnobKind::Float { default: 0.1, min: 1e-4, max: 1e4, live: true },
    },
    Knob {
        id: "rate",
        name: "Rate",
        help: "Share of the step that the model proposes.",
        kind: KnobKind::Float { default: 0.3, min: 0.0, max: 10.0, live: true },
    },
];

impl Entry for InputGain {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

/// A vector over all gains, in registers.
struct Gains {
    slots: Vec<SlotId>,
    now: Vec<Value>,
}

impl Gains {
    /// Registers of the shapes of `like`.
    fn new(cx: &mut Learn, name: &str, like: &[Value]) -> Self {
        let slots: Vec<SlotId> = like
            .iter()
            .enumerate()
            .map(|(i, &v)| {
                let shape = cx.g.shape(v).clone();
                cx.scratch(&format!("{name} {}", i + 1), shape)
            })
            .collect();
        let now = slots.iter().map(|&slot| cx.g.read(slot)).collect();
        Self { slots, now }
    }
}

impl Rule for InputGain {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        // Values, derivatives along a direction and errors for each iteration; and once more to answer.
        Needs { passes: backprop::NEEDS.passes + 3 * knobs.size("iterations") as u32 + 1, ..backprop::NEEDS }
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let descent = backprop::descent(cx, batch, |_, _, loss| loss);
        let logits = descent.forward.logits();
        let weights: Vec<Value> = descent.slots.iter().map(|&slot| cx.g.read(slot)).collect();

        // The gradient, kept; and γ, the first residual of the system.
        let mut start = Vec::new();
        let mut kept = Vec::new();
        for (&slot, &gradient) in descent.slots.iter().zip(&descent.gradients) {
            let (name, shape) = (cx.g.slot(slot).name.clone(), cx.g.slot(slot).shape.clone());
            let register = cx.scratch(&format!("gradient/{name}"), shape);
            start.push((register, gradient));
            kept.push(cx.g.read(register));
        }
        let first: Vec<Value> = descent.gradients.iter().map(|&gradient| by_input(cx, gradient, gradient)).collect();
        let alive: Vec<Value> = first.iter().map(|&gamma| over(cx, gamma, gamma)).collect();
        let gamma = Gains::new(cx, "gamma", &first);
        let gain = Gains::new(cx, "gain", &first);
        let residual = Gains::new(cx, "residual", &first);
        let search = Gains::new(cx, "search", &first);
        let size_slot = cx.scratch("residual's size", []);
        let size = cx.g.read(size_slot);
        for (i, &value) in first.iter().enumerate() {
            let nothing = directions::zeros(cx, value);
            start.extend([(gamma.slots[i], value), (residual.slots[i], value)]);
            start.extend([(gain.slots[i], nothing), (search.slots[i], alive[i])]);
        }
        start.push((size_slot, inner(cx, &first, &alive)));

        // One iteration.
        let damping = cx.live("damping");
        let moved: Vec<(Value, Value)> =
            weights.iter().enumerate().map(|(i, &w)| (w, cx.g.mul(kept[i], search.now[i]))).collect();
        let curved = gauss_newton(cx, descent.loss, logits, &moved);
        let mut product = Vec::new();
        for (i, &curved) in curved.iter().enumerate() {
            let bent = by_input(cx, kept[i], curved);
            let held = cx.g.mul(damping, gamma.now[i]);
            let held = cx.g.mul(held, search.now[i]);
            product.push(cx.g.add(bent, held));
        }
        let curvature = inner(cx, &search.now, &product);
        let length = over(cx, size, curvature);
        let mut iteration = Vec::new();
        let mut residuals = Vec::new();
        let mut steered = Vec::new();
        for (i, &product) in product.iter().enumerate() {
            let further = cx.g.mul(length, search.now[i]);
            iteration.push((gain.slots[i], cx.g.add(gain.now[i], further)));
            let less = cx.g.mul(length, product);
            let left = cx.g.sub(residual.now[i], less);
            iteration.push((residual.slots[i], left));
            residuals.push(left);
            steered.push(over(cx, left, gamma.now[i]));
        }
        let next = inner(cx, &residuals, &steered);
        let share = over(cx, next, size);
        for (i, &steered) in steered.iter().enumerate() {
            let carried = cx.g.mul(share, search.now[i]);
            iteration.push((search.slots[i], cx.g.add(steered, carried)));
        }
        iteration.push((size_slot, next));

        let rate = cx.live("rate");
        let mut writes = Vec::new();
        for (i, &slot) in descent.slots.iter().enumerate() {
            let step = cx.g.mul(kept[i], gain.now[i]);
            let step = cx.g.mul(rate, step);
            writes.push((slot, cx.g.sub(weights[i], step)));
        }
        let mut signals = Vec::new();
        for (stage, pass) in descent.forward.passes.iter().enumerate() {
            let Some(i) = descent.slots.iter().position(|slot| pass.params.first() == Some(slot)) else { continue };
            let size = cx.g.shape(gain.now[i]).size();
            let gains = cx.g.reshape(gain.now[i], [size]);
            signals.push(Signal { name: "gain of each input", stage: stage + 1, value: gains });
        }
        let times = cx.knobs.size("iterations") as u32;
        let before = vec![Stmt::Tick(start), Stmt::Repeat { times, body: vec![Stmt::Tick(iteration)] }];
        let mut lesson = descent.forward.lesson(descent.loss, logits, Vec::new());
        lesson.writes.extend(writes);
        Lesson { before, signals, ..lesson }
    }
}

/// The sum of `a · b` over the units, for each input: of `[…, inputs, units]` it is `[…, inputs, 1]`, of a bias `[1]`.
fn by_input(cx: &mut Learn, a: Value, b: Value) -> Value {
    let product = cx.g.mul(a, b);
    let axis = cx.g.shape(product).rank().saturating_sub(1);
    cx.g.sum(product, &[axis])
}

/// The inner product of two vectors over all gains: `[]`.
fn inner(cx: &mut Learn, a: &[Value], b: &[Value]) -> Value {
    let zero = cx.g.constant(0.0);
    a.iter().zip(b).fold(zero, |sum, (&a, &b)| {
        let part = cx.g.dot(a, b);
        cx.g.add(sum, part)
    })
}

/// `a / b`; 0 where `b` is next to nothing, which it is only where `a` is nothing too.
fn over(cx: &mut Learn, a: Value, b: Value) -> Value {
    let least = cx.g.constant(1e-20);
    let zero = cx.g.constant(0.0);
    let safe = cx.g.maximum(b, least);
    let quotient = cx.g.div(a, safe);
    let there = cx.g.lt(least, b);
    cx.g.select(there, quotient, zero)
}

/// The Gauss-Newton matrix of `loss []` over `logits`, applied to a direction: for each weight moved, of its shape.
fn gauss_newton(cx: &mut Learn, loss: Value, logits: Value, direction: &[(Value, Value)]) -> Vec<Value> {
    let ahead = directions::slope(cx, logits, direction);
    let one = cx.g.constant(1.0);
    let error = ad::vjp(cx.g, &[(loss, one)], &[logits], &ad::Exact)[0].unwrap_or(logits);
    let bent = directions::slope(cx, error, &[(logits, ahead)]);
    let weights: Vec<Value> = direction.iter().map(|d| d.0).collect();
    let pulled = ad::vjp(cx.g, &[(logits, bent)], &weights, &ad::Exact);
    weights.iter().zip(pulled).map(|(&w, p)| p.unwrap_or_else(|| directions::zeros(cx, w))).collect()
}
