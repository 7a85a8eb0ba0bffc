//! Losses alone teach a network, the better the more are asked for: BAFFLE, Feng et al. 2023.
//!
//! The rate, of 0.3, 1, 3 and 10, is what did best with 1, 4 and 16 changes alike on seeds 11–13.

use super::{Card, Claim, QUICK, Run, accuracy, beside, digits};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "weight-perturbation",
        name: "Does federated learning really need backpropagation?",
        help: "Differences of the loss under random changes of all weights teach a network, if there are enough of them.",
        source: "Feng, Pang, Du, Chen, Yan and Lin 2023 (BAFFLE)",
    },
    runs,
    claims: &CLAIMS,
    watch: "Accuracy against the number of changes tried: each takes passes forward alone, and is one number to send.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("16 changes"), accuracy("backprop"), -0.05),
    beside(accuracy("16 changes"), accuracy("4 changes"), 0.0),
    beside(accuracy("4 changes"), accuracy("1 change"), 0.1),
];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: digits(rule), steps: 600, then: Vec::new() };
    let changes = || Choice::new("weight-perturbation").with("rate", 3.0);
    vec![
        run("backprop", Choice::new("backprop")),
        run("1 change", changes().with("directions", 1)),
        run("4 changes", changes().with("directions", 4)),
        // As many as the rule has by default, of which a spec says nothing.
        run("16 changes", changes()),
    ]
}
