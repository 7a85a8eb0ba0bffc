//! Local learning that looks ahead through a slow copy of what comes next: Su et al. 2024.

use super::{Card, Claim, QUICK, Run, accuracy, beside, deep};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "momentum-auxiliary",
        name: "Momentum auxiliary network",
        help: "Classifiers that look through a copy of the next layer win back what layers lose that learn alone.",
        source: "Su et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The training loss of the stages falls faster than with plain classifiers, at about twice the work.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("looking ahead"), accuracy("plain"), 0.0),
    beside(accuracy("looking ahead"), accuracy("backprop"), -0.03),
];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: deep(rule), steps: 1000, then: Vec::new() };
    vec![
        run("backprop", Choice::new("backprop")),
        run("plain", Choice::new("momentum-auxiliary").with("ahead", "none")),
        run("looking ahead", Choice::new("momentum-auxiliary")),
    ]
}
