//! Error-driven input modulation: Dellaferrera and Kreiman 2022.

use super::{Card, Claim, QUICK, Run, accuracy, beside, digits};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "pepita",
        name: "A second forward pass in the place of a backward one",
        help: "Mixing the error into the input and passing forward again teaches hidden layers; no error travels back.",
        source: "Dellaferrera and Kreiman 2022",
    },
    runs,
    claims: &CLAIMS,
    watch: "How much each stage's answer changes between the two passes: a few per cent, and less as the error falls.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("pepita"), accuracy("backprop"), -0.06),
    beside(accuracy("pepita"), accuracy("last stage only"), 0.08),
    beside(accuracy("pepita, error added"), accuracy("last stage only"), 0.08),
];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: digits(rule), steps: 1000, then: Vec::new() };
    vec![
        run("backprop", Choice::new("backprop")),
        run("pepita", Choice::new("pepita")),
        run("pepita, error added", Choice::new("pepita").with("sign", "add")),
        run("last stage only", Choice::new("shallow")),
    ]
}
