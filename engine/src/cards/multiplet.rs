//! Neurons that take means in the place of sums tell XOR by two means of the same inputs: "An Informal Introduction to
//! Multiplet Neural Networks".
//!
//! The difference of a mean near the greatest input and one near the smallest is small where the inputs are alike. Test
//! accuracy on seeds 11 and 12: 0.885 and 0.875 with two exponents, 0.580 and 0.605 with one; four gave no more. It is no
//! full solution: the inputs are made positive by softplus, and between two inputs of opposite sign but little apart and
//! two of the same sign no straight line in the plane of the two means runs.

use super::{Card, Claim, QUICK, Run, accuracy, at_least, beside};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "multiplet",
        name: "An Informal Introduction to Multiplet Neural Networks",
        help: "One neuron that gives two means of its inputs, of different exponents, parts XOR; one with one mean cannot.",
        source: "\"An Informal Introduction to Multiplet Neural Networks\"",
    },
    runs,
    claims: &CLAIMS,
    watch: "The two exponents drift apart: one mean goes to the greater input, the other to the smaller.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] =
    [at_least(accuracy("two means"), 0.8), beside(accuracy("two means"), accuracy("one mean"), 0.15)];

fn runs() -> Vec<Run> {
    let run = |name, exponents: i64| {
        let neuron = BlockSpec::new("multiplet").with("units", 1).with("exponents", exponents);
        let stages = vec![vec![neuron], vec![BlockSpec::new("linear")]];
        Run::of(name, Spec { rate: 0.03, ..Spec::new(Choice::new("xor"), stages) }, 600)
    };
    vec![run("two means", 2), run("one mean", 1)]
}
