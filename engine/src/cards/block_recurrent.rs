//! A few vectors carried from block to block remember what attention's window no longer sees: Block-Recurrent
//! Transformers, Hutchins et al. 2022.
//!
//! A value stands behind a mark somewhere in a row of 24 symbols; at the end it is asked for, one of eight. One layer
//! that looks four places back, 300 steps, worst and best of seeds 11 to 18:
//!
//! | | work of a step | span | test accuracy |
//! | --- | --- | --- | --- |
//! | four vectors beside the window | 28.1 M | 658 | 1.000, 1.000 |
//! | window alone | 20.8 M | 257 | 0.181, 0.313 |
//!
//! Either gate of the paper's does it. Attention that sees the whole row does, too, but its work grows with the square
//! of the length. The memory is paid for in steps that wait for each other: blocks are read one after the other.

use super::networks::needle;
use super::{Card, Claim, QUICK, Run, accuracy, at_least, below, beside, span};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "block-recurrent",
        name: "Block-Recurrent Transformers",
        help: "Four vectors handed on from block to block remember what lies behind the window of attention.",
        source: "Hutchins, Schlag, Wu, Dyer and Neyshabur 2022",
    },
    runs,
    claims: &CLAIMS,
    watch: "The maps of attention end at the window; the accuracy with states leaps all the same.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    at_least(accuracy("states"), 0.9),
    beside(accuracy("states"), accuracy("window alone"), 0.4),
    below(span("window alone"), 0.6, span("states")),
];

fn runs() -> Vec<Run> {
    let window = BlockSpec::new("transformer").with("mask", "causal-window");
    let run = |name, layer| Run::of(name, needle(24, layer), 300);
    vec![run("states", BlockSpec::new("block-recurrent")), run("window alone", window)]
}
