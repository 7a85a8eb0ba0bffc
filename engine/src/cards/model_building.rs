//! Steps that are tried and mended ask for less tuning of the learning rate: Birbil et al. 2024.

use super::{Card, Claim, QUICK, Relation, Run, accuracy, beside, digits};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "model-building",
        name: "Bolstering stochastic gradient descent with model building",
        help: "Over a range of rates as 1 to 100 trial steps and models learn alike, where plain descent fails at the end.",
        source: "Birbil, Martin, Onay and Öztoprak 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "How often the trial is accepted, and how the rate finds its own size.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    beside(accuracy("model, rate 0.05"), accuracy("descent, rate 0.5"), -0.03),
    beside(accuracy("model, rate 0.5"), accuracy("descent, rate 0.5"), -0.03),
    beside(accuracy("model, rate 5"), accuracy("descent, rate 0.5"), -0.03),
    Claim {
        figure: accuracy("descent, rate 5"),
        relation: Relation::Below,
        factor: 0.5,
        other: Some(accuracy("model, rate 5")),
        offset: 0.0,
    },
];

fn runs() -> Vec<Run> {
    let model = || Choice::new("model-building");
    let built = |name, rule| Run { name, spec: digits(rule), steps: 600, then: Vec::new() };
    let descent = |name, rate| {
        let optimizer = Choice::new("sgd").with("momentum", 0.0);
        Run { name, spec: Spec { optimizer, rate, ..digits(Choice::new("backprop")) }, steps: 600, then: Vec::new() }
    };
    vec![
        built("model, rate 0.05", model().with("rate", 0.05)),
        // As the rule has it by default.
        built("model, rate 0.5", model()),
        built("model, rate 5", model().with("rate", 5.0)),
        descent("descent, rate 0.5", 0.5),
        descent("descent, rate 5", 5.0),
    ]
}
