//! A pipeline of small batches learns like backpropagation, with all stages at work: Kosson et al. 2021.

use super::{Card, Claim, Relation, Run, accuracy, beside, deep, span};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "pipelined-backprop",
        name: "Pipelined backpropagation",
        help: "Gradients that are some updates old teach nearly as well, and no stage waits for another.",
        source: "Kosson, Chiley, Venigalla, Hestness and Köster 2021",
    },
    runs,
    claims: &CLAIMS,
    watch: "The span of a step does not grow when a stage is added; the registers do, since inputs wait for their errors.",
    seconds: 20,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("pipeline"), accuracy("backprop"), -0.04),
    Claim {
        figure: span("pipeline"),
        relation: Relation::Below,
        factor: 0.6,
        other: Some(span("backprop")),
        offset: 0.0,
    },
];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: deep(Choice::new(rule)), steps: 1000, then: Vec::new() };
    vec![run("backprop", "backprop"), run("pipeline", "pipelined-backprop")]
}
