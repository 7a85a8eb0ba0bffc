//! Experts that choose their rows.
//!
//! With `S = softmax(x W)` over the experts `[R, E]`, each expert takes the `c = capacity · R / E` rows of largest score
//! in its own column, and those scores are the weights (Zhou et al. 2022, section 3.2):
//!
//! ```text
//! G, I = TopK(Sᵀ, c)      y = Σ over the (e, j) with I[e, j] = row of G[e, j] · expert e(row)
//! ```
//!
//! Every expert works on exactly as many rows; a row may have many experts, or none.

use super::{Assignment, Choice, Routing, Rows, capacity};
use crate::net::Build;
use crate::ops::rows::Gather;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Each expert takes its best rows.
pub struct ExpertChoice;

static META: Meta = Meta {
    id: "expert-choice",
    name: "Expert choice",
    help: "Each expert takes the samples that suit it best, all of them equally many. It compares all samples and places \
           of the batch: a place of a text is served with an eye on later ones, which a model that foretells them must not \
           do.",
    source: "Zhou et al. 2022",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "capacity",
    name: "Capacity",
    help: "How many experts work on a sample on average.",
    kind: KnobKind::Float { default: 2.0, min: 0.05, max: 64.0, live: false },
}];

impl Entry for ExpertChoice {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Routing for ExpertChoice {
    fn route(&self, knobs: &Knobs, b: &mut Build, rows: Rows, experts: usize) -> Assignment {
        let factor = knobs.float("capacity") as f32;
        if factor > experts as f32 {
            let message = format!("a capacity of {factor} experts for each sample of only {experts}");
            return Assignment::fault(b.fault(message, "lower the capacity or add experts"));
        }
        let count = b.g.shape(rows.x)[0];
        let each = capacity::room(factor, count, experts);
        let logits = b.matmul("router", rows.x, experts, 1.0);
        let distribution = b.g.softmax(logits);
        let by_expert = b.g.transpose(distribution, &[1, 0]);
        let chosen = b.g.top_k(by_expert, each);
        // Scores by their place in the list of all: a table of one column.
        let first = b.g.iota(experts);
        let first = b.g.scale(first, count as f32);
        let first = b.g.reshape(first, [experts, 1]);
        let place = b.g.add(first, chosen);
        let scores = b.g.reshape(by_expert, [experts * count]);
        let weights = b.g.push(Gather, &[scores, place]);
        Assignment { choice: Choice::ByExpert { rows: chosen, weights }, limit: None, distribution }
    }
}
