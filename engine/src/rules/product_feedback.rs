//! Product feedback alignment (Ji-An and Benna 2024): the error goes back in two hops, through a fixed random matrix and
//! a learnt one, so that no weight mirrors another.
//!
//! With `y = x W` the weights of a stage (`n` units), `B [n, k]` random and fixed, and `R`, of the shape of `W` but with
//! `k = k-factor · n` units:
//!
//! ```text
//! ∂loss/∂x  is replaced by  (n / k) (∂loss/∂y · B) Rᵀ,      B uniform with variance 1/n
//! dW = xᵀ ∂loss/∂y             + decay · W
//! dR = xᵀ (∂loss/∂y · B)       + decay · R
//! ```
//!
//! but for the decay `dR = dW · B`, which is how it is computed here. Under an optimizer that is linear in the gradients
//! (SGD with or without momentum) `R − W B` is therefore constant without decay, and vanishes with it. Then `(n / k) R Bᵀ`
//! is `W · (n / k) B Bᵀ`, where `(n / k) B Bᵀ` is the identity up to an error of relative size `√(n / k)`: the cosine
//! between the two paths is about `1 / √(1 + n / k)`. The paper has `B` of variance `1/k` and no factor `n / k`; under a
//! linear optimizer that is the same rule with `B` and `R` by `√(k / n)` smaller. It has `k = 10 n`, of which the default
//! here is a cheaper part, and begins with a strong decay.
//!
//! Adam is not linear: it gives `R` and `W` steps of the same size in every element, whatever their gradients. With `B`
//! scaled as above that is the right size, since `dW · B` is as large as `dW`; what is left is that the signs of
//! `dW · B` stand for their values, and the paths still align, only less exactly than the identity would have them.
//! Making `R` follow the *changes* of `W` would be exact under any optimizer, but would read the weights themselves,
//! which this rule is there to do without.

use super::way_back::{Crossing, Stand, decayed, hopped, name, spread};
use super::{Credit, Needs, Rule, Task, way_back};
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Init, SlotId};
use crate::lesson::{Batch, Learn, Lesson, Update};
use crate::net::{Clock, Mode, Net};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// A random and a learnt matrix on the way back.
pub struct ProductFeedback;

static META: Meta = Meta {
    id: "product-feedback-alignment",
    name: "Product feedback alignment",
    help: "The error goes back through a random and a learnt matrix, whose product comes to be like the weights.",
    source: "Ji-An and Benna 2024",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "k-factor",
        name: "Detour",
        help: "Width between the two hops, in units of the stage: the wider, the closer to backpropagation, and dearer.",
        kind: KnobKind::Float { default: 4.0, min: 0.1, max: 20.0, live: false },
    },
    Knob {
        id: "decay",
        name: "Decay",
        help: "Adds this much of each weight, forward and learnt backward, to its gradient: both forget how they began.",
        kind: KnobKind::Float { default: 1e-4, min: 0.0, max: 1.0, live: true },
    },
    Knob {
        id: "hidden-rate",
        name: "Hidden stages' rate",
        help: "Factor on the learning rate for the hidden stages.",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 100.0, live: false },
    },
];

impl Entry for ProductFeedback {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for ProductFeedback {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, _: &Knobs) -> Needs {
        Needs { transposed_weights: false, ..way_back::NEEDS }
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        way_back::fits(self, net, task, knobs)?;
        let mut g = Graph::new();
        let [seed, step] = [(); 2].map(|()| g.symbol([2].into()));
        let x = g.symbol([&[task.batch], &task.input[..]].concat().into());
        let mut cx = Learn { g: &mut g, net, task, knobs, clock: Clock { seed, step } };
        let forward = cx.series(Mode::Train, x);
        for (i, pass) in forward.passes.iter().enumerate().skip(1) {
            if let Some(crossing) = way_back::crossings(&g, pass).iter().find(|c| !c.plain) {
                let name = g.slot(crossing.slot).name.clone();
                return Err(Diagnostic::new(
                    (i + 1).to_string(),
                    format!("`{name}` is no plain factor of a product, so that two hops cannot stand for it"),
                    "take feedback alignment, or a block whose weights are applied as they are",
                ));
            }
        }
        Ok(())
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let way_back::Returned { mut lesson, stood } = way_back::learn(cx, batch, |cx, crossing| hops(cx, crossing).1);
        let decay = cx.live("decay");
        for (crossing, stand, at) in stood {
            let Stand::Hops { hop, groups, .. } = stand else { continue };
            let forward = lesson.updates[at];
            let (slot, _) = hops(cx, crossing);
            let gradient = hopped(cx.g, forward.gradient, hop, groups);
            let back = Update { slot, gradient, rate: forward.rate };
            lesson.updates[at] = decayed(cx, forward, decay);
            lesson.updates.push(decayed(cx, back, decay));
        }
        lesson
    }
}

/// The learnt matrix of a weight's detour, and the detour.
fn hops(cx: &mut Learn, crossing: Crossing) -> (SlotId, Stand) {
    let groups = crossing.groups.max(1);
    let mut shape = cx.g.slot(crossing.slot).shape.clone();
    let units = shape.last() / groups;
    let k = ((cx.knobs.float("k-factor") * units as f64).round() as usize).max(1);
    let (name, size) = (name(cx.g, crossing.slot), spread(cx.g, crossing.slot));
    let hop =
        cx.feedback(&format!("{name}/fixed"), [units, k], Init::Uniform { bound: (3.0 / units.max(1) as f32).sqrt() });
    if let Some(last) = shape.0.last_mut() {
        *last = groups * k;
    }
    // As large as the weights once both hops are through.
    let bound = (3.0 * k as f32 / units.max(1) as f32).sqrt() * size;
    let slot = cx.own(&format!("{name}/learnt"), shape, Init::Uniform { bound });
    let stand = Stand::Hops { hop, weight: cx.g.read(slot), groups, share: units as f32 / k as f32 };
    (slot, stand)
}
