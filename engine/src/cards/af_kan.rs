//! Curves weighed by attention in the place of weights: AF-KAN.
//!
//! The small digits, 32 hidden units. Test accuracy after 400 steps, seeds 11, 12 and 13:
//!
//! | | parameters | work of a step | test accuracy |
//! | --- | --- | --- | --- |
//! | AF-KAN | 2,544 | 14.0 M | 0.975, 0.981, 0.972 |
//! | ReLU-KAN | 18,976 | 16.8 M | 0.975, 0.975, 0.969 |
//! | rectified layers | 2,410 | 1.4 M | 0.972, 0.972, 0.975 |
//!
//! A tie on 360 digits, then, of which AF-KAN's part is the parameters saved; in training its loss is a quarter of that
//! of the rectified layers. Its other combinations of activations lie within a point. On one-dimensional digits, where
//! inputs have no fixed range, it is 10 points below rectified layers.

use super::{Card, Claim, Form, QUICK, Run, accuracy, below, beside, loss, parameters, work};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "af-kan",
        name: "AF-KAN: Activation Function-Based Kolmogorov-Arnold Networks for Efficient Representation Learning",
        help: "Learned curves with few weights: as good as a weight for each curve, for a seventh of the parameters.",
        source: "\"AF-KAN: Activation Function-Based Kolmogorov-Arnold Networks\"",
    },
    runs,
    claims: &CLAIMS,
    watch: "Parameters beside work: few weights, but ten times the operations of rectified layers.",
    seconds: 60,
    quick: Some(Form { runs: quick, claims: &CLAIMS, seconds: QUICK }),
};

static CLAIMS: [Claim; 5] = [
    below(parameters("AF-KAN"), 0.2, parameters("ReLU-KAN")),
    beside(accuracy("AF-KAN"), accuracy("ReLU-KAN"), -0.02),
    beside(accuracy("AF-KAN"), accuracy("rectified"), -0.02),
    below(loss("AF-KAN"), 0.75, loss("rectified")),
    below(work("rectified"), 0.2, work("AF-KAN")),
];

fn runs() -> Vec<Run> {
    all(400)
}

fn quick() -> Vec<Run> {
    all(150)
}

fn all(steps: u64) -> Vec<Run> {
    let kan = |form| {
        let layer = |units: i64| BlockSpec::new("af-kan").with("form", form).with("units", units);
        vec![BlockSpec::new("flatten"), layer(32), layer(10)]
    };
    let plain = vec![
        BlockSpec::new("linear").with("units", 32),
        BlockSpec::new("activation"),
        BlockSpec::new("linear").with("units", 10),
    ];
    let run = |name, stage| Run::of(name, Spec::new(Choice::new("digits"), vec![stage]), steps);
    vec![run("AF-KAN", kan("af-kan")), run("ReLU-KAN", kan("relu-kan")), run("rectified", plain)]
}
