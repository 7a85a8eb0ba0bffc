//! Local learning with fixed patterns in the place of classifiers: Apolinario, Roy and Roy 2025.

use super::{Card, Claim, Form, QUICK, Run, accuracy, beside, digits, layers, mnist};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "lls",
        name: "LLS",
        help: "Layers learn well alone from patterns that never change; at this scale random ones serve nearly as well as waves.",
        source: "Apolinario, Roy and Roy 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "Turn the basis from sine to random: what counts here is that it stays, less that it swings.",
    seconds: 240,
    quick: Some(Form { runs: short, claims: &SHORT, seconds: QUICK }),
};

static CLAIMS: [Claim; 2] =
    [beside(accuracy("sine"), accuracy("backprop"), -0.03), beside(accuracy("random"), accuracy("backprop"), -0.03)];

/// Of the small digits it is not claimed that random patterns come within three points: they do with seeds 1 and 2, while
/// seed 3 has 95.0 % against backpropagation's 98.1 %.
static SHORT: [Claim; 3] = [
    beside(accuracy("sine"), accuracy("backprop"), -0.03),
    beside(accuracy("sine"), accuracy("last stage only"), 0.08),
    beside(accuracy("random"), accuracy("last stage only"), 0.08),
];

fn runs() -> Vec<Run> {
    let run = |name, rule: Choice| {
        let spec = Spec { rule, ..mnist(layers(&[256, 256]), "lls") };
        Run { name, spec, steps: 2000, then: Vec::new() }
    };
    vec![
        run("backprop", Choice::new("backprop")),
        run("sine", Choice::new("lls")),
        run("random", Choice::new("lls").with("basis", "random")),
    ]
}

fn short() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: digits(rule), steps: 600, then: Vec::new() };
    vec![
        run("backprop", Choice::new("backprop")),
        run("sine", Choice::new("lls")),
        run("random", Choice::new("lls").with("basis", "random")),
        run("last stage only", Choice::new("shallow")),
    ]
}
