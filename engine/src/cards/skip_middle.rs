//! Layers that learn to leave out the middle gain nothing over fewer layers: Lawson and Aitchison 2025.
//!
//! Feed-forward blocks without attention on one-dimensional digits, 600 steps, test accuracy with seeds 11 to 18:
//!
//! | | work of a step | |
//! | --- | --- | --- |
//! | 8 blocks, innermost gates a quarter open | 28.1 M | 0.575 0.548 0.547 0.543 0.549 0.547 0.550 0.525 |
//! | 8 blocks | 27.9 M | 0.614 0.584 0.572 0.573 0.586 0.562 0.598 0.579 |
//! | 4 blocks | 14.5 M | 0.597 0.600 0.536 0.578 0.564 0.562 0.597 0.592 |
//!
//! The control works: on the small digits, told to come to 0.81, 0.63, 0.44 and 0.25 from the outside inwards, the
//! means of the gates after 600 steps are 1.00, 0.73, 0.46 and 0.25, and their variances 0, 0.19, 0.24 and 0.18, nearly
//! those of gates that are either open or shut. What the paper reports of language holds here too: half of the layers,
//! for all samples, do as well as all of them with gates in between.

use super::networks::{past, rectified, through};
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, work};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "skip-middle",
        name: "Learning to Skip the Middle Layers of Transformers",
        help: "Gates that learn to leave out the middle layers answer no better than half of the layers without gates.",
        source: "Lawson and Aitchison 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "The gates: open at first, the innermost shut for more and more of the samples.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("half of the layers"), accuracy("gated"), -0.04),
    below(work("half of the layers"), 0.6, work("gated")),
    beside(accuracy("gated"), accuracy("all layers"), -0.1),
];

fn runs() -> Vec<Run> {
    let layer = || {
        let last = BlockSpec::new("linear").with("units", 32);
        [vec![BlockSpec::new("layer-norm")], rectified(64).to_vec(), vec![last]].concat()
    };
    let run = |name, blocks| Run::of(name, through(32, blocks), 600);
    let chain = || BlockSpec::new("chain").holding(layer());
    let gated = BlockSpec::new("skip-middle").with("target", 0.25).holding(vec![chain(); 8]);
    vec![
        run("gated", vec![gated]),
        run("half of the layers", vec![past(layer()); 4]),
        run("all layers", vec![past(layer()); 8]),
    ]
}
