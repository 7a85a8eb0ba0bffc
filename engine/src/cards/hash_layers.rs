//! Experts by a fixed table of tokens, with no router to learn: Hash Layers, Roller, Sukhbaatar, Szlam and Weston 2021.
//!
//! One layer of a transformer, 32 features, on Shakespeare's plays, 32 characters at a time; eight experts as large as the
//! dense feed-forward part. After 300 steps, seeds 11 to 13, loss in the test:
//!
//! | | loss |
//! | --- | --- |
//! | by token, balanced | 2.545, 2.528, 2.543 |
//! | dense | 2.593, 2.600, 2.592 |
//! | by place | 2.671, 2.635, 2.628 |
//!
//! The gain is that of more weights at the same work; a table that does not know the token (by place) loses it.

use super::networks::past;
use super::{Card, Claim, QUICK, Run, below, loss, work};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "hash-layers",
        name: "Hash Layers For Large Sparse Models",
        help: "Experts that are given their tokens by a fixed table fit text better than a dense layer of the same work.",
        source: "Roller, Sukhbaatar, Szlam and Weston 2021",
    },
    runs,
    claims: &CLAIMS,
    watch: "Who gets what: every letter has one colour, wherever it stands.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    below(loss("by token"), 1.0, loss("dense")),
    below(loss("by token"), 1.0, loss("by place")),
    below(work("by token"), 1.3, work("dense")),
];

fn runs() -> Vec<Run> {
    let part = || {
        let linear = || BlockSpec::new("linear").with("units", 32);
        vec![linear(), BlockSpec::new("activation").with("function", "gelu"), linear()]
    };
    let routed = |by: &str| {
        let hash = Choice::new("hash").with("by", by);
        vec![BlockSpec::new("route").with("experts", 8).routed(hash).holding(part())]
    };
    let run = |name, forward: Vec<BlockSpec>| {
        let norm = || BlockSpec::new("layer-norm");
        let embedding = BlockSpec::new("embedding").with("width", 32);
        let attention = past(vec![norm(), BlockSpec::new("attention").with("mask", "causal")]);
        let stages = vec![
            vec![embedding, BlockSpec::new("position")],
            vec![attention, past([vec![norm()], forward].concat())],
            vec![norm(), BlockSpec::new("linear")],
        ];
        Run::of(name, Spec { batch: 16, ..Spec::new(Choice::new("text").with("length", 32), stages) }, 300)
    };
    vec![run("by token", routed("balanced")), run("by place", routed("position")), run("dense", part())]
}
