//! A gain on every input that a model of the second order says is best: Rane, Tyagi, Malalur, Shinge and Manry 2023.
//!
//! Rates of 0.3 and 1 were tried for the gains, of 0.3, 0.5 and 1 for descent, and of 0.003, 0.005, 0.01, 0.02 and 0.04
//! for Adam, on seeds 11–13. A step takes several times the work of one of Adam's.

use super::{Card, Claim, QUICK, Run, accuracy, beside, digits};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "optimal-input-gain",
        name: "Optimal input gain",
        help: "Fifty steps with the best gain on each input go as far as Adam's, and further than with one gain for all.",
        source: "Rane, Tyagi, Malalur, Shinge and Manry 2023",
    },
    runs,
    claims: &CLAIMS,
    watch: "The gain of each input at the first stage: high where the digits differ, and 0 where nothing is ever drawn.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("gains"), accuracy("one gain"), 0.03),
    beside(accuracy("gains"), accuracy("descent"), 0.03),
    beside(accuracy("gains"), accuracy("Adam"), -0.01),
];

fn runs() -> Vec<Run> {
    let gains = || Choice::new("optimal-input-gain").with("rate", 1.0);
    let run = |name, rule| Run { name, spec: digits(rule), steps: 50, then: Vec::new() };
    let plain = || digits(Choice::new("backprop"));
    let optimizer = Choice::new("sgd").with("momentum", 0.0);
    vec![
        run("gains", gains()),
        run("one gain", gains().with("iterations", 1)),
        Run { name: "descent", spec: Spec { optimizer, rate: 0.3, ..plain() }, steps: 50, then: Vec::new() },
        Run { name: "Adam", spec: Spec { rate: 0.01, ..plain() }, steps: 50, then: Vec::new() },
    ]
}
