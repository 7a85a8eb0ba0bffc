//! A body that is gone through more often than in training: AbbIE, "Autoregressive Block-Based Iterative Encoder".
//!
//! A transformer's layer, and then one that is gone through twice in training. Small digits in sixteen squares, whose mean
//! is read out, 400 steps, seeds 11 and 12:
//!
//! | passes in the test | plain loop | the first input added at each pass |
//! | --- | --- | --- |
//! | 2 | 0.847, 0.833 | 0.917, 0.867 |
//! | 4 | 0.778, 0.781 | 0.872, 0.842 |
//! | 8 | 0.436, 0.550 | 0.808, 0.794 |
//!
//! The paper's network goes on getting better with more passes than it was trained for. Here it gets worse, but slowly,
//! where the plain loop breaks. Exactly how the paper joins the input and the last pass is not known to us: here they are
//! added.

use super::networks::squares;
use super::{Card, Claim, QUICK, Run, accuracy, beside};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "iterated-encoder",
        name: "AbbIE: Autoregressive Block-Based Iterative Encoder for Efficient Sequence Modeling",
        help: "A loop that is given its first input at each pass stands more passes than it was trained for.",
        source: "\"AbbIE: Autoregressive Block-Based Iterative Encoder\"",
    },
    runs,
    claims: &CLAIMS,
    watch: "Training accuracies are alike, at two passes; the test is at eight.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 1] = [beside(accuracy("input at each pass"), accuracy("plain loop"), 0.05)];

fn runs() -> Vec<Run> {
    let run = |name, inject| {
        let layer = || BlockSpec::new("transformer").with("expand", 2);
        let body = BlockSpec::new("repeat").with("test-times", 8).with("inject", inject).holding(vec![layer()]);
        let end = vec![BlockSpec::new("layer-norm"), BlockSpec::new("pool-sequence")];
        Run::of(name, squares([vec![layer(), body], end].concat()), 250)
    };
    vec![run("input at each pass", "add"), run("plain loop", "none")]
}
