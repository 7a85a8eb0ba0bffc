//! Half of the experts suffice, merged by what the router thinks of them: UNCURL, Sarkar et al. 2024.
//!
//! Eight experts of 16 hidden units, two for each of the small digits, 400 steps; then four. Test accuracy, seeds 11 to
//! 18:
//!
//! | | |
//! | --- | --- |
//! | eight | 0.978 0.969 0.975 0.969 0.950 0.969 0.956 0.967 |
//! | merged to four | 0.894 0.853 0.842 0.878 0.889 0.811 0.800 0.836 |
//! | the four that are used least dropped | 0.819 0.767 0.686 0.850 0.806 0.717 0.836 0.772 |
//!
//! A hundred steps later the merged network is where the whole one was (0.969 to 0.981 on seeds 11 to 13), and so is
//! the one with experts dropped (0.969 to 0.975), and one of four experts trained from scratch (0.978 to 0.981): that
//! many experts in pre-training are of use for the small network, which is the paper's claim, does not show on a task
//! that four can do. On one-dimensional digits, where accuracies lie near 0.55, merging is no better than dropping
//! before training (0.37 to 0.40 against 0.38 to 0.44), and better after (0.542 to 0.574 against 0.527 to 0.541).

use super::networks::{past, rectified};
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "expert-merging",
        name: "Revisiting SMoE Language Models by Evaluating Inefficiencies with Task Specific Expert Pruning",
        help: "Of eight experts four are made that answer, after a little training, as the eight did.",
        source: "Sarkar et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The shares of the experts: each of those that are left takes over what a group had.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    beside(accuracy("merged, trained on"), accuracy("eight"), -0.025),
    beside(accuracy("merged, trained on"), accuracy("four from scratch"), -0.025),
    below(parameters("merged, trained on"), 0.7, parameters("eight")),
    beside(accuracy("merged"), accuracy("dropped"), -0.05),
];

fn runs() -> Vec<Run> {
    let run = |name, experts: i64, then| {
        let linear = || BlockSpec::new("linear").with("units", 32);
        let norm = || BlockSpec::new("layer-norm");
        let expert = [rectified(16).to_vec(), vec![linear()]].concat();
        let route = BlockSpec::new("route").with("experts", experts).routed(Choice::new("top-k")).holding(expert);
        let stages = vec![vec![linear(), past(vec![norm(), route]), norm()], vec![BlockSpec::new("linear")]];
        Run { then, ..Run::of(name, Spec::new(Choice::new("digits"), stages), 400) }
    };
    let fewer = |by: &str, steps| vec![(Choice::new("expert-pruning").with("keep", 4).with("by", by), steps)];
    vec![
        run("eight", 8, Vec::new()),
        run("merged", 8, fewer("merge", 0)),
        run("merged, trained on", 8, fewer("merge", 100)),
        run("dropped", 8, fewer("drop", 0)),
        run("four from scratch", 4, Vec::new()),
    ]
}
