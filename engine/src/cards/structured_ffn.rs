//! A layer of low rank learns better when a dense one leads it at first: Wei, Moalla, Pascanu and Gulcehre 2024.
//!
//! One-dimensional digits, two feed-forward layers of 64 and 256 units. Test accuracy after 1000 steps, seeds 11, 12 and
//! 13, rank 8, led for the first 500 steps:
//!
//! | | test accuracy |
//! | --- | --- |
//! | dense | 0.617, 0.615, 0.621 |
//! | low rank, led | 0.532, 0.561, 0.560 |
//! | low rank, not led | 0.481, 0.498, 0.519 |
//!
//! After 600 steps, 300 of them led, two seeds gained 6 points and one nothing; with layers of 32 and 128 units and rank 4
//! none gained. What leads has its price: while it leads, a step costs six times as much, more than a dense one.

use super::networks::rectified;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "structured-ffn",
        name: "Building on Efficient Foundations: Effectively Training LLMs with Structured Feedforward Layers",
        help: "Layers of low rank learn better when a dense layer that fades out carries the answer at first.",
        source: "Wei, Moalla, Pascanu and Gulcehre 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The led run is ahead at step 300; then the dense layers fade, and it keeps its lead.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] =
    [beside(accuracy("led"), accuracy("not led"), 0.01), below(parameters("not led"), 0.2, parameters("led"))];

fn runs() -> Vec<Run> {
    vec![Run::of("led", spec(500), 1000), Run::of("not led", spec(0), 1000)]
}

fn spec(guided: i64) -> Spec {
    let mut stage = rectified(64).to_vec();
    for units in [256, 64, 256, 64] {
        let low = BlockSpec::new("low-rank").with("units", units).with("rank", 8).with("guide-steps", guided);
        stage.extend([low, BlockSpec::new("activation")]);
    }
    Spec::new(Choice::new("mnist1d"), vec![stage, vec![BlockSpec::new("linear")]])
}
