//! Blocks and channels removed together, in the place of blocks alone: MultiPruner, Muñoz et al. 2025.
//!
//! Eight residual blocks of 32 hidden units on the small digits, 300 steps; then a third of the weights go, without
//! training. As blocks alone that is three of eight; by the paper's share one block and twenty steps of channels or so.
//! Seeds 11 to 18:
//!
//! | | loss in training | test accuracy |
//! | --- | --- | --- |
//! | blocks and channels | 0.123 0.089 0.135 0.183 0.094 0.114 0.094 0.135 | 0.953 0.964 0.939 0.939 0.953 0.933 0.956 0.956 |
//! | blocks alone | 0.271 0.095 0.170 0.258 0.140 0.179 0.173 0.145 | 0.900 0.944 0.903 0.911 0.944 0.919 0.914 0.947 |
//! | channels alone | 0.175 0.140 0.150 0.195 0.090 0.096 0.098 0.141 | 0.881 0.942 0.925 0.925 0.953 0.939 0.953 0.947 |
//!
//! On the card's own seeds the loss is lower on the first alone (0.069 0.124 0.227 against 0.112 0.111 0.203, accuracy
//! 0.950 0.950 0.919 against 0.944 0.944 0.936): the gain is not claimed, only that hardly anything is lost by it.
//!
//! The third axis, heads of attention, is not there: see the transform.

use super::ffn_fusion::residuals;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "multi-pruner",
        name: "MultiPruner: Balanced Structure Removal in Foundation Models",
        help: "A third of the weights, taken as blocks and as channels, is missed about as little as the same taken as blocks alone.",
        source: "Muñoz et al. 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "The loss, which rises for a third of the weights without a step of training.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("blocks and channels"), accuracy("blocks alone"), -0.04),
    below(parameters("blocks and channels"), 1.0, parameters("blocks alone")),
    beside(accuracy("blocks and channels"), accuracy("whole"), -0.08),
];

fn runs() -> Vec<Run> {
    let run = |name, then| Run { then, ..Run::of(name, residuals(8), 300) };
    let pruned = |blocks: f64| {
        let by = Choice::new("multi-pruner").with("remove", 0.3313).with("blocks", blocks);
        vec![(by, 0)]
    };
    vec![run("whole", Vec::new()), run("blocks and channels", pruned(0.44)), run("blocks alone", pruned(1.0))]
}
