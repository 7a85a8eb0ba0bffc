//! Blocks that learn to denoise the label, each alone, answer nearly as well as backpropagation: Li, Teh and Pascanu 2025.

use super::{Card, Claim, Form, Run, accuracy, beside, digits, layers, mnist};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "noprop",
        name: "NoProp",
        help: "Stages that never exchange a gradient, each denoising the label for itself, read digits like a trained network.",
        source: "Li, Teh and Pascanu 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "Right along the chain: the first stage alone answers well, since each sees the input; the later ones add little.",
    seconds: 240,
    quick: Some(Form { runs: quick, claims: &CLAIMS, seconds: 20 }),
};

static CLAIMS: [Claim; 1] = [beside(accuracy("noprop"), accuracy("backprop"), -0.03)];

fn runs() -> Vec<Run> {
    ["backprop", "noprop"]
        .map(|rule| Run { name: rule, spec: mnist(layers(&[256, 256]), rule), steps: 2000, then: Vec::new() })
        .into()
}

fn quick() -> Vec<Run> {
    ["backprop", "noprop"]
        .map(|rule| Run { name: rule, spec: digits(Choice::new(rule)), steps: 500, then: Vec::new() })
        .into()
}
