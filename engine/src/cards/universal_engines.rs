//! A frozen transformer computes what a task asks for, mostly better than a frozen recurrent network: Lu et al. 2021.
//!
//! The small digits as sixteen squares of 16 features, two layers whose attention and feed-forward weights stay as they
//! are drawn; what goes in, the places, the norms and what reads the mean of all squares are learned. 400 steps, seeds
//! 11 to 18:
//!
//! | | test accuracy |
//! | --- | --- |
//! | frozen transformer | 0.800 0.814 0.800 0.814 0.797 0.747 0.786 0.822 |
//! | frozen LSTM, behind norms and with ways past it | 0.697 0.706 0.761 0.744 0.756 0.742 0.742 0.736 |
//! | nothing between | 0.658 0.628 0.742 0.692 0.678 0.683 0.683 0.642 |
//! | transformer, all learned (seeds 11 to 15) | 0.881 0.897 0.881 0.914 0.833 |
//!
//! On one of the seeds 1 to 3 the LSTM is ahead, 0.783 to 0.758.
//!
//! The paper's transformer was trained on language before, and then does as well as one that is learned wholly. Here it
//! is a random one, which the paper finds in between, as it is here.

use super::networks::{past, squares};
use super::{Card, Claim, QUICK, Run, accuracy, beside};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "universal-engines",
        name: "Pretrained Transformers as Universal Computation Engines",
        help: "Layers of a transformer with random weights that never learn are of use, mostly of more than an LSTM's.",
        source: "Lu, Grover, Abbeel and Mordatch 2021",
    },
    runs,
    claims: &CLAIMS,
    watch: "The weights of the frozen layers, which stay, and the accuracy, which rises all the same.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("frozen transformer"), accuracy("frozen LSTM"), -0.06),
    beside(accuracy("frozen transformer"), accuracy("nothing between"), 0.03),
];

fn runs() -> Vec<Run> {
    let frozen =
        |inside: Vec<BlockSpec>| past(vec![BlockSpec::new("layer-norm"), BlockSpec::new("freeze").holding(inside)]);
    let linear = |units: i64| BlockSpec::new("linear").with("units", units);
    let forward = vec![linear(64), BlockSpec::new("activation").with("function", "gelu"), linear(16)];
    let transformer = vec![vec![frozen(vec![BlockSpec::new("attention")]), frozen(forward)]; 2].concat();
    let recurrent = vec![frozen(vec![BlockSpec::new("lstm").with("units", 16)]); 2];
    let run = |name, between: Vec<BlockSpec>| {
        let after = vec![BlockSpec::new("layer-norm"), BlockSpec::new("pool-sequence")];
        Run::of(name, squares([between, after].concat()), 400)
    };
    vec![run("frozen transformer", transformer), run("frozen LSTM", recurrent), run("nothing between", Vec::new())]
}
