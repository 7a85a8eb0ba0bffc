//! A few questions to the whole sequence, in the place of one from every place: Mehta et al. 2019.
//!
//! The small digits in sixteen squares behind one feed-forward layer, 600 steps, seeds 11, 12 and 13:
//!
//! | | work of a step | test accuracy |
//! | --- | --- | --- |
//! | eight questions of rank 4 | 4.4 M | 0.900, 0.900, 0.872 |
//! | the same, scores left as they are | 4.4 M | 0.914, 0.928, 0.931 |
//! | one question of rank 16, scores left as they are | 2.8 M | 0.778, 0.783, 0.714 |
//! | mean of all places | 1.9 M | 0.844, 0.803, 0.781 |
//! | self-attention, mean (two seeds) | 7.1 M | 0.933, 0.922 |
//!
//! Self-attention does as well as the better of these, for more work. The paper brings the scores of a place to length 1
//! over the questions; here that costs a few points, and one question alone could not tell places apart by it.

use super::networks::{past, rectified, squares};
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, memory, work};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "global-query",
        name: "Low Rank Factorization for Compact Multi-Head Self-Attention",
        help: "A few questions to all places tell more than their mean, for less work than a question from every place.",
        source: "Mehta et al. 2019",
    },
    runs,
    claims: &CLAIMS,
    watch: "The maps of attention: each question looks elsewhere.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    beside(accuracy("eight questions"), accuracy("mean"), 0.02),
    beside(accuracy("eight questions"), accuracy("one question"), 0.05),
    below(work("eight questions"), 0.65, work("self-attention")),
    below(memory("eight questions"), 0.5, memory("self-attention")),
];

fn runs() -> Vec<Run> {
    let run = |name, blocks: Vec<BlockSpec>| {
        let forward = past([rectified(16).to_vec(), vec![BlockSpec::new("linear").with("units", 16)]].concat());
        Run::of(name, squares([vec![forward], blocks].concat()), 600)
    };
    let mean = || BlockSpec::new("pool-sequence");
    let questions = |heads: i64, rank: i64| {
        let query = BlockSpec::new("global-query").with("heads", heads).with("rank", rank).with("normalise", heads > 1);
        vec![query, BlockSpec::new("flatten")]
    };
    vec![
        run("eight questions", questions(8, 4)),
        run("one question", questions(1, 16)),
        run("mean", vec![mean()]),
        run("self-attention", vec![past(vec![BlockSpec::new("attention")]), mean()]),
    ]
}
