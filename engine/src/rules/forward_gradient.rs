//! Forward gradient (Baydin et al. 2022; of activities: Ren et al. 2023): one derivative along a random direction,
//! computed together with the loss on the way forward, stands for the gradient.
//!
//! With a direction `v` of mean 0 and variance 1 in every number, drawn anew at every step:
//!
//! ```text
//! weights:     d = ∇L · v  []                          ∂L/∂W     is replaced by  d v
//! activities:  d_b = ∇L_b · v_b  for each sample b     ∂L_b/∂a_b  is replaced by  d_b v_b
//! ```
//!
//! `a` are the outputs of the blocks that have weights; from there to the block's weights it is the chain rule. Both are
//! unbiased, since `E[v vᵀ] = 1`. Their spread is what they cost: over `P` numbers the estimate has `P + 2` times the
//! squared length of the gradient (`P` times for signs), and its cosine to the gradient is about `√(K / (P + K + 1))`
//! with the mean of `K` directions. Activities are fewer than weights, and every sample of a batch counts as a direction.
//!
//! The derivative along a direction travels forward beside the values: no weight is transposed, and nothing is kept. The
//! step passes forward once more to make its updates, rather than to keep what the first pass saw.

use super::directions::{self, DIRECTIONS, DRAWN, READ_OUT, Search, Space, searched};
use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::lesson::{Batch, Learn, Lesson};
use crate::net::Net;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// A directional derivative in the place of the gradient.
pub struct ForwardGradient;

static META: Meta = Meta {
    id: "forward-gradient",
    name: "Forward gradient",
    help: "Nudges everything at random, computes on the way forward how the loss answers, and moves along by as much.",
    source: "Baydin, Pearlmutter, Syme, Wood and Torr 2022; Ren, Kornblith, Liao and Hinton 2023",
};

static KNOBS: [Knob; 5] = [
    Knob {
        id: "space",
        name: "Nudged",
        help: "activities: each sample's own nudge at every block's output; weights: one nudge of every weight.",
        kind: KnobKind::Choice { default: "activities", options: &["activities", "weights"] },
    },
    DIRECTIONS,
    DRAWN,
    READ_OUT,
    Knob {
        id: "rate",
        name: "Rate of what is estimated",
        help: "Factor on the learning rate for the weights that follow an estimate, which varies far more than a gradient.",
        kind: KnobKind::Float { default: 0.1, min: 0.0, max: 100.0, live: false },
    },
];

fn space(knobs: &Knobs) -> Space {
    if knobs.choice("space") == "weights" { Space::Weights } else { Space::Nodes }
}

impl Entry for ForwardGradient {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for ForwardGradient {
    fn credit(&self) -> Credit {
        Credit::Scalar
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        Needs {
            derivatives: true,
            // Values and derivatives for each direction, and values once more for the updates.
            passes: 1 + match space(knobs) {
                Space::Weights => 2 * knobs.size("directions") as u32,
                Space::Nodes => 3 * knobs.size("directions") as u32 - u32::from(knobs.size("directions") == 1),
            },
            ..directions::NEEDS
        }
    }

    fn published(&self) -> &'static str {
        "90.9 % on MNIST, where backpropagation had 88.4 % after as many steps (fwdgrad's notebook)"
    }

    fn any_answer(&self) -> bool {
        true
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        if space(knobs) == Space::Nodes {
            directions::samples_apart(net)?;
        }
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let (stages, kind, space) = (searched(cx), directions::kind(cx), space(cx.knobs));
        let (search, forward) = Search::new(cx, space, kind, batch.x, stages);
        let objective = search.objective(cx, &forward, batch.target);
        let direction = search.direction(cx);
        let answer = directions::slope(cx, objective, &direction);
        let mean = directions::mean(cx, &search, Vec::new(), answer);
        directions::lesson(cx, &search, mean, forward, batch.target, "answer to the nudge")
    }
}
