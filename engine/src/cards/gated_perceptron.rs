//! One weight more, for the product of the inputs, and a single layer tells XOR: "More Consideration for the Perceptron".
//!
//! Test accuracy on seeds 11 and 12: 0.980 and 0.990 with the product, 0.505 and 0.630 without.

use super::{Card, Claim, QUICK, Relation, Run, accuracy, at_least};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "gated-perceptron",
        name: "More Consideration for the Perceptron",
        help: "A perceptron with one weight more, for the product of its inputs, solves XOR without a hidden layer.",
        source: "\"More Consideration for the Perceptron\"",
    },
    runs,
    claims: &CLAIMS,
    watch: "The border between the classes: a hyperbola, where the perceptron has a straight line.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    at_least(accuracy("with the product"), 0.95),
    Claim { figure: accuracy("sums alone"), relation: Relation::Below, factor: 0.0, other: None, offset: 0.8 },
];

fn runs() -> Vec<Run> {
    let run = |name, block| {
        let spec = Spec { rate: 0.03, ..Spec::new(Choice::new("xor"), vec![vec![BlockSpec::new(block)]]) };
        Run::of(name, spec, 300)
    };
    vec![run("with the product", "gated-perceptron"), run("sums alone", "linear")]
}
