//! Experts that choose their samples are balanced by themselves: Zhou et al. 2022.
//!
//! Eight experts of 32 rectified units on the small digits, 300 steps, test accuracy with seeds 11 to 18:
//!
//! | | |
//! | --- | --- |
//! | expert choice, capacity 2 | 0.978 0.964 0.972 0.969 0.975 0.978 0.967 0.964 |
//! | expert choice, capacity 1 | 0.903 0.947 0.897 0.894 0.919 0.903 0.894 0.892 |
//! | top-2 with the same room, not balanced | 0.950 0.950 0.956 0.961 0.967 0.964 0.944 0.892 |
//! | top-2 with the same room, Switch's loss at 0.01 | 0.961 0.956 0.956 0.964 0.964 0.972 0.964 0.964 |
//! | all experts | 0.975 0.975 0.978 0.975 0.981 0.975 0.975 0.972 |
//!
//! Top-2 that may seat whoever comes, in as much room as it takes, does as well as expert choice (0.964 to 0.978): what
//! is gained is that no room is needed that stays empty.

use super::networks::rectified;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, work};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "expert-choice",
        name: "Mixture-of-Experts with Expert Choice Routing",
        help: "Experts that take the samples which suit them best need no balancing, and no more room than they fill.",
        source: "Zhou et al. 2022",
    },
    runs,
    claims: &CLAIMS,
    watch: "The load is even from the first step on; with a capacity of 1 some samples find no expert.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    beside(accuracy("capacity 2"), accuracy("all experts"), -0.025),
    below(work("capacity 2"), 0.4, work("all experts")),
    beside(accuracy("capacity 2"), accuracy("top-2, same room"), -0.015),
    beside(accuracy("capacity 2"), accuracy("capacity 1"), 0.005),
];

fn runs() -> Vec<Run> {
    let run = |name, routing| {
        let route = BlockSpec::new("route").with("experts", 8).routed(routing).holding(rectified(32).to_vec());
        let stages = vec![vec![route], vec![BlockSpec::new("linear")]];
        Run::of(name, Spec::new(Choice::new("digits"), stages), 300)
    };
    let choosing = |capacity: f64| Choice::new("expert-choice").with("capacity", capacity);
    let crowding = Choice::new("top-k").with("k", 2).with("capacity", 1.0).with("bias-rate", 0.0);
    vec![
        run("capacity 2", choosing(2.0)),
        run("capacity 1", choosing(1.0)),
        run("top-2, same room", crowding),
        run("all experts", Choice::new("dense")),
    ]
}
