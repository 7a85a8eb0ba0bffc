//! A learning rate for each kind of block: Wang, Wang, Zhou, Yan, E and Wu 2025.
//!
//! The paper trains transformers in half the steps. In a small dense network with norms nothing of the kind is seen: on
//! seeds 11–13, at rates from 0.001 to 0.04, the best plain run reads 54 to 61 % of the signals, and the best blockwise one
//! 56 to 60 %. Below the best rate a blockwise one gains some points, which a higher rate for all blocks gains as well.
//! That is what is claimed here.

use super::{Card, Claim, QUICK, Run, accuracy, beside, deep};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "blockwise-rate",
        name: "The sharpness disparity principle",
        help: "In a dense network a rate for each kind of block does no harm, and no more than a higher rate for all.",
        source: "Wang, Wang, Zhou, Yan, E and Wu 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "The sharpness of each stage: whether this network has the order that the rates are made for.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("blockwise"), accuracy("one rate"), -0.03),
    beside(accuracy("twice the rate"), accuracy("blockwise"), -0.02),
];

fn runs() -> Vec<Run> {
    let run = |name, rule, rate| Run {
        name,
        spec: Spec { stages: stages(), rate, ..deep(Choice::new(rule)) },
        steps: 300,
        then: Vec::new(),
    };
    vec![
        run("one rate", "backprop", 0.003),
        run("blockwise", "blockwise-rate", 0.003),
        run("twice the rate", "backprop", 0.006),
    ]
}

/// Four layers of 64 normed and rectified units, and a read-out.
fn stages() -> Vec<Vec<BlockSpec>> {
    let linear = BlockSpec::new("linear").with("units", 64);
    let hidden = vec![linear, BlockSpec::new("layer-norm"), BlockSpec::new("activation")];
    let mut stages = vec![hidden; 4];
    stages.push(vec![BlockSpec::new("linear")]);
    stages
}
