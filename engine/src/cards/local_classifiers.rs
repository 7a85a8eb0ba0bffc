//! Greedy training with a classifier at every layer: Belilovsky, Eickenberg and Oyallon 2019; Nøkland and Eidnes 2019.

use super::{Card, Claim, QUICK, Run, accuracy, beside, deep};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "local-classifiers",
        name: "Greedy local classifiers",
        help: "Classifiers attached to each layer teach a deep network with no error between layers.",
        source: "Belilovsky, Eickenberg and Oyallon 2019; Nøkland and Eidnes 2019",
    },
    runs,
    claims: &CLAIMS,
    watch: "Each stage's own accuracy, from the first to the last: how much there is left to gain by going deeper.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("local classifiers"), accuracy("backprop"), -0.05),
    beside(accuracy("local classifiers"), accuracy("linear ones"), -0.01),
    beside(accuracy("local classifiers"), accuracy("last stage only"), 0.2),
];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: deep(rule), steps: 1000, then: Vec::new() };
    vec![
        run("backprop", Choice::new("backprop")),
        run("local classifiers", Choice::new("local-classifiers")),
        run("linear ones", Choice::new("local-classifiers").with("head", "linear")),
        run("last stage only", Choice::new("shallow")),
    ]
}
