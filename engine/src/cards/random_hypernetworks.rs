//! All weights of a network out of one short vector: D'OH, Gordon et al. 2024.
//!
//! The paper fits pictures and shapes, to store them in few numbers. Here a network of 32 hidden units reads the small
//! digits. Test accuracy after 500 steps, seeds 11, 12 and 13:
//!
//! | numbers learned | test accuracy |
//! | --- | --- |
//! | 64 | 0.850, 0.728, 0.758 |
//! | 256 | 0.936, 0.939, 0.950 |
//! | 1,024 | 0.953, 0.917, 0.967 |
//! | all 2,410 weights | 0.972, 0.972, 0.972 |

use super::networks::{layers, rectified};
use super::{Card, Claim, QUICK, Run, accuracy, at_least, below, beside, parameters};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "random-hypernetworks",
        name: "D'OH: Decoder-Only Random Hypernetworks for Implicit Neural Representations",
        help: "A network whose weights are fixed random mixtures of 256 numbers reads digits, and of 64 worse.",
        source: "Gordon et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The number of parameters, and what a few more of them buy.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    at_least(accuracy("256 numbers"), 0.88),
    beside(accuracy("256 numbers"), accuracy("64 numbers"), 0.04),
    below(parameters("256 numbers"), 0.12, parameters("all weights")),
];

fn runs() -> Vec<Run> {
    let run = |name, stages| Run::of(name, Spec { rate: 0.01, ..Spec::new(Choice::new("digits"), stages) }, 500);
    let few = |latent: i64| {
        let inside = [rectified(32).to_vec(), vec![BlockSpec::new("linear").with("units", 10)]].concat();
        let all = BlockSpec::new("random-hypernetwork").with("latent", latent).holding(inside);
        vec![vec![BlockSpec::new("flatten"), all]]
    };
    vec![run("256 numbers", few(256)), run("64 numbers", few(64)), run("all weights", layers(&[32]))]
}
