//! Features that are only drawn do what learned ones do, if there are many more of them: Rahimi and Recht 2007.
//!
//! One-dimensional digits, rectified features and a read-out, 600 steps, worst and best of seeds 11 to 18 (256
//! features: seeds 11 to 13):
//!
//! | features | work of a step | test accuracy |
//! | --- | --- | --- |
//! | 64 learned | 1.9 M | 0.499, 0.556 |
//! | 64 random | 1.0 M | 0.344, 0.381 |
//! | 256 random | 4.1 M | 0.433, 0.456 |
//! | 1,024 random | 16.2 M | 0.504, 0.542 |
//! | none: linear | 0.2 M | 0.298, 0.325 |
//!
//! The read-out is a problem with one solution, here found step by step; the rule of random feature boosting solves it.

use super::networks::layers;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, work};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "random-features",
        name: "Random Features for Large-Scale Kernel Machines",
        help: "A thousand random features with a learned read-out match sixty-four learned ones; sixty-four do not.",
        source: "Rahimi and Recht 2007",
    },
    runs,
    claims: &CLAIMS,
    watch: "Accuracy rises with the number of features; what learning them saves is work.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 5] = [
    beside(accuracy("1024 random"), accuracy("64 random"), 0.08),
    beside(accuracy("64 learned"), accuracy("64 random"), 0.08),
    beside(accuracy("1024 random"), accuracy("64 learned"), -0.06),
    beside(accuracy("64 random"), accuracy("linear"), 0.0),
    below(work("64 learned"), 0.2, work("1024 random")),
];

fn runs() -> Vec<Run> {
    let run = |name, stages| Run::of(name, Spec::new(Choice::new("mnist1d"), stages), 600);
    let random = |units: i64| {
        let features = BlockSpec::new("random-features").with("units", units).with("function", "relu");
        vec![vec![features], vec![BlockSpec::new("linear")]]
    };
    vec![
        run("64 learned", layers(&[64])),
        run("64 random", random(64)),
        run("1024 random", random(1024)),
        run("linear", layers(&[])),
    ]
}
