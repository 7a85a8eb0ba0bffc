//! Sign-symmetric feedback (Liao, Leibo and Poggio 2016; names after Moskovitz, Litwin-Kumar and Abbott 2018): weights on
//! the way back share with those of the way forward nothing but the signs.
//!
//! With `y = x W` the weights of a stage:
//!
//! ```text
//! ∂loss/∂x  is replaced by  ∂loss/∂y · (M ⊙ sign W)ᵀ
//!
//! magnitude  uniform   M = s, the standard deviation of the initial weights          (uSF)
//!            fixed     M random, never changes                                       (frSF)
//!            redrawn   M random, new at every step                                   (brSF)
//! ```
//!
//! Random magnitudes are `|u|`, `u` uniform with deviation `s`. With uniform ones and two classes, whose errors are
//! opposite, no error reaches a unit whose two weights agree in sign: `fixed` is the default.
//!
//! Between stages alone: within one the chain rule holds, see [`way_back`]. One bit a weight still has to reach the way
//! back, so the rule does need the transposed weights, if only roughly.

use super::way_back::{Crossing, Stand, name, random, spread};
use super::{Credit, Needs, Rule, Task, way_back};
use crate::diagnostic::Diagnostic;
use crate::lesson::{Batch, Learn, Lesson};
use crate::net::Net;
use crate::ops::random::Distribution;
use crate::ops::scalar::Unary;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// The signs of the weights on the way back.
pub struct SignSymmetric;

static META: Meta = Meta {
    id: "sign-symmetric",
    name: "Sign-symmetric feedback",
    help: "The error travels back through weights that have the signs of the forward weights, but not their sizes.",
    source: "Liao, Leibo and Poggio 2016; Moskovitz, Litwin-Kumar and Abbott 2018",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "magnitude",
        name: "Magnitude",
        help: "uniform: one size for all; fixed: random sizes that stay; redrawn: random sizes, new at every step.",
        kind: KnobKind::Choice { default: "fixed", options: &["uniform", "fixed", "redrawn"] },
    },
    Knob {
        id: "hidden-rate",
        name: "Hidden stages' rate",
        help: "Factor on the learning rate for the hidden stages.",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 100.0, live: false },
    },
];

impl Entry for SignSymmetric {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for SignSymmetric {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, _: &Knobs) -> Needs {
        Needs { transposed_weights: true, ..way_back::NEEDS }
    }

    fn published(&self) -> &'static str {
        "99.06 % on MNIST with LeNet, signs alone, 60,000 digits (biotorch)"
    }

    fn any_answer(&self) -> bool {
        true
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        way_back::fits(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        way_back::learn(cx, batch, signed).lesson
    }
}

fn signed(cx: &mut Learn, crossing: Crossing) -> Stand {
    let weight = cx.g.read(crossing.slot);
    let sign = cx.g.unary(Unary::Sign, weight);
    let size = spread(cx.g, crossing.slot);
    let magnitude = match cx.knobs.choice("magnitude") {
        "fixed" => {
            let slot = random(cx, crossing.slot);
            let value = cx.g.read(slot);
            cx.g.abs(value)
        }
        "redrawn" => {
            // The magnitude of a number uniform in ±b is uniform in [0, b).
            let (name, shape) = (name(cx.g, crossing.slot), cx.g.shape(weight).clone());
            let drawn = cx.noise(&name, Distribution::Uniform, shape);
            cx.g.scale(drawn, 3f32.sqrt() * size)
        }
        _ => cx.g.constant(size),
    };
    Stand::Weight(cx.g.mul(magnitude, sign))
}
