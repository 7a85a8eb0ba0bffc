//! Spiking neurons that learn when to hear each other: DCLS-Delays, Hammouamri, Khalfaoui-Hassani and Masquelier 2023.
//!
//! One-dimensional digits in twenty pieces of two values; 24 spiking neurons, 24 more and ten sums, and between them
//! synapses with delays of up to eight pieces. 400 steps, worst, mean and best of seeds 11 to 18:
//!
//! | delays | work of a step | loss in training | test accuracy |
//! | --- | --- | --- | --- |
//! | learned | 58.2 M | 1.037 to 1.191 | 0.479, 0.540, 0.573 |
//! | as drawn | 58.1 M | 1.158 to 1.265 | 0.452, 0.508, 0.538 |
//! | none | 7.9 M | 1.303 to 1.413 | 0.450, 0.487, 0.526 |
//!
//! The paper's order, three points apart in the mean, and in training with every seed, though once by a hundredth. On
//! the test it does not hold with every seed: with sixteen neurons, learned delays lead drawn ones on seeds 11 to 18
//! and not on all of 1 to 3.

use super::networks::framed;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, loss};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "learned-delays",
        name: "Learning Delays in Spiking Neural Networks using Dilated Convolutions with Learnable Spacings",
        help: "Spiking neurons whose synapses learn their delays, too, fit signals better than with delays as drawn, or none.",
        source: "Hammouamri, Khalfaoui-Hassani and Masquelier 2023",
    },
    runs,
    claims: &CLAIMS,
    watch: "The lead grows as the bumps narrow: after step 200 each synapse hears one moment alone.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    below(loss("learned"), 1.03, loss("as drawn")),
    beside(accuracy("learned"), accuracy("as drawn"), -0.02),
    below(loss("learned"), 0.97, loss("none")),
    beside(accuracy("learned"), accuracy("none"), -0.04),
];

fn runs() -> Vec<Run> {
    let run = |name, longest: i64, learn: bool| {
        let synapses = |units: i64| {
            let delays = BlockSpec::new("delays").with("units", units).with("longest", longest);
            delays.with("learn", learn).with("narrowing", 200)
        };
        let spikes = || BlockSpec::new("lif");
        let first = vec![BlockSpec::new("linear").with("units", 24), spikes(), synapses(24), spikes(), synapses(10)];
        let sums = BlockSpec::new("lif").with("gives", "potential").with("tau", 20.0);
        Run::of(name, framed(2, [first, vec![sums, BlockSpec::new("pool-sequence")]].concat()), 400)
    };
    vec![run("learned", 8, true), run("as drawn", 8, false), run("none", 0, true)]
}
