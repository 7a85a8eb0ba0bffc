//! Errors first, weights after: no stage waits for another's gradients. Rae, Lee and Richings 2024.

use super::{Card, Claim, Relation, Run, accuracy, beside, deep, makespan};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "two-stage-backprop",
        name: "2-stage backpropagation",
        help: "The same gradients in less time, where every stage has a worker of its own; the price is memory.",
        source: "Rae, Lee and Richings 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "A worker a stage, in the costs: less than backprop's. The registers grow by what all stages keep for later.",
    seconds: 20,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("errors first"), accuracy("backprop"), -1e-3),
    beside(accuracy("backprop"), accuracy("errors first"), -1e-3),
    Claim {
        figure: makespan("errors first"),
        relation: Relation::Below,
        factor: 0.8,
        other: Some(makespan("backprop")),
        offset: 0.0,
    },
];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: deep(Choice::new(rule)), steps: 500, then: Vec::new() };
    vec![run("backprop", "backprop"), run("errors first", "two-stage-backprop")]
}
