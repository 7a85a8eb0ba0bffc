//! Predictive coding without phases: Salvatori et al. 2024.

use super::{Card, Claim, Form, QUICK, Relation, Run, accuracy, digits, layers, mnist, work};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "incremental-predictive-coding",
        name: "Incremental predictive coding",
        help: "Activities and weights that move together read digits about as well as backpropagation, without waiting for each other.",
        source: "Salvatori et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The energy stands at the output alone when a batch begins, and spreads down the stages step by step.",
    seconds: 300,
    quick: Some(Form { runs: short, claims: &SHORT, seconds: QUICK }),
};

static CLAIMS: [Claim; 3] = [near("predictive coding", -0.01), near("incremental", -0.02), CHEAPER];

/// The small digits have 360 to test on, 0.3 points each.
static SHORT: [Claim; 3] = [near("predictive coding", -0.02), near("incremental", -0.02), CHEAPER];

/// A step of the incremental form is one iteration; the other's settles first.
const CHEAPER: Claim = Claim {
    figure: work("incremental"),
    relation: Relation::Below,
    factor: 0.3,
    other: Some(work("predictive coding")),
    offset: 0.0,
};

const fn near(run: &'static str, offset: f64) -> Claim {
    let (figure, other) = (accuracy(run), Some(accuracy("backprop")));
    Claim { figure, relation: Relation::AtLeast, factor: 1.0, other, offset }
}

const RULES: [(&str, &str); 3] = [
    ("backprop", "backprop"),
    ("predictive coding", "predictive-coding"),
    ("incremental", "incremental-predictive-coding"),
];

fn runs() -> Vec<Run> {
    RULES
        .map(|(name, rule)| Run { name, spec: mnist(layers(&[256, 256]), rule), steps: 2000, then: Vec::new() })
        .to_vec()
}

fn short() -> Vec<Run> {
    RULES.map(|(name, rule)| Run { name, spec: digits(Choice::new(rule)), steps: 600, then: Vec::new() }).to_vec()
}
