//! A third of the blocks with feed-forward layers of three matrices fit better than all of them with two: Gerber 2025.
//!
//! One-dimensional digits, feed-forward blocks without attention, 800 steps, seeds 11, 12 and 13:
//!
//! | | parameters | span | loss in training | test accuracy |
//! | --- | --- | --- | --- | --- |
//! | 2 blocks of three matrices | 51,562 | 281 | 0.017, 0.038, 0.069 | 0.644, 0.640, 0.620 |
//! | 6 blocks of two | 52,202 | 543 | 0.156, 0.139, 0.145 | 0.661, 0.634, 0.636 |
//! | 6 blocks of one | 8,426 | 429 | 1.106, 1.073, 1.076 | 0.504, 0.522, 0.493 |
//!
//! The paper's lower loss is one of a single pass over much text; on four thousand samples it is one of learning by heart,
//! and the test accuracies are alike.

use super::networks::{past, through};
use super::{Card, Claim, Form, QUICK, Run, accuracy, below, beside, loss, parameters, span};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "three-layer-ffn",
        name: "Attention Is Not All You Need: The Importance of Feedforward Networks in Transformer Models",
        help: "Fewer blocks with feed-forward layers of three matrices fit better than more with two, for fewer weights.",
        source: "Gerber 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "The losses in training, and the span: a third of the blocks have half of the steps that wait for each other.",
    seconds: 40,
    quick: Some(Form { runs: quick, claims: &CLAIMS, seconds: QUICK }),
};

static CLAIMS: [Claim; 5] = [
    below(parameters("2 of three"), 1.0, parameters("6 of two")),
    below(loss("2 of three"), 0.8, loss("6 of two")),
    below(span("2 of three"), 0.6, span("6 of two")),
    beside(accuracy("2 of three"), accuracy("6 of two"), -0.04),
    beside(accuracy("6 of two"), accuracy("6 of one"), 0.05),
];

fn runs() -> Vec<Run> {
    all(32, 800)
}

fn quick() -> Vec<Run> {
    all(24, 600)
}

fn all(width: i64, steps: u64) -> Vec<Run> {
    let run = |name, blocks, layers: i64| {
        let ffn = BlockSpec::new("ffn").with("layers", layers);
        let block = past(vec![BlockSpec::new("layer-norm"), ffn]);
        Run::of(name, through(width, vec![block; blocks]), steps)
    };
    vec![run("2 of three", 2, 3), run("6 of two", 6, 2), run("6 of one", 6, 1)]
}
