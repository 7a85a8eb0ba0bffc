//! Perceptrons across places do the work of attention: MLP-Mixer, Tolstikhin et al. 2021.
//!
//! The small digits in sixteen squares, whose mean is read out, 300 steps, seeds 11, 12 and 13:
//!
//! | | parameters | work of a step | test accuracy |
//! | --- | --- | --- | --- |
//! | mixer, 1 layer | 3,802 | 11.5 M | 0.911, 0.936, 0.942 |
//! | attention, 1 layer | 3,818 | 12.5 M | 0.875, 0.864, 0.844 |
//! | places not mixed, 1 layer | 2,698 | 7.1 M | 0.794, 0.767, 0.806 |
//! | mixer, 2 layers | 7,066 | 22.6 M | 0.961, 0.961, 0.964 |
//! | attention, 2 layers | 7,098 | 24.7 M | 0.839, 0.844, 0.858 |
//! | places not mixed, 2 layers | 4,858 | 13.8 M | 0.842, 0.883, 0.856 |
//!
//! The paper's mixers need far more pictures than attention to come near it. Here, where squares always stand at the
//! same places, weights of a place's own are learnt sooner than what to look for; attention comes near with more steps.

use super::networks::squares;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters, work};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "mlp-mixer",
        name: "MLP-Mixer: An all-MLP Architecture for Vision",
        help: "One perceptron across places and one across features, in turns, read digits without attention.",
        source: "Tolstikhin et al. 2021",
    },
    runs,
    claims: &CLAIMS,
    watch: "How soon each gets there; work and parameters are nearly the same.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    beside(accuracy("mixer"), accuracy("attention"), 0.02),
    beside(accuracy("mixer"), accuracy("not mixed"), 0.04),
    below(work("mixer"), 1.0, work("attention")),
    below(parameters("mixer"), 1.0, parameters("attention")),
];

fn runs() -> Vec<Run> {
    let run = |name, layers: Vec<BlockSpec>| {
        let end = vec![BlockSpec::new("layer-norm"), BlockSpec::new("pool-sequence")];
        Run::of(name, squares([layers, end].concat()), 300)
    };
    let stack = |order| vec![BlockSpec::new("transformer").with("order", order)];
    vec![
        run("mixer", vec![BlockSpec::new("mlp-mixer"); 2]),
        run("attention", stack("sfsf")),
        run("not mixed", stack("ff")),
    ]
}
