//! Feed-forward layers that hardly depend on each other may work side by side: Bercovich et al. 2025.
//!
//! Six residual blocks of 32 hidden units on the small digits, 400 steps. What the first two add depends on each other
//! (cosine distance 0.4 to 0.6), what the others add hardly does (0.11 to 0.23). Test accuracy with seeds 11 to 14:
//!
//! | | |
//! | --- | --- |
//! | whole | 0.972 0.972 0.983 0.981 |
//! | fused where the distance is at most 0.25: four or five of six | 0.842 0.872 0.944 0.900 |
//! | the same, 100 steps later | 0.981 0.964 0.978 0.978 |
//! | all six fused | 0.603 0.447 0.294 0.306 |
//! | four of six removed | 0.711 0.614 0.658 0.661 |
//!
//! On the card's own seeds fused layers have 0.869 0.683 0.933 and removed ones 0.558 0.711 0.597: on the second, removing
//! is better, so that the card compares with fusing all alone.

use super::networks::{past, rectified};
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, span};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "ffn-fusion",
        name: "FFN Fusion: Rethinking Sequential Computation in Large Language Models",
        help: "Layers that hardly depend on each other become one wide layer: a little training brings back what is lost.",
        source: "Bercovich et al. 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "The span: what waited for each other is done at once.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("fused"), accuracy("all fused"), 0.1),
    beside(accuracy("fused, trained on"), accuracy("whole"), -0.03),
    below(span("fused, trained on"), 0.7, span("whole")),
];

fn runs() -> Vec<Run> {
    let run = |name, then| Run { then, ..Run::of(name, residuals(6), 400) };
    let fused = |dependency: f64, steps| vec![(Choice::new("ffn-fusion").with("dependency", dependency), steps)];
    let removed = Choice::new("multi-pruner").with("remove", 0.57).with("blocks", 1.0);
    vec![
        run("whole", Vec::new()),
        run("fused", fused(0.25, 0)),
        run("fused, trained on", fused(0.25, 100)),
        run("all fused", fused(2.0, 0)),
        run("removed", vec![(removed, 0)]),
    ]
}

/// So many residual feed-forward blocks of 32 hidden units on the small digits, brought to 32 features.
pub(super) fn residuals(blocks: usize) -> Spec {
    let linear = || BlockSpec::new("linear").with("units", 32);
    let norm = || BlockSpec::new("layer-norm");
    let block = past([vec![norm()], rectified(32).to_vec(), vec![linear()]].concat());
    let stage = [vec![linear()], vec![block; blocks], vec![norm()]].concat();
    Spec::new(Choice::new("digits"), vec![stage, vec![BlockSpec::new("linear")]])
}
