//! Gaps that double from layer to layer let a few convolutions see far: WaveNet, van den Oord et al. 2016.
//!
//! A value stands behind a mark somewhere in a row of 16 symbols; at its end it is asked for, one of eight. Four layers
//! of convolutions of two taps that see nothing of what comes later, 500 steps, seeds 11 to 18, worst and best:
//!
//! | gaps | sees | parameters | test accuracy |
//! | --- | --- | --- | --- |
//! | 1, 2, 4, 8 | 16 places | 6,792 | 1.000, 1.000 |
//! | 1, 1, 1, 1 | 5 places | 6,792 | 0.336, 0.432 |
//!
//! A value five places back or nearer is told by either. What is not within sight cannot be learnt, whatever the
//! weights.

use super::networks::{needle, past};
use super::{Card, Claim, QUICK, Run, accuracy, at_least, below, beside, parameters};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "dilated-convolutions",
        name: "WaveNet: A Generative Model for Raw Audio",
        help: "Four convolutions of two taps see sixteen places back with doubling gaps, and five without.",
        source: "van den Oord et al. 2016",
    },
    runs,
    claims: &CLAIMS,
    watch: "The same weights, the same work: only which places are looked at differs.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    at_least(accuracy("doubling"), 0.9),
    beside(accuracy("doubling"), accuracy("none"), 0.4),
    below(parameters("doubling"), 1.001, parameters("none")),
];

fn runs() -> Vec<Run> {
    let run = |name, gaps: [i64; 4]| {
        let layer = |gap| {
            let conv = BlockSpec::new("conv1d").with("channels", 32).with("kernel", 2).with("padding", "causal");
            let last = BlockSpec::new("linear").with("units", 16);
            past(vec![conv.with("dilation", gap), BlockSpec::new("activation"), last])
        };
        let layers = BlockSpec::new("chain").holding(gaps.map(layer).into());
        Run::of(name, Spec { rate: 0.005, ..needle(16, layers) }, 500)
    };
    vec![run("doubling", [1, 2, 4, 8]), run("none", [1; 4])]
}
