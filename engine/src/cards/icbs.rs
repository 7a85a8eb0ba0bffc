//! Weights chosen together are missed less than those that are smallest: Rosenberg et al. 2024.

use super::{Card, Claim, QUICK, Run, accuracy, beside, digits};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "icbs",
        name: "Which weights to keep",
        help: "With the same number of weights left and no training, those chosen in blocks answer better than the largest.",
        source: "Rosenberg et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The training loss of the pruned network, before the blocks are solved and afterwards.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 1] = [beside(accuracy("by blocks"), accuracy("the largest"), 0.05)];

fn runs() -> Vec<Run> {
    let run = |name, by: Choice| Run { name, spec: digits(Choice::new("backprop")), steps: 600, then: vec![(by, 0)] };
    vec![
        run("the largest", Choice::new("magnitude-pruning").with("by", "network")),
        run("by blocks", Choice::new("icbs")),
    ]
}
