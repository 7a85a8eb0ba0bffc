//! What attention and linear recurrences cannot follow: The Illusion of State in State-Space Models, Merrill, Petty and
//! Sabharwal 2024.
//!
//! Twelve permutations of three things are put in a row; after each the order of the things is asked for, one of six.
//! 400 steps, worst and best of seeds 11 to 18:
//!
//! | one layer of | parameters | span | test accuracy |
//! | --- | --- | --- | --- |
//! | GRU, 32 units | 5,158 | 442 | 1.000, 1.000 |
//! | gated linear recurrence (LRU) and perceptron | 1,926 | 231 | 0.293, 0.343 |
//! | attention and perceptron | 3,702 | 252 | 0.309, 0.348 |
//!
//! Whatever is computed for all places at once, in so many steps for any length, can only know the first few products;
//! the GRU pays with steps in a row. Two layers of attention after 1200 steps: 0.505 and 0.459 (seeds 11 and 12). A
//! plain recurrent network could, and does not find it: 0.303, 0.367 and 0.326. For a middle way see DeltaProduct.

use super::networks::{past, rectified};
use super::{Card, Claim, QUICK, Run, accuracy, at_least, below, beside, span};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "illusion-of-state",
        name: "The Illusion of State in State-Space Models",
        help: "A GRU tracks permutations one after the other; attention and a linear recurrence know the first few alone.",
        source: "Merrill, Petty and Sabharwal 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The accuracy of the GRU leaps to 1; the others stop where the first two or three places are known.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    at_least(accuracy("GRU"), 0.95),
    beside(accuracy("GRU"), accuracy("LRU"), 0.4),
    beside(accuracy("GRU"), accuracy("attention"), 0.4),
    below(span("LRU"), 0.6, span("GRU")),
];

fn runs() -> Vec<Run> {
    let run = |name, rate, layers: Vec<BlockSpec>| {
        let embedding = vec![BlockSpec::new("embedding").with("width", 16)];
        let stage = [embedding, layers, vec![BlockSpec::new("layer-norm")]].concat();
        let data = Choice::new("group-words").with("group", "s3").with("length", 12);
        Run::of(name, Spec { batch: 32, rate, ..Spec::new(data, vec![stage, vec![BlockSpec::new("linear")]]) }, 400)
    };
    let norm = || BlockSpec::new("layer-norm");
    let last = BlockSpec::new("linear").with("units", 16);
    let forward = [vec![norm()], rectified(32).to_vec(), vec![last]].concat();
    let attention = BlockSpec::new("transformer").with("mask", "causal");
    vec![
        run("GRU", 0.01, vec![BlockSpec::new("gru").with("units", 32)]),
        run("LRU", 0.01, vec![past(vec![norm(), BlockSpec::new("lru")]), past(forward)]),
        run("attention", 0.005, vec![BlockSpec::new("position"), attention]),
    ]
}
