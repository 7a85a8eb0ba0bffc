//! What convolutions know beforehand: that near values belong together. MNIST-1D, Greydanus 2020.
//!
//! Digits as signals of 40 values, somewhere in noise, 600 steps; and the same with all positions in one random order.
//! Test accuracy, worst and best of seeds 11 to 18:
//!
//! | | parameters | in order | shuffled |
//! | --- | --- | --- | --- |
//! | three convolutions, 24 channels | 4,858 | 0.778, 0.845 | 0.516, 0.565 |
//! | two dense layers, 64 units | 7,434 | 0.564, 0.590 | 0.533, 0.584 |
//! | linear, after 300 steps | 410 | 0.295, 0.312 | |
//!
//! With more steps convolutions come to 0.94 in the paper, dense layers to 0.68.

use super::networks::layers;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "mnist-1d",
        name: "Scaling down deep learning",
        help: "Convolutions read signals far better than dense layers, until the positions are shuffled.",
        source: "Greydanus 2020; Greydanus and Kobak 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The order of the values is all that convolutions gain from; dense layers do not see the difference.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 6] = [
    beside(accuracy("convolutions"), accuracy("dense"), 0.15),
    below(parameters("convolutions"), 0.7, parameters("dense")),
    beside(accuracy("convolutions"), accuracy("convolutions, shuffled"), 0.15),
    beside(accuracy("dense"), accuracy("convolutions, shuffled"), -0.03),
    beside(accuracy("dense, shuffled"), accuracy("dense"), -0.07),
    beside(accuracy("dense"), accuracy("dense, shuffled"), -0.07),
];

fn runs() -> Vec<Run> {
    let run = |name, stages, shuffled: bool| {
        Run::of(name, Spec::new(Choice::new("mnist1d").with("shuffled", shuffled), stages), 600)
    };
    let convolved = || {
        let layer = |kernel: i64| {
            let conv = BlockSpec::new("conv1d").with("channels", 24).with("kernel", kernel).with("stride", 2);
            vec![conv, BlockSpec::new("activation")]
        };
        let stage = [vec![BlockSpec::new("frames")], layer(5), layer(3), layer(3), vec![BlockSpec::new("flatten")]];
        vec![stage.concat(), vec![BlockSpec::new("linear")]]
    };
    vec![
        run("convolutions", convolved(), false),
        run("convolutions, shuffled", convolved(), true),
        run("dense", layers(&[64, 64]), false),
        run("dense, shuffled", layers(&[64, 64]), true),
    ]
}
