//! Direct feedback lets every stage work at the same time: after Launay et al. 2020.

use super::{Card, Claim, QUICK, Relation, Run, accuracy, beside, deep, span};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "pipelined-direct-feedback",
        name: "Direct feedback in a pipeline",
        help: "With errors sent straight to all stages, each can work on a batch of its own; little is lost by the delay.",
        source: "Launay, Poli, Boniface and Krzakala 2020",
    },
    runs,
    claims: &CLAIMS,
    watch: "The span of a step: it does not grow when a stage is added. The memory does, since inputs wait for errors.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("pipeline"), accuracy("one batch at a time"), -0.06),
    Claim {
        figure: span("pipeline"),
        relation: Relation::Below,
        factor: 0.6,
        other: Some(span("one batch at a time")),
        offset: 0.0,
    },
];

fn runs() -> Vec<Run> {
    let rule = || Choice::new("direct-feedback-alignment");
    let run = |name, rule| Run { name, spec: deep(rule), steps: 1000, then: Vec::new() };
    vec![run("one batch at a time", rule()), run("pipeline", rule().with("delay", 1))]
}
