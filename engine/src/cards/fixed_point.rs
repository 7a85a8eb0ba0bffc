//! Weights of few bits that learn from the sign of a difference: Feng, Zhuo, Zhang, Ramakrishnan, Yuan and Li 2024.
//!
//! The paper fine-tunes large trained networks, where little is left to learn. From scratch, as here, is not its use: all
//! runs stay far below backpropagation. Fixed point has the rate, of 0.001, 0.003, 0.01, 0.03 and 0.1, that did best on seeds
//! 11–13 with 16 and with 8 bits, floating point that of 0.3, 1, 3 and 10.

use super::{Card, Claim, QUICK, Run, accuracy, beside, digits};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "fixed-point-forward-gradient",
        name: "Stepping forward on the last mile",
        help: "Sixteen bits a weight and the signs of loss differences teach what floating point does with as many tries; eight bits lose much.",
        source: "Feng, Zhuo, Zhang, Ramakrishnan, Yuan and Li 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The distribution of the weights on their grid, which spreads out as they learn.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("16 bits"), accuracy("floating point"), -0.03),
    beside(accuracy("16 bits"), accuracy("8 bits"), 0.04),
    beside(accuracy("16 bits"), accuracy("last stage only"), 0.02),
];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: digits(rule), steps: 1000, then: Vec::new() };
    let fixed = || Choice::new("fixed-point-forward-gradient").with("rate", 0.01);
    vec![
        run("16 bits", fixed()),
        run("8 bits", fixed().with("bits", 8)),
        run("floating point", Choice::new("weight-perturbation").with("directions", 3).with("rate", 1.0)),
        run("last stage only", Choice::new("shallow")),
    ]
}
