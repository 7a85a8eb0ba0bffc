//! One feed-forward layer for all blocks loses little: Pires, Lopes, Assogba and Setiawan 2023.
//!
//! Three blocks of attention and feed-forward on the small digits in sixteen squares, 300 steps, seeds 11, 12 and 13:
//!
//! | feed-forward layers | parameters | test accuracy |
//! | --- | --- | --- |
//! | one of 32 units for each block | 9,610 | 0.964, 0.975, 0.978 |
//! | the same for all | 7,402 | 0.958, 0.975, 0.972 |
//! | the same for all, 96 units | 9,514 | 0.961, 0.961, 0.964 |
//!
//! The paper's gain by the wide one, which has as many weights as the separate ones had, is in translation with an
//! encoder and a decoder. It does not show here: the wide one is no better, for 1.7 times the work.

use super::networks::{past, rectified, squares};
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "one-wide-ffn",
        name: "One Wide Feedforward is All You Need",
        help: "One feed-forward layer for all blocks of a transformer answers nearly as well as one for each.",
        source: "Pires, Lopes, Assogba and Setiawan 2023",
    },
    runs,
    claims: &CLAIMS,
    watch: "The parameters; the accuracies stay within a digit or two of each other.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] =
    [beside(accuracy("shared"), accuracy("one each"), -0.02), below(parameters("shared"), 0.8, parameters("one each"))];

fn runs() -> Vec<Run> {
    vec![run("one each", false), run("shared", true)]
}

fn run(name: &'static str, shared: bool) -> Run {
    let norm = || BlockSpec::new("layer-norm");
    let attention = past(vec![norm(), BlockSpec::new("attention")]);
    let last = BlockSpec::new("linear").with("units", 16);
    let forward = past([vec![norm()], rectified(32).to_vec(), vec![last]].concat());
    let forward = if shared { BlockSpec::new("shared").holding(vec![forward]) } else { forward };
    let blocks = vec![vec![attention, forward]; 3].concat();
    Run::of(name, squares([blocks, vec![norm(), BlockSpec::new("flatten")]].concat()), 300)
}
