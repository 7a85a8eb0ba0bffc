//! Memory by taps reaches depth by a way past its layers: Deep-FSMN, Zhang, Lei, Yan and Dai 2018.
//!
//! The paper writes down speech. Here the small digits are read as rows of sixteen squares by sixteen layers, each a
//! narrow feed-forward layer and taps on two places before and two after. 150 steps, seeds 11 and 12:
//!
//! | | loss in training | test accuracy |
//! | --- | --- | --- |
//! | with a way past | 0.110, 0.076 | 0.939, 0.950 |
//! | without | 0.190, 0.196 | 0.906, 0.933 |
//!
//! With two layers, and with eight after 300 steps, both do as well, 0.967 to 0.986.

use super::networks::{past, rectified, squares};
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, loss};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "deep-fsmn",
        name: "Deep-FSMN for Large Vocabulary Continuous Speech Recognition",
        help: "Sixteen layers with taps along the sequence learn sooner with a way past each of them.",
        source: "Zhang, Lei, Yan and Dai 2018",
    },
    runs,
    claims: &CLAIMS,
    watch: "The norms of the gradients from the first layer to the last.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    below(loss("with a way past"), 1.0, loss("without")),
    beside(accuracy("with a way past"), accuracy("without"), -0.02),
];

fn runs() -> Vec<Run> {
    let run = |name, skips: bool| {
        let taps = BlockSpec::new("fsmn").with("lookback", 2).with("lookahead", 2);
        let layer = [rectified(32).to_vec(), vec![BlockSpec::new("linear").with("units", 16), taps]].concat();
        let layer = if skips { vec![past(layer)] } else { layer };
        let end = vec![BlockSpec::new("layer-norm"), BlockSpec::new("flatten")];
        Run::of(name, squares([vec![layer; 16].concat(), end].concat()), 150)
    };
    vec![run("with a way past", true), run("without", false)]
}
