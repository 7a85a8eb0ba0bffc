//! Few layers of attention, and those early, are enough: PAR, Mandava, Migacz and Florea 2020.
//!
//! Eight layers on the small digits in sixteen squares, feed-forward layers as wide as their input, so that attention is
//! most of the work, as it is for the paper's long texts. 300 steps, seeds 11, 12 and 13:
//!
//! | order | work of a step | memory | test accuracy |
//! | --- | --- | --- | --- |
//! | sfsfffff | 22.8 M | 2.0 MB | 0.972, 0.967, 0.964 |
//! | sfsfsfsf | 30.0 M | 2.7 MB | 0.961, 0.958, 0.958 |
//!
//! Feed-forward layers of twice that width save a tenth of the work. Where the mean of the squares is read out in the
//! place of all of them, the interleaved order is the better one: 0.881 and 0.833 against 0.831 and 0.814.

use super::networks::squares;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, memory, work};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "pay-attention-when-required",
        name: "Pay Attention when Required",
        help: "Two layers of attention at the beginning do as well as four among the same number of layers, for less work.",
        source: "Mandava, Migacz and Florea 2020",
    },
    runs,
    claims: &CLAIMS,
    watch: "Work and memory, of which attention takes more than its share.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("two early"), accuracy("every second"), -0.02),
    below(work("two early"), 0.8, work("every second")),
    below(memory("two early"), 0.8, memory("every second")),
];

fn runs() -> Vec<Run> {
    let run = |name, order| {
        let stack = BlockSpec::new("transformer").with("order", order).with("expand", 1);
        Run::of(name, squares(vec![stack, BlockSpec::new("layer-norm"), BlockSpec::new("flatten")]), 300)
    };
    vec![run("two early", "sfsfffff"), run("every second", "sfsfsfsf")]
}
