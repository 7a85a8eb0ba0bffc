//! Node perturbation (Widrow and Lehr 1990; Williams 1992; Werfel, Xie and Seung 2005): every unit jitters a little, and
//! learns from whether the loss liked it. No derivative of the loss or of any activation function is asked for.
//!
//! With noise `v_b` of mean 0 and variance 1 on each sample's node values `a_b` (the outputs of the blocks that have
//! weights):
//!
//! ```text
//! forward:     d_b = (L_b(a + σ v) − L_b(a)) / σ
//! antithetic:  d_b = (L_b(a + σ v) − L_b(a − σ v)) / 2σ       without the terms of even order in σ
//! ∂L_b/∂a_b  is replaced by  d_b v_b;      ∂L/∂W = mean over b of (∂a_b/∂W)ᵀ d_b v_b,   for a linear block x_bᵀ d_b v_b
//! ```
//!
//! As σ goes to 0 this is the forward gradient of activities; its mean is the gradient with respect to `a`.

use super::directions::{self, DIRECTIONS, DRAWN, READ_OUT, Search, Space, searched};
use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::lesson::{Batch, Learn, Lesson};
use crate::net::Net;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Differences of the loss under noise at every node.
pub struct NodePerturbation;

static META: Meta = Meta {
    id: "node-perturbation",
    name: "Node perturbation",
    help: "Every unit jitters a little; where the loss fell the jitter is learnt, where it rose its opposite.",
    source: "Widrow and Lehr 1990; Werfel, Xie and Seung 2005",
};

static KNOBS: [Knob; 6] = [
    DIRECTIONS,
    DRAWN,
    directions::sigma(0.01, "How far each unit jitters, as a standard deviation."),
    directions::ANTITHETIC,
    READ_OUT,
    Knob {
        id: "rate",
        name: "Rate of what is estimated",
        help: "Factor on the learning rate for the weights that follow an estimate, which varies far more than a gradient.",
        kind: KnobKind::Float { default: 0.1, min: 0.0, max: 100.0, live: false },
    },
];

impl Entry for NodePerturbation {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for NodePerturbation {
    fn credit(&self) -> Credit {
        Credit::Scalar
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        let count = knobs.size("directions") as u32;
        Needs {
            // Of the blocks that have weights, with respect to those; of nothing else.
            derivatives: true,
            // With and without the noise, or with both signs of it, for each direction; and again for the updates.
            passes: match (count, knobs.bool("antithetic")) {
                (1, _) => 3,
                (_, true) => 3 * count + 1,
                (_, false) => 2 * count + 2,
            },
            ..directions::NEEDS
        }
    }

    fn any_answer(&self) -> bool {
        true
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        directions::samples_apart(net)?;
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let (stages, kind) = (searched(cx), directions::kind(cx));
        let (search, forward) = Search::new(cx, Space::Nodes, kind, batch.x, stages);
        let mean = directions::by_differences(cx, &search, &forward, batch.target);
        directions::lesson(cx, &search, mean, forward, batch.target, "answer to the jitter")
    }
}
