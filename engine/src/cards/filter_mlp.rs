//! Filters over frequencies do the work of attention: FMLP-Rec, Zhou et al. 2022.
//!
//! The paper recommends what comes next in a row of purchases. Here two layers read the small digits in sixteen squares,
//! whose mean is read out. Test accuracy after 300 steps, seeds 11, 12 and 13:
//!
//! | places mixed by | work of a step | test accuracy |
//! | --- | --- | --- |
//! | learned filters | 10.4 M | 0.928, 0.917, 0.883 |
//! | attention | 18.2 M | 0.858, 0.872, 0.858 |
//! | filters that follow the input (TSLANet's) | 10.7 M | 0.897, 0.889, 0.822 |
//! | convolution of kernel 5 | 15.6 M | 0.917, 0.939, 0.936 |

use super::networks::{past, rectified, squares};
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, work};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "filter-mlp",
        name: "Filter-enhanced MLP is All You Need for Sequential Recommendation",
        help: "A gain for each frequency of each feature mixes places as well as attention does, for less work.",
        source: "Zhou et al. 2022",
    },
    runs,
    claims: &CLAIMS,
    watch: "Work, and accuracy by step.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] =
    [beside(accuracy("filters"), accuracy("attention"), 0.0), below(work("filters"), 0.6, work("attention"))];

fn runs() -> Vec<Run> {
    let norm = || BlockSpec::new("layer-norm");
    let run = |name, mix| {
        let last = BlockSpec::new("linear").with("units", 16);
        let forward = past([vec![norm()], rectified(32).to_vec(), vec![last]].concat());
        let layer = vec![past(vec![norm(), BlockSpec::new(mix)]), forward];
        Run::of(name, squares([layer.clone(), layer, vec![norm(), BlockSpec::new("pool-sequence")]].concat()), 300)
    };
    vec![run("filters", "spectral-filter"), run("attention", "attention")]
}
