//! Squares of an image that are silenced at random, on images too small to gain by it: DropBlock, Ghiasi, Lin and Le
//! 2018.
//!
//! Two convolutions of eight channels on the small digits, a fifth of what they give silenced, 300 steps. Worst, mean
//! and best of seeds 11 to 18:
//!
//! | silenced | loss in training | test accuracy |
//! | --- | --- | --- |
//! | squares of 3 × 3 (DropBlock) | 0.057 to 0.101 | 0.964, 0.976, 0.989 |
//! | single values (dropout) | 0.062 to 0.100 | 0.961, 0.975, 0.983 |
//! | nothing | 0.028 to 0.056 | 0.969, 0.977, 0.989 |
//!
//! The paper's order, squares before single values before nothing, is not to be seen: it is a tie, with sixteen
//! channels, too; on seeds 1 to 3 squares are a point behind nothing. What holds is that the training samples are
//! learnt less by heart.

use super::{Card, Claim, QUICK, Run, accuracy, below, beside, loss};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "drop-block",
        name: "DropBlock: A regularization method for convolutional networks",
        help: "Silencing squares keeps a network from learning digits by heart; on the test it is a tie with silencing none.",
        source: "Ghiasi, Lin and Le 2018",
    },
    runs,
    claims: &CLAIMS,
    watch: "The losses in training, which both ways of silencing hold up.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    below(loss("nothing"), 1.0, loss("squares")),
    beside(accuracy("squares"), accuracy("nothing"), -0.03),
    beside(accuracy("squares"), accuracy("single values"), -0.03),
];

fn runs() -> Vec<Run> {
    let run = |name, silence: Vec<BlockSpec>| {
        let conv = || vec![BlockSpec::new("conv2d").with("channels", 8), BlockSpec::new("activation")];
        let end = vec![BlockSpec::new("max-pool"), BlockSpec::new("flatten")];
        let stage = [conv(), silence.clone(), conv(), silence, end].concat();
        let spec = Spec::new(Choice::new("digits"), vec![stage, vec![BlockSpec::new("linear")]]);
        Run::of(name, Spec { batch: 64, ..spec }, 300)
    };
    let fifth = |id| vec![BlockSpec::new(id).with("rate", 0.2)];
    vec![run("squares", fifth("drop-block")), run("single values", fifth("dropout")), run("nothing", vec![])]
}
