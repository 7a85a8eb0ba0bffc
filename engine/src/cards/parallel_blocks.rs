//! Attention and feed-forward side by side do as well as one after the other: Sonkar and Baraniuk 2023.
//!
//! Two layers on the small digits in sixteen squares, whose mean is read out, 600 steps, seeds 11, 12 and 13:
//!
//! | | parameters | span | test accuracy |
//! | --- | --- | --- | --- |
//! | side by side | 4,922 | 303 | 0.936, 0.933, 0.903 |
//! | one after the other | 4,986 | 431 | 0.933, 0.908, 0.886 |

use super::networks::squares;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters, span};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "parallel-attention-ffn",
        name: "Investigating the Role of Feed-Forward Networks in Transformers Using Parallel Attention and Feed-Forward Net Design",
        help: "Attention and feed-forward side by side answer as well as one after the other, with fewer steps in series.",
        source: "Sonkar and Baraniuk 2023",
    },
    runs,
    claims: &CLAIMS,
    watch: "The span: both branches of a layer are worked out at the same time.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("side by side"), accuracy("in series"), -0.02),
    below(span("side by side"), 0.75, span("in series")),
    below(parameters("side by side"), 1.0, parameters("in series")),
];

fn runs() -> Vec<Run> {
    let run = |name, order| {
        let stack = BlockSpec::new("transformer").with("order", order).with("expand", 2);
        Run::of(name, squares(vec![stack, BlockSpec::new("layer-norm"), BlockSpec::new("pool-sequence")]), 600)
    };
    vec![run("side by side", "pp"), run("in series", "sfsf")]
}
