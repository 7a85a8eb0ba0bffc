//! Stochastic model building (Birbil, Martin, Onay and Öztoprak 2024): a step of gradient descent is tried, and where it
//! does not pay, a model of the loss between here and there says where to go instead.
//!
//! With gradient `g` and loss `f` here, `s = −α g`, and `g_t`, `f_t` at `w + s` on the same batch:
//!
//! ```text
//! f_t ≤ f − c α |g|²   →   w ← w + s                                   the trial is accepted, over all weights at once
//! otherwise, each tensor:  y = g_t − g
//!   σ   = ½ (|s| (|y| + |g|/η) − y·s)
//!   θ   = (y·s + 2σ)² − |s|² |y|²
//!   c_g = −|s|² / 2σ
//!   c_s = c_g/θ (−(y·s + 2σ) y·g + |y|² s·g)
//!   c_y = c_g/θ (−(y·s + 2σ) s·g + |s|² y·g)
//!   w ← w + c_g g + c_s s + c_y y
//! ```
//!
//! (in the form of the authors' code). Where `σ` or `θ` is next to nothing the trial stands. Every `window` steps the
//! rate `α` falls by 0.9 if more than 5 % of them were the model's, and else grows by 1/0.9, to 20 at most: the authors
//! do so once an epoch. The rule sets the weights itself, as its steps have a length of their own: the optimizer and
//! its learning rate have no part in it.

use super::{Credit, Needs, Rule, Task, backprop, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Init, SlotId, Stmt, Value};
use crate::lesson::{Batch, Learn, Lesson, Signal};
use crate::net::Net;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Trial steps, and a model where they fail.
pub struct ModelBuilding;

static META: Meta = Meta {
    id: "model-building",
    name: "Stochastic model building",
    help: "Tries a step of descent; where the loss does not fall enough, a model of the way there corrects the step.",
    source: "Birbil, Martin, Onay and Öztoprak 2024",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "rate",
        name: "Rate at first",
        help: "Length of the trial step in gradients, to begin with.",
        kind: KnobKind::Float { default: 0.5, min: 1e-6, max: 20.0, live: false },
    },
    Knob {
        id: "sufficient",
        name: "Sufficient",
        help: "Share of the fall that the gradient promises which a trial must bring to be accepted.",
        kind: KnobKind::Float { default: 0.1, min: 0.0, max: 1.0, live: true },
    },
    Knob {
        id: "eta",
        name: "Steepness kept",
        help: "How much of the slope here the model may have left where it is least: below 1.",
        kind: KnobKind::Float { default: 0.99, min: 0.01, max: 0.999, live: true },
    },
    Knob {
        id: "window",
        name: "Window",
        help: "After how many steps the rate is adapted, by how often the model was needed; 0 keeps the rate.",
        kind: KnobKind::Int { default: 50, min: 0, max: 100_000 },
    },
];

impl Entry for ModelBuilding {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

/// Largest rate that the adaptation reaches.
const HIGHEST: f32 = 20.0;

impl Rule for ModelBuilding {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, _: &Knobs) -> Needs {
        // Backpropagation here and at the trial.
        Needs { passes: 2 * backprop::NEEDS.passes, ..backprop::NEEDS }
    }

    fn any_answer(&self) -> bool {
        true
    }

    fn shares(&self) -> bool {
        true
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let initial = cx.knobs.float("rate") as f32;
        let rate_slot = cx.memory("rate", [], Init::Constant(initial));
        let rate = cx.g.read(rate_slot);
        let descent = backprop::descent(cx, batch, |_, _, loss| loss);
        let objective = descent.objective;

        // Here: what the trial is measured against.
        let loss_here = cx.scratch("loss here", []);
        let mut here = vec![(loss_here, objective)];
        let mut gradients = Vec::new();
        for (&slot, &gradient) in descent.slots.iter().zip(&descent.gradients) {
            let (name, shape) = (cx.g.slot(slot).name.clone(), cx.g.slot(slot).shape.clone());
            let kept = cx.scratch(&format!("gradient/{name}"), shape);
            here.push((kept, gradient));
            gradients.push(cx.g.read(kept));
        }

        // There: the loss and its gradient at the trial, on the same batch and with the same noise.
        let back = cx.g.neg(rate);
        let steps: Vec<Value> = gradients.iter().map(|&gradient| cx.g.mul(back, gradient)).collect();
        let weights: Vec<Value> = descent.slots.iter().map(|&slot| cx.g.read(slot)).collect();
        let trials: Vec<Value> = weights.iter().zip(&steps).map(|(&w, &s)| cx.g.add(w, s)).collect();
        let moves: Vec<(Value, Value)> = weights.iter().copied().zip(steps.iter().copied()).collect();
        let loss_there = ad::moved(cx.g, objective, &moves);
        let there = ad::gradients(cx.g, loss_there, &trials, &ad::Exact);

        let accepted = accepted(cx, &gradients, rate, loss_here, loss_there);
        let mut writes: Vec<(SlotId, Value)> = Vec::new();
        for (i, &slot) in descent.slots.iter().enumerate() {
            let step = model(cx, gradients[i], steps[i], there[i]);
            let built = cx.g.add(weights[i], step);
            writes.push((slot, cx.g.select(accepted, trials[i], built)));
        }
        writes.extend(adapted(cx, rate_slot, rate, accepted));
        let last = cx.net.stages.len();
        let signals = vec![
            Signal { name: "trial accepted", stage: last, value: accepted },
            Signal { name: "rate", stage: last, value: rate },
        ];
        let logits = descent.forward.logits();
        let mut lesson = descent.forward.lesson(descent.loss, logits, Vec::new());
        lesson.writes.extend(writes);
        Lesson { before: vec![Stmt::Tick(here)], signals, ..lesson }
    }
}

/// 1 where the trial's loss is lower by enough, else 0: `[]`.
fn accepted(cx: &mut Learn, gradients: &[Value], rate: Value, here: SlotId, there: Value) -> Value {
    let sufficient = cx.live("sufficient");
    let mut length = cx.g.constant(0.0);
    for &gradient in gradients {
        let square = cx.g.dot(gradient, gradient);
        length = cx.g.add(length, square);
    }
    let promised = cx.g.mul(rate, length);
    let wanted = cx.g.mul(sufficient, promised);
    let here = cx.g.read(here);
    let bound = cx.g.sub(here, wanted);
    let above = cx.g.lt(bound, there);
    // A loss that is not a number is not above either: only what is not above and is a number counts.
    let number = cx.g.eq(there, there);
    let one = cx.g.constant(1.0);
    let below = cx.g.sub(one, above);
    cx.g.mul(below, number)
}

/// The model's step of one tensor, from `gradient` and `step` here and the gradient `there`.
fn model(cx: &mut Learn, gradient: Value, step: Value, there: Value) -> Value {
    let eta = cx.live("eta");
    let g = &mut *cx.g;
    let y = g.sub(there, gradient);
    let (ys, ss, yy) = (g.dot(y, step), g.dot(step, step), g.dot(y, y));
    let (yg, sg, gg) = (g.dot(y, gradient), g.dot(step, gradient), g.dot(gradient, gradient));
    let (length_s, length_y, length_g) = (g.sqrt(ss), g.sqrt(yy), g.sqrt(gg));
    let steep = g.div(length_g, eta);
    let steep = g.add(length_y, steep);
    let steep = g.mul(length_s, steep);
    let twice_sigma = g.sub(steep, ys);
    let outer = g.add(ys, twice_sigma);
    let square = g.square(outer);
    let product = g.mul(ss, yy);
    let theta = g.sub(square, product);
    let c_g = g.div(ss, twice_sigma);
    let c_g = g.neg(c_g);
    let over = g.div(c_g, theta);
    let coefficient = |g: &mut crate::ir::Graph, a: Value, b: Value, c: Value| {
        let first = g.mul(outer, a);
        let second = g.mul(b, c);
        let difference = g.sub(second, first);
        g.mul(over, difference)
    };
    let c_s = coefficient(g, yg, yy, sg);
    let c_y = coefficient(g, sg, ss, yg);
    let parts = [(c_g, gradient), (c_s, step), (c_y, y)].map(|(c, v)| g.mul(c, v));
    let built = g.add(parts[0], parts[1]);
    let built = g.add(built, parts[2]);
    // Where the model has no bottom the trial stands: for a tensor without a gradient, that is not to move.
    let least = g.constant(1e-30);
    let sound = [twice_sigma, theta].map(|v| g.lt(least, v));
    let sound = g.mul(sound[0], sound[1]);
    g.select(sound, built, step)
}

/// The rate for the next step, and how many of this window's steps were the model's.
fn adapted(cx: &mut Learn, rate_slot: SlotId, rate: Value, accepted: Value) -> Vec<(SlotId, Value)> {
    let window = cx.knobs.size("window");
    if window == 0 {
        return Vec::new();
    }
    let done_slot = cx.memory("steps of the window", [], Init::Constant(0.0));
    let built_slot = cx.memory("steps of the model", [], Init::Constant(0.0));
    let g = &mut *cx.g;
    let (done, built) = (g.read(done_slot), g.read(built_slot));
    let (zero, one, whole) = (g.constant(0.0), g.constant(1.0), g.constant(window as f32));
    let done = g.add(done, one);
    let rejected = g.sub(one, accepted);
    let built = g.add(built, rejected);
    let going_on = g.lt(done, whole);
    let often = g.constant(0.05 * window as f32);
    let often = g.lt(often, built);
    let lower = g.scale(rate, 0.9);
    let higher = g.scale(rate, 1.0 / 0.9);
    let highest = g.constant(HIGHEST);
    let higher = g.minimum(higher, highest);
    let next = g.select(often, lower, higher);
    vec![
        (rate_slot, g.select(going_on, rate, next)),
        (done_slot, g.select(going_on, done, zero)),
        (built_slot, g.select(going_on, built, zero)),
    ]
}
