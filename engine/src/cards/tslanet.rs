//! Convolutions of two lengths that gate each other carry TSLANet; its spectral filter adds nothing here: Eldele et al.
//! 2024.
//!
//! One-dimensional digits, cut by a convolution into ten overlapping pieces of sixteen features; two layers, whose mean
//! over the pieces is read out. 300 steps, rate 0.01, test accuracy, worst, mean and best of seeds 11 to 18:
//!
//! | layers of | parameters | work of a step | test accuracy |
//! | --- | --- | --- | --- |
//! | interactive convolutions | 3,226 | 12.3 M | 0.674, 0.760, 0.814 |
//! | attention and perceptron | 4,954 | 21.0 M | 0.676, 0.723, 0.770 |
//! | adaptive filter and interactive convolutions: TSLANet | 3,420 | 15.5 M | 0.498, 0.681, 0.766 |
//! | adaptive filter and perceptron | 2,908 | 12.6 M | 0.538, 0.568, 0.642 |
//! | perceptron | 2,714 | 9.3 M | 0.498, 0.615, 0.666 |
//!
//! The paper's order of the parts does not hold: a digit can be anywhere in the signal, and one filter for all places
//! blurs where it is. At rate 0.003 attention leads, with 0.722, 0.727 and 0.601 for seeds 11 to 13 beside TSLANet's
//! 0.510, 0.544 and 0.471.

use super::networks::{past, rectified};
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters, work};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "tslanet",
        name: "TSLANet: Rethinking Transformers for Time Series Representation Learning",
        help: "Convolutions that gate each other read signals as well as attention, for less; TSLANet's filter adds nothing.",
        source: "Eldele et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The gates: two convolutions, each open where the other one finds something.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 5] = [
    beside(accuracy("convolutions"), accuracy("attention"), -0.08),
    below(work("convolutions"), 0.65, work("attention")),
    below(parameters("convolutions"), 0.7, parameters("attention")),
    beside(accuracy("convolutions"), accuracy("filter"), 0.06),
    beside(accuracy("convolutions"), accuracy("filter and convolutions"), -0.08),
];

const WIDTH: i64 = 16;

fn runs() -> Vec<Run> {
    let norm = || BlockSpec::new("layer-norm");
    let filter = || vec![norm(), BlockSpec::new("adaptive-spectral")];
    let last = BlockSpec::new("linear").with("units", WIDTH);
    let perceptron = [vec![norm()], rectified(2 * WIDTH).to_vec(), vec![last]].concat();
    let gated = |layer| [vec![norm()], interactive(layer)].concat();
    let run = |name, layers: Vec<BlockSpec>| {
        let pieces = BlockSpec::new("conv1d").with("channels", WIDTH).with("kernel", 8).with("stride", 4);
        let first = vec![BlockSpec::new("frames"), pieces, BlockSpec::new("position")];
        let stage = [first, layers, vec![norm(), BlockSpec::new("pool-sequence")]].concat();
        let stages = vec![stage, vec![BlockSpec::new("linear")]];
        Run::of(name, Spec { batch: 64, rate: 0.01, ..Spec::new(Choice::new("mnist1d"), stages) }, 300)
    };
    let two = |layer: &dyn Fn(i64) -> Vec<BlockSpec>| vec![past(layer(0)), past(layer(1))];
    vec![
        run("convolutions", two(&gated)),
        run("filter and convolutions", two(&|layer| [filter(), gated(layer)].concat())),
        run("filter", two(&|_| [filter(), perceptron.clone()].concat())),
        run("attention", vec![BlockSpec::new("transformer").with("order", "sfsf").with("expand", 2)]),
    ]
}

/// The interactive convolution block: `a ⊙ gelu(c) + c ⊙ gelu(a)`, where `a` sees one piece and `c` three, and a
/// convolution of one piece behind it. Each of the two has one set of weights for its two uses.
fn interactive(layer: i64) -> Vec<BlockSpec> {
    let conv = |kernel: i64| BlockSpec::new("conv1d").with("channels", WIDTH).with("kernel", kernel);
    let a = || BlockSpec::new("shared").with("number", 2 * layer + 1).holding(vec![conv(1)]);
    let c = || BlockSpec::new("shared").with("number", 2 * layer + 2).holding(vec![conv(3)]);
    let gate = |of| BlockSpec::new("chain").holding(vec![of, BlockSpec::new("activation").with("function", "gelu")]);
    let product = |x, by| BlockSpec::new("parallel").with("join", "product").holding(vec![x, gate(by)]);
    vec![BlockSpec::new("parallel").holding(vec![product(a(), c()), product(c(), a())]), conv(1)]
}
