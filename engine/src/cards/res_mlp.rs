//! One linear layer across places does the work of attention: ResMLP, Touvron et al. 2021.
//!
//! Two layers on the small digits in sixteen squares, whose mean is read out, 300 steps, seeds 11, 12 and 13:
//!
//! | | work of a step | span | test accuracy |
//! | --- | --- | --- | --- |
//! | ResMLP | 9.6 M | 211 | 0.953, 0.958, 0.917 |
//! | transformer | 18.2 M | 431 | 0.883, 0.886, 0.811 |
//!
//! Branches begin at scale 1. The paper begins them at 0.1 and less, for many more layers; with 0.1 the two layers here
//! reach 0.939 and 0.894, with 0.5 0.942 and 0.947. The transformer comes near with twice the steps: 0.933, 0.908, 0.886.

use super::networks::squares;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, span, work};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "res-mlp",
        name: "ResMLP: Feedforward networks for image classification with data-efficient training",
        help: "Layers that mix places by one matrix, the same for every image, learn digits sooner than attention does.",
        source: "Touvron et al. 2021",
    },
    runs,
    claims: &CLAIMS,
    watch: "Accuracy by step: fixed mixing is learnt at once, where to look only slowly.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("ResMLP"), accuracy("transformer"), 0.02),
    below(work("ResMLP"), 0.6, work("transformer")),
    below(span("ResMLP"), 0.6, span("transformer")),
];

fn runs() -> Vec<Run> {
    let layer = BlockSpec::new("res-mlp").with("expand", 2).with("start", 1.0);
    let stack = BlockSpec::new("transformer").with("order", "sfsf").with("expand", 2);
    let run = |name, blocks: Vec<BlockSpec>| {
        let end = vec![BlockSpec::new("layer-norm"), BlockSpec::new("pool-sequence")];
        Run::of(name, squares([blocks, end].concat()), 300)
    };
    vec![run("ResMLP", vec![layer; 2]), run("transformer", vec![stack])]
}
