//! One weight in eight, reached by degrees: Bambhaniya et al. 2024.

use super::{Card, Claim, QUICK, Run, accuracy, beside, digits};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "nm-sparsity",
        name: "One of eight weights",
        help: "A network in which only one of every eight weights is left in the end loses little, where the others fade.",
        source: "Bambhaniya et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The loss rises while the weights fade, and falls again once they are gone.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] =
    [beside(accuracy("faded"), accuracy("whole"), -0.06), beside(accuracy("faded"), accuracy("at once"), 0.1)];

fn runs() -> Vec<Run> {
    let run = |name, then| Run { name, spec: digits(Choice::new("backprop")), steps: 600, then };
    let sparse = |when, steps| vec![(Choice::new("nm-sparsity").with("n", 1).with("m", 8).with("when", when), steps)];
    vec![run("whole", Vec::new()), run("at once", sparse("now", 0)), run("faded", sparse("gradually", 600))]
}
