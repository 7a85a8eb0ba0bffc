//! Convolutions apart in time and channels do as well as whole ones: QuartzNet, Kriman et al. 2020.
//!
//! The paper writes down speech. Here the small digits are read as rows of sixteen squares, by three convolutions of 32
//! channels and kernel 5. 300 steps, seeds 11, 12 and 13:
//!
//! | | parameters | work of a step | test accuracy |
//! | --- | --- | --- | --- |
//! | apart | 8,778 | 12.2 M | 0.983, 0.978, 0.992 |
//! | whole | 18,618 | 42.5 M | 0.986, 0.983, 0.986 |
//!
//! Counted work is not time: small convolutions of one channel each leave the arithmetic units waiting, and a step took
//! five times as long on two cores.

use super::networks::squares;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters, work};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "time-channel-separable",
        name: "QuartzNet: Deep Automatic Speech Recognition with 1D Time-Channel Separable Convolutions",
        help: "Convolutions first along time, then across channels read as well as whole ones with half of the weights.",
        source: "Kriman et al. 2020",
    },
    runs,
    claims: &CLAIMS,
    watch: "Parameters and work; and time, which tells another story on small networks.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("apart"), accuracy("whole"), -0.025),
    below(parameters("apart"), 0.5, parameters("whole")),
    below(work("apart"), 0.35, work("whole")),
];

fn runs() -> Vec<Run> {
    let run = |name, id| {
        let layer = || {
            let conv = BlockSpec::new(id).with("channels", 32).with("kernel", 5);
            vec![conv, BlockSpec::new("batch-norm"), BlockSpec::new("activation")]
        };
        let end = vec![BlockSpec::new("layer-norm"), BlockSpec::new("flatten")];
        Run::of(name, squares([layer(), layer(), layer(), end].concat()), 150)
    };
    vec![run("apart", "separable-conv"), run("whole", "conv1d")]
}
