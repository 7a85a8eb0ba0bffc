//! One forward pass, in which every layer scores the classes by itself: Gong, Li and Abdulla 2025.

use super::{Card, Claim, Form, QUICK, Run, accuracy, beside, digits, layers, mnist};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "mono-forward",
        name: "Mono-Forward",
        help: "Layers that each learn to tell the classes apart by a matrix of their own do it as well as together.",
        source: "Gong, Li and Abdulla 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "The first stage's own accuracy is nearly the whole network's: on easy digits later stages have little to add.",
    seconds: 180,
    quick: Some(Form { runs: short, claims: &SHORT, seconds: QUICK }),
};

static CLAIMS: [Claim; 1] = [beside(accuracy("mono-forward"), accuracy("backprop"), -0.01)];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: mnist(layers(&[256, 256]), rule), steps: 2000 };
    vec![run("backprop", "backprop"), run("mono-forward", "mono-forward")]
}

static SHORT: [Claim; 2] = [
    beside(accuracy("mono-forward"), accuracy("backprop"), -0.02),
    beside(accuracy("mono-forward"), accuracy("last stage only"), 0.08),
];

fn short() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: digits(Choice::new(rule)), steps: 600 };
    vec![run("backprop", "backprop"), run("mono-forward", "mono-forward"), run("last stage only", "shallow")]
}
