//! Fixed random feedback teaches hidden layers: Lillicrap et al. 2016.

use super::{Card, Claim, QUICK, Run, accuracy, beside, digits};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "feedback-alignment",
        name: "Feedback alignment",
        help: "Errors that come back through fixed random weights teach two hidden layers nearly as well as exact ones.",
        source: "Lillicrap, Cownden, Tweed and Akerman 2016",
    },
    runs,
    claims: &CLAIMS,
    watch: "The forward weights turn towards the feedback that teaches them: their alignment rises from 0.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("feedback alignment"), accuracy("backprop"), -0.03),
    beside(accuracy("feedback alignment"), accuracy("last stage only"), 0.08),
];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: digits(Choice::new(rule)), steps: 1000, then: Vec::new() };
    vec![
        run("backprop", "backprop"),
        run("feedback alignment", "feedback-alignment"),
        run("last stage only", "shallow"),
    ]
}
