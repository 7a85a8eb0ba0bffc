//! Backpropagation with noise on the gradient (Neelakantan et al. 2015): what is added at first shakes very deep networks
//! out of places where their gradient is next to nothing, and dies away.
//!
//! At step `t`, counted from 0, with `n` normal of mean 0 and variance 1, another for every weight and step:
//!
//! ```text
//! dW = ∂L/∂W + √(η / (1 + t)^γ) n        η one of 0.01, 0.3, 1;  γ = 0.55
//! ```
//!
//! The noise is not scaled by the learning rate on its own: it enters before the optimizer. An optimizer that divides by
//! the gradient's size, as Adam does, divides the noise too; the paper's runs are plain gradient descent.

use super::{Credit, Needs, Rule, Task, backprop, try_out};
use crate::diagnostic::Diagnostic;
use crate::lesson::{Batch, Learn, Lesson, Signal, Update};
use crate::net::Net;
use crate::ops::random::Distribution;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// The exact gradient, and noise that dies away.
pub struct GradientNoise;

static META: Meta = Meta {
    id: "gradient-noise",
    name: "Gradient noise",
    help: "Backpropagation with noise added to every gradient, which dies away as training goes on.",
    source: "Neelakantan, Vilnis, Le, Sutskever, Kaiser, Kurach and Martens 2015",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "noise",
        name: "Noise at first",
        help: "Variance of what is added to each number of the gradient at the first step; the paper tries 0.01, 0.3, 1.",
        kind: KnobKind::Float { default: 0.01, min: 0.0, max: 100.0, live: true },
    },
    Knob {
        id: "decay",
        name: "Decay",
        help: "How fast the noise dies away: its variance falls as this power of the step's number.",
        kind: KnobKind::Float { default: 0.55, min: 0.0, max: 4.0, live: true },
    },
];

impl Entry for GradientNoise {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for GradientNoise {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, _: &Knobs) -> Needs {
        backprop::NEEDS
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
        let descent = backprop::descent(cx, batch, |_, _, loss| loss);
        let size = deviation(cx);
        let mut signals = Vec::new();
        for (i, pass) in descent.forward.passes.iter().enumerate() {
            let own = descent.slots.iter().zip(&descent.gradients).filter(|(slot, _)| pass.params.contains(slot));
            let squares: Vec<_> = own.map(|(_, &gradient)| cx.g.dot(gradient, gradient)).collect();
            let Some((&first, others)) = squares.split_first() else { continue };
            let sum = others.iter().fold(first, |sum, &s| cx.g.add(sum, s));
            signals.push(Signal { name: "length of the gradient", stage: i + 1, value: cx.g.sqrt(sum) });
        }
        let mut updates = Vec::new();
        for (&slot, &gradient) in descent.slots.iter().zip(&descent.gradients) {
            let (name, shape) = (cx.g.slot(slot).name.clone(), cx.g.slot(slot).shape.clone());
            let noise = cx.noise(&name, Distribution::Normal, shape);
            let noise = cx.g.mul(noise, size);
            updates.push(Update { slot, gradient: cx.g.add(gradient, noise), rate: 1.0 });
        }
        let logits = descent.forward.logits();
        Lesson { signals, ..descent.forward.lesson(descent.loss, logits, updates) }
    }
}

/// The noise's standard deviation at this step: `[]`.
fn deviation(cx: &mut Learn) -> crate::ir::Value {
    let (noise, decay) = (cx.live("noise"), cx.live("decay"));
    let steps = cx.clock.steps(cx.g);
    let one = cx.g.constant(1.0);
    let count = cx.g.add(steps, one);
    let log = cx.g.ln(count);
    let half = cx.g.scale(decay, -0.5);
    let power = cx.g.mul(log, half);
    let power = cx.g.exp(power);
    let first = cx.g.sqrt(noise);
    cx.g.mul(first, power)
}
