//! A recurrence without a bend remembers as well as a GRU, and need not wait: the LRU, Orvieto et al. 2023.
//!
//! A value stands behind a mark somewhere in a row of 48 symbols; at the end it is asked for, one of eight. 300 steps,
//! worst and best of seeds 11 to 18:
//!
//! | | parameters | work of a step | span | memory | test accuracy |
//! | --- | --- | --- | --- | --- | --- |
//! | linear | 1,016 | 9.4 M | 137 | 3.3 MB | 1.000, 1.000 |
//! | GRU | 2,088 | 17.4 M | 1,423 | 1.7 MB | 1.000, 1.000 |
//! | attention | 1,544 | 30.4 M | 159 | 5.4 MB | 1.000, 1.000 |
//!
//! What is linear can be composed: after six doublings every place has met all before it, where the GRU takes 48 steps
//! in a row. The form is that of Griffin (De et al. 2024) and TRecViT (Pătrăucean et al. 2024): a gate lets the input
//! decide how fast a channel fades. What it cannot do is count: see the card on DeltaProduct.

use super::networks::{needle, past};
use super::{Card, Claim, QUICK, Run, accuracy, at_least, below, span, work};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "linear-recurrence",
        name: "Resurrecting Recurrent Neural Networks for Long Sequences",
        help: "A linear recurrence remembers over 48 places in a tenth of the waiting steps of a GRU.",
        source: "Orvieto et al. 2023; with gates: De et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The span, which grows with the logarithm of the length; and work beside attention's, which grows with its square.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 5] = [
    at_least(accuracy("linear"), 0.95),
    at_least(accuracy("GRU"), 0.95),
    at_least(accuracy("attention"), 0.95),
    below(span("linear"), 0.12, span("GRU")),
    below(work("linear"), 0.4, work("attention")),
];

fn runs() -> Vec<Run> {
    let run = |name, layer| Run::of(name, needle(48, layer), 300);
    vec![
        run("linear", BlockSpec::new("lru")),
        run("GRU", BlockSpec::new("gru").with("units", 16)),
        run("attention", past(vec![BlockSpec::new("attention").with("mask", "causal")])),
    ]
}
