//! Deep learning without weight symmetry: Ji-An and Benna 2024.

use super::{Card, Claim, Form, QUICK, Run, accuracy, beside, deep, digits};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "product-feedback-alignment",
        name: "Deep learning without weight symmetry",
        help: "A random and a learnt matrix in series bring errors back well, and neither is like the forward weights.",
        source: "Ji-An and Benna 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The product of both matrices aligns with the weights, up to what the width of the detour allows.",
    seconds: 60,
    quick: Some(Form { runs: short, claims: &SHORT, seconds: QUICK }),
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("product feedback"), accuracy("backprop"), -0.12),
    beside(accuracy("product feedback"), accuracy("fixed feedback"), 0.03),
];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: deep(Choice::new(rule)), steps: 2000, then: Vec::new() };
    vec![
        run("backprop", "backprop"),
        run("product feedback", "product-feedback-alignment"),
        run("fixed feedback", "feedback-alignment"),
    ]
}

static SHORT: [Claim; 2] = [
    beside(accuracy("product feedback"), accuracy("backprop"), -0.03),
    beside(accuracy("product feedback"), accuracy("last stage only"), 0.08),
];

fn short() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: digits(Choice::new(rule)), steps: 600, then: Vec::new() };
    vec![
        run("backprop", "backprop"),
        run("product feedback", "product-feedback-alignment"),
        run("last stage only", "shallow"),
    ]
}
