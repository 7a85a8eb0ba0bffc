//! A third of the weights of the feed-forward layers, as two thin matrices, costs three points: Wei, Moalla, Pascanu
//! and Gulcehre 2024, "Investigating Low-Rank Training".
//!
//! Two feed-forward layers on one-dimensional digits, hidden layers four times as wide as their input, 600 steps.
//! Worst, mean and best of seeds 11 to 18:
//!
//! | width | rank | parameters | work of a step | loss in training | test accuracy |
//! | --- | --- | --- | --- | --- | --- |
//! | 64 | dense | 69,834 | 54.1 M | 0.066 to 0.161 | 0.628, 0.655, 0.674 |
//! | 64 | 16 | 24,778 | 18.9 M | 0.459 to 0.551 | 0.583, 0.624, 0.657 |
//! | 64 | 12 | 19,658 | 14.8 M | 0.630 to 0.764 | 0.575, 0.594, 0.618 |
//! | 32 | dense | 18,538 | 14.3 M | 0.265 to 0.365 | 0.589, 0.613, 0.635 |
//!
//! The paper's low-rank layers, with as much work as narrower dense ones, end at a lower loss; here it is higher, and
//! at equal work (rank 12 beside width 32) the test accuracy is two points lower. For what helps, see "Building on
//! Efficient Foundations".

use super::networks::{past, rectified, through};
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, loss, parameters, work};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "low-rank-training",
        name: "Investigating Low-Rank Training in Transformer Language Models: Efficiency and Scaling Analysis",
        help: "Feed-forward layers of low rank take a third of weights and work, and lose a few points.",
        source: "Wei, Moalla, Pascanu and Gulcehre 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The losses in training: low rank cannot learn all samples by heart.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 5] = [
    below(parameters("rank 16"), 0.36, parameters("dense")),
    below(work("rank 16"), 0.36, work("dense")),
    beside(accuracy("rank 16"), accuracy("dense"), -0.1),
    beside(accuracy("rank 16"), accuracy("narrow"), -0.04),
    below(loss("narrow"), 0.9, loss("rank 16")),
];

fn runs() -> Vec<Run> {
    let run = |name, width: i64, rank: Option<i64>| {
        let linear = |units: i64| match rank {
            Some(rank) => BlockSpec::new("low-rank").with("units", units).with("rank", rank),
            None => BlockSpec::new("linear").with("units", units),
        };
        let [_, bend] = rectified(width);
        let layer = past(vec![BlockSpec::new("layer-norm"), linear(4 * width), bend, linear(width)]);
        Run::of(name, through(width, vec![layer; 2]), 600)
    };
    vec![run("dense", 64, None), run("rank 16", 64, Some(16)), run("narrow", 32, None)]
}
