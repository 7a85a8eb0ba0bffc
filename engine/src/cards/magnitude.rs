//! Four of five weights are not needed, once those that are left have learned to do without: Han et al. 2015.

use super::{Card, Claim, QUICK, Run, accuracy, below, beside, digits};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "magnitude-pruning",
        name: "One weight in five",
        help: "A network that loses four fifths of its weights at once answers worse, and learns to do without them.",
        source: "Han et al. 2015",
    },
    runs,
    claims: &CLAIMS,
    watch: "The accuracy falls where the weights go, and comes back within a few hundred steps.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("trained on"), accuracy("whole"), -0.03),
    below(accuracy("at once"), 0.97, accuracy("trained on")),
];

fn runs() -> Vec<Run> {
    let run = |name, then| Run { name, spec: digits(Choice::new("backprop")), steps: 600, then };
    let prune = |steps| vec![(Choice::new("magnitude-pruning").with("density", 0.2), steps)];
    vec![run("whole", Vec::new()), run("at once", prune(0)), run("trained on", prune(400))]
}
