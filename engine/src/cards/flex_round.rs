//! Rounding that is learned loses less than rounding to nearest: Lee et al. 2023.

use super::{Card, Claim, QUICK, Run, accuracy, beside, digits};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "flex-round",
        name: "Two bits a weight",
        help: "A trained network whose weights may have four values alone keeps its accuracy, where rounding is learned.",
        source: "Lee et al. 2023",
    },
    runs,
    claims: &CLAIMS,
    watch: "The histogram of the weights: before a bell, afterwards four columns.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] =
    [beside(accuracy("learned"), accuracy("to nearest"), 0.0), beside(accuracy("learned"), accuracy("whole"), -0.03)];

fn runs() -> Vec<Run> {
    let run = |name, then| Run { name, spec: digits(Choice::new("backprop")), steps: 600, then };
    let round = |steps: i64| vec![(Choice::new("flex-round").with("bits", 2).with("steps", steps), 0)];
    vec![run("whole", Vec::new()), run("to nearest", round(0)), run("learned", round(600))]
}
