//! The block that promises most, rather than the next one: Nutini, Laradji and Schmidt 2022.
//!
//! The paper proves its greedy rules faster a step for convex problems. A network is not one, and each batch is another
//! problem. Either order sets as many layers a step; of the proximities 0.01 and 0.1, either does better with the first.

use super::{Card, Claim, QUICK, Relation, Run, accuracy, beside, digits, work};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "greedy-blocks",
        name: "Let's make block coordinate descent converge faster",
        help: "Always solving for the layer with the longest gradient gains a lot in the first steps, and nothing later.",
        source: "Nutini, Laradji and Schmidt 2022",
    },
    runs,
    claims: &CLAIMS,
    watch: "Accuracy in the first ten steps. To know which layer to take, all are solved for: three times the work.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("greedy, 5 steps"), accuracy("in turn, 5 steps"), 0.1),
    beside(accuracy("greedy, 40 steps"), accuracy("in turn, 40 steps"), -0.04),
    Claim {
        figure: work("in turn, 5 steps"),
        relation: Relation::Below,
        factor: 0.5,
        other: Some(work("greedy, 5 steps")),
        offset: 0.0,
    },
];

fn runs() -> Vec<Run> {
    let blocks = || Choice::new("block-coordinate-descent").with("proximity", 0.01);
    let in_turn = |name, steps| Run { name, spec: digits(blocks()), steps, then: Vec::new() };
    let greedy = |name, steps| Run { name, spec: digits(blocks().with("order", "greedy")), steps, then: Vec::new() };
    vec![
        in_turn("in turn, 5 steps", 5),
        greedy("greedy, 5 steps", 5),
        in_turn("in turn, 40 steps", 40),
        greedy("greedy, 40 steps", 40),
    ]
}
