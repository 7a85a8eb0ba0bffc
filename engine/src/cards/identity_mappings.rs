//! A way past that changes nothing lets eighty layers learn: He, Zhang, Ren and Sun 2016.
//!
//! With a shortcut that multiplies by λ, the gradient of the first of n layers holds the factor λⁿ. Test accuracy after
//! 200 steps, seeds 11 and 12:
//!
//! | shortcut | 40 layers | 80 layers |
//! | --- | --- | --- |
//! | identity | 0.964, 0.967 | 0.961, 0.972 |
//! | 0.9 x | 0.928, 0.919 | 0.783, 0.664 |
//! | x W | 0.953, 0.714 | 0.514, 0.486 |
//! | (1 − g) x + f(x), g small | 0.919, 0.939 | 0.464, 0.478 |
//! | 0.5 x | 0.161, 0.128 | 0.122, 0.108 |
//! | dropout of x | 0.100, 0.086 | 0.128, 0.103 |
//!
//! Two of the paper's losers do not lose here: the exclusive gate that begins nearly closed (0.969, 0.972 at 80 layers),
//! and a rectifier after the addition (0.961, 0.969).

use super::networks::past;
use super::{Card, Claim, Form, QUICK, Run, accuracy, at_least, beside};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "identity-mappings",
        name: "Identity Mappings in Deep Residual Networks",
        help: "Eighty layers learn if the way past each leaves its input as it is, and do not if it scales or turns it.",
        source: "He, Zhang, Ren and Sun 2016",
    },
    runs,
    claims: &CLAIMS,
    watch: "The norms of the gradients from the first layer to the last: level with the identity, a steep slope without.",
    seconds: 60,
    quick: Some(Form { runs: quick, claims: &SHORT, seconds: QUICK }),
};

static CLAIMS: [Claim; 4] = [
    at_least(accuracy("identity"), 0.93),
    beside(accuracy("identity"), accuracy("nine tenths"), 0.05),
    beside(accuracy("identity"), accuracy("projection"), 0.1),
    beside(accuracy("identity"), accuracy("half"), 0.6),
];

static SHORT: [Claim; 3] = [
    at_least(accuracy("identity"), 0.93),
    beside(accuracy("identity"), accuracy("nine tenths"), 0.0),
    beside(accuracy("identity"), accuracy("half"), 0.6),
];

fn runs() -> Vec<Run> {
    all(80)
}

fn quick() -> Vec<Run> {
    all(40).into_iter().filter(|run| run.name != "projection").collect()
}

fn all(layers: usize) -> Vec<Run> {
    let shortcuts = [
        ("identity", past(vec![])),
        ("nine tenths", past(vec![]).with("shortcut", "scale").with("scale", 0.9)),
        ("projection", past(vec![]).with("shortcut", "projection")),
        ("half", past(vec![]).with("shortcut", "scale")),
    ];
    shortcuts.map(|(name, shortcut)| Run::of(name, spec(shortcut, layers), 200)).into()
}

/// So many layers of 32 units, each with a norm and a rectifier before it and `shortcut` past all three.
fn spec(shortcut: BlockSpec, layers: usize) -> Spec {
    let linear = || BlockSpec::new("linear").with("units", 32);
    let bend = || vec![BlockSpec::new("batch-norm"), BlockSpec::new("activation")];
    let unit = shortcut.holding([bend(), vec![linear()]].concat());
    let stage = [vec![linear()], vec![unit; layers], bend()].concat();
    Spec { batch: 64, ..Spec::new(Choice::new("digits"), vec![stage, vec![BlockSpec::new("linear")]]) }
}
