//! A predictor knows before the layer works which of its units will count: Elkerdawy et al. 2022.
//!
//! A layer of 128 rectified units on the small digits, 600 steps, seeds 11 to 18:
//!
//! | kept share of a sample's activity | units kept | test accuracy |
//! | --- | --- | --- |
//! | all of it, no mask | 128 | 0.975 0.981 0.981 0.972 0.981 0.975 0.981 0.981 |
//! | 0.7 | 35 | 0.975 0.981 0.975 0.969 0.972 0.978 0.969 0.972 |
//! | 0.5 | 16 | 0.969 0.972 0.958 0.967 0.956 0.964 0.961 0.964 |
//!
//! Which units are kept depends on the sample: with 0.7, on seeds 11 and 12, the same number of units chosen once for
//! all gives 0.775 and 0.772, and each sample the mask of another 0.41 and 0.53. But 16 units that are always at work,
//! trained as such, do as well (0.967 and 0.978). In a convolution the predictor sees only means over the picture, and
//! on these digits learns one mask for all.

use super::networks::rectified;
use super::{Card, Claim, QUICK, Run, accuracy, beside};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "fire-together",
        name: "Fire Together Wire Together: A Dynamic Pruning Approach with Self-Supervised Mask Prediction",
        help: "With three of four units silenced, foretold for each sample, a layer answers nearly as with all of them.",
        source: "Elkerdawy et al. 2022",
    },
    runs,
    claims: &CLAIMS,
    watch: "The gates: other units for each sample, and most of them shut.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] =
    [beside(accuracy("mass 0.7"), accuracy("whole"), -0.025), beside(accuracy("mass 0.5"), accuracy("whole"), -0.04)];

fn runs() -> Vec<Run> {
    let run = |name, layer| {
        let stages = vec![layer, vec![BlockSpec::new("linear")]];
        Run::of(name, Spec::new(Choice::new("digits"), stages), 600)
    };
    let masked = |mass: f64| vec![BlockSpec::new("mask-gate").with("mass", mass).holding(rectified(128).to_vec())];
    vec![run("whole", rectified(128).to_vec()), run("mass 0.7", masked(0.7)), run("mass 0.5", masked(0.5))]
}
