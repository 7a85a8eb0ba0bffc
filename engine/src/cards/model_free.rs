//! Training around boxes that nobody can differentiate: Momeni, Rahmani, Malléjac, del Hougne and Fleury 2023.

use super::{Card, Claim, QUICK, Run, accuracy, at_least, beside, digits};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "model-free-forward-forward",
        name: "Physical networks without backpropagation",
        help: "Linear maps between black boxes learn digits from goodness alone; no box is opened, changed or differentiated.",
        source: "Momeni, Rahmani, Malléjac, del Hougne and Fleury 2023",
    },
    runs,
    claims: &CLAIMS,
    watch: "The goodness of true labels parts from that of wrong ones at each stage, whatever the boxes do.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] =
    [at_least(accuracy("model-free"), 0.9), beside(accuracy("model-free"), accuracy("last stage only"), 0.08)];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: digits(Choice::new(rule)), steps: 600, then: Vec::new() };
    vec![run("model-free", "model-free-forward-forward"), run("last stage only", "shallow")]
}
