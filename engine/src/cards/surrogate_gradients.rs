//! Spikes have no derivative; almost any put in its place teaches them: Neftci, Mostafa and Zenke 2019, Zenke and
//! Vogels 2021.
//!
//! One-dimensional digits in ten pieces of four values, two layers of 32 spiking neurons, whose spikes are summed by
//! neurons that do not fire. 300 steps, worst and best of seeds 11 to 18:
//!
//! | slope that stands in | steepness | test accuracy |
//! | --- | --- | --- |
//! | of an arc tangent | 5 | 0.495, 0.579 |
//! | of a logistic curve | 5 | 0.516, 0.562 |
//! | of x / (1 + abs x) | 5 | 0.505, 0.587 |
//! | of an arc tangent | 1 | 0.497, 0.526 |
//! | | 25 | 0.414, 0.452 |
//! | | 100 | 0.289, 0.375 |
//! | none: the spiking layers stay as drawn | | 0.248, 0.341 |
//!
//! (Steepnesses of 1 and 25 with seeds 11 to 13.) The shape hardly counts, the reach does: where the slope is nearly
//! that of a spike, hardly a neuron is near enough to its threshold to learn.

use super::networks::framed;
use super::{Card, Claim, QUICK, Run, accuracy, beside};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "surrogate-gradients",
        name: "The remarkable robustness of surrogate gradient learning",
        help: "Spiking layers learn with a smooth slope in the place of a spike's, whatever its shape, if it is wide enough.",
        source: "Zenke and Vogels 2021; Neftci, Mostafa and Zenke 2019",
    },
    runs,
    claims: &CLAIMS,
    watch: "The three shapes run side by side; the steep one stays near the layers that learn nothing.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 6] = [
    beside(accuracy("arc tangent"), accuracy("logistic"), -0.06),
    beside(accuracy("logistic"), accuracy("arc tangent"), -0.06),
    beside(accuracy("arc tangent"), accuracy("fast sigmoid"), -0.06),
    beside(accuracy("fast sigmoid"), accuracy("arc tangent"), -0.06),
    beside(accuracy("arc tangent"), accuracy("as drawn"), 0.1),
    beside(accuracy("arc tangent"), accuracy("too steep"), 0.08),
];

fn runs() -> Vec<Run> {
    let spiking = |curve, steepness: f64| {
        let neurons = BlockSpec::new("lif").with("surrogate", curve).with("steepness", steepness);
        vec![vec![BlockSpec::new("linear").with("units", 32), neurons]; 2].concat()
    };
    let run = |name, layers: Vec<BlockSpec>| {
        let sums = BlockSpec::new("lif").with("gives", "potential").with("tau", 20.0);
        let end = vec![BlockSpec::new("linear").with("units", 10), sums, BlockSpec::new("pool-sequence")];
        Run::of(name, framed(4, [layers, end].concat()), 300)
    };
    vec![
        run("arc tangent", spiking("atan", 5.0)),
        run("logistic", spiking("sigmoid", 5.0)),
        run("fast sigmoid", spiking("fast-sigmoid", 5.0)),
        run("too steep", spiking("atan", 100.0)),
        run("as drawn", vec![BlockSpec::new("freeze").holding(spiking("atan", 5.0))]),
    ]
}
