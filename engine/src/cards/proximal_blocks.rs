//! A term that holds each block near where it was: Kwon and Lyu 2023.
//!
//! Without it a block jumps to whatever the batch at hand asks for, and the next batch takes it elsewhere. Of the
//! proximities 0.0001, 0.01, 0.1 and 1, the third did best for batches of 8 on seeds 11–13; for batches of 128, which say
//! enough by themselves, 0.0001 does as well as any. The paper's own task is a factorisation.

use super::{Card, Claim, QUICK, Run, accuracy, beside, digits};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "proximal-blocks",
        name: "Complexity of block coordinate descent with proximal regularization",
        help: "Solved for on a few digits at a time, layers that may not go far from where they were learn more.",
        source: "Kwon and Lyu 2023",
    },
    runs,
    claims: &CLAIMS,
    watch: "How far the weights go at each step: with the term less and less, without it as far as ever.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 1] = [beside(accuracy("near"), accuracy("anywhere"), 0.03)];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: Spec { batch: 8, ..digits(rule) }, steps: 500, then: Vec::new() };
    let blocks = || Choice::new("block-coordinate-descent");
    // Near is as near as the rule has it by default.
    vec![run("anywhere", blocks().with("proximity", 1e-4)), run("near", blocks())]
}
