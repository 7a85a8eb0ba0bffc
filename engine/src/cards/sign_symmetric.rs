//! How important is weight symmetry in backpropagation? The signs suffice: Liao, Leibo and Poggio 2016.

use super::{Card, Claim, QUICK, Run, accuracy, beside, deep};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "sign-symmetric",
        name: "How important is weight symmetry?",
        help: "In a deep network feedback needs the signs of the weights, not their sizes; feedback without them falls behind.",
        source: "Liao, Leibo and Poggio 2016",
    },
    runs,
    claims: &CLAIMS,
    watch: "Stage by stage, its updates stay close to the gradient, where those of random feedback lose it with each stage.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("signs"), accuracy("backprop"), -0.08),
    beside(accuracy("signs"), accuracy("random feedback"), 0.05),
    beside(accuracy("signs, random sizes"), accuracy("random feedback"), 0.03),
];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: deep(rule), steps: 1000, then: Vec::new() };
    vec![
        run("backprop", Choice::new("backprop")),
        run("signs", Choice::new("sign-symmetric").with("magnitude", "uniform")),
        run("signs, random sizes", Choice::new("sign-symmetric")),
        run("random feedback", Choice::new("feedback-alignment")),
    ]
}
