//! Forward learning with top-down feedback: Srinivasan et al. 2024.

use super::{Card, Claim, QUICK, Run, accuracy, beside, layers};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "top-down-feedback",
        name: "Forward learning with top-down feedback",
        help: "Feedback into the input that adapts to the network teaches as well as a fixed one, and points truer.",
        source: "Srinivasan et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The feedback's alignment with the gradient: near 0 and slowly rising when fixed, high from the start when mirrored.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("mirrored"), accuracy("fixed"), -0.03),
    beside(accuracy("mirrored"), accuracy("last stage only"), 0.05),
];

fn runs() -> Vec<Run> {
    let run = |name, rule| {
        let spec = Spec { rule, ..Spec::new(Choice::new("digits"), layers(&[64, 64, 64])) };
        Run { name, spec, steps: 1000, then: Vec::new() }
    };
    vec![
        run("fixed", Choice::new("pepita")),
        run("mirrored", Choice::new("pepita").with("feedback", "mirrored")),
        run("last stage only", Choice::new("shallow")),
    ]
}
