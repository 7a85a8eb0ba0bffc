//! Backpropagation, the measure of all others: Rumelhart, Hinton and Williams 1986.

use super::{Card, Claim, Form, QUICK, Run, accuracy, at_least, digits, layers, mnist};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "backprop",
        name: "Backpropagation",
        help: "Errors carried back exactly teach two hidden layers to read handwritten digits.",
        source: "Rumelhart, Hinton and Williams 1986",
    },
    runs,
    claims: &CLAIMS,
    watch: "Training accuracy reaches 1 long before the end; the gap to the test accuracy is what it cannot know.",
    seconds: 120,
    quick: Some(Form { runs: short, claims: &SHORT, seconds: QUICK }),
};

static CLAIMS: [Claim; 1] = [at_least(accuracy("backprop"), 0.955)];

fn runs() -> Vec<Run> {
    vec![Run { name: "backprop", spec: mnist(layers(&[256, 256]), "backprop"), steps: 2000, then: Vec::new() }]
}

static SHORT: [Claim; 1] = [at_least(accuracy("backprop"), 0.955)];

fn short() -> Vec<Run> {
    vec![Run { name: "backprop", spec: digits(Choice::new("backprop")), steps: 600, then: Vec::new() }]
}
