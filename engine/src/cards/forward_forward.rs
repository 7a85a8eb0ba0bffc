//! Two forward passes in the place of a backward one: Hinton 2022.

use super::{Card, Claim, Form, QUICK, Run, accuracy, at_least, digits, layers, mnist};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "forward-forward",
        name: "The forward-forward algorithm",
        help: "Three layers learn alone to tell true labels from wrong ones, with no error ever travelling back.",
        source: "Hinton 2022",
    },
    runs,
    claims: &CLAIMS,
    watch: "The test accuracy climbs later than backpropagation's, and no stage's update waits for another's.",
    seconds: 600,
    quick: Some(Form { runs: short, claims: &SHORT, seconds: QUICK }),
};

static CLAIMS: [Claim; 1] = [at_least(accuracy("forward-forward"), 0.93)];

fn runs() -> Vec<Run> {
    let spec = mnist(layers(&[500, 500, 500]), "forward-forward");
    vec![Run { name: "forward-forward", spec, steps: 2000, then: Vec::new() }]
}

static SHORT: [Claim; 1] = [at_least(accuracy("forward-forward"), 0.9)];

fn short() -> Vec<Run> {
    vec![Run {
        name: "forward-forward",
        spec: Spec { stages: layers(&[128, 128, 128]), ..digits(Choice::new("forward-forward")) },
        steps: 600,
        then: Vec::new(),
    }]
}
