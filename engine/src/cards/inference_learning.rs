//! Inference learning as implicit gradient descent: Alonso et al. 2022.

use super::{Card, Claim, Relation, Run, accuracy, at_least, digits};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "inference-learning",
        name: "Inference learning as implicit descent",
        help: "One sample at a time, the proximal step learns alike at rates a thousandfold apart, most of which break explicit descent.",
        source: "Alonso, Millidge, Krichmar and Neftci 2022",
    },
    runs,
    claims: &CLAIMS,
    watch: "The loss of backpropagation at rate 0.1 leaps and stays up; the proximal one's falls whatever its rate.",
    seconds: 20,
    quick: None,
};

static CLAIMS: [Claim; 5] = [
    at_least(accuracy("proximal, rate 0.1"), 0.9),
    at_least(accuracy("proximal, rate 100"), 0.9),
    Claim { figure: accuracy("backprop, rate 0.1"), relation: Relation::Below, factor: 0.0, other: None, offset: 0.5 },
    near("proximal, rate 100", "proximal, rate 0.1", -0.03),
    near("proximal, rate 100", "backprop, rate 0.003", -0.03),
];

const fn near(run: &'static str, to: &'static str, offset: f64) -> Claim {
    let (figure, other) = (accuracy(run), Some(accuracy(to)));
    Claim { figure, relation: Relation::AtLeast, factor: 1.0, other, offset }
}

/// One sample a step, as in the paper: a mean over many leaves each too little of its own step.
fn single(rule: Choice, rate: f64) -> Spec {
    Spec { optimizer: Choice::new("sgd"), rate, batch: 1, ..digits(rule) }
}

fn runs() -> Vec<Run> {
    let explicit =
        |name, rate| Run { name, spec: single(Choice::new("backprop"), rate), steps: 3000, then: Vec::new() };
    let proximal = |name, rate| {
        let rule = Choice::new("proximal-inference").with("rate", rate);
        // The optimizer moves nothing.
        Run { name, spec: single(rule, 0.01), steps: 3000, then: Vec::new() }
    };
    vec![
        explicit("backprop, rate 0.003", 0.003),
        explicit("backprop, rate 0.1", 0.1),
        proximal("proximal, rate 0.1", 0.1),
        proximal("proximal, rate 100", 100.0),
    ]
}
