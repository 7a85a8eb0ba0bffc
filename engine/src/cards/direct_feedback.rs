//! Direct feedback alignment reads digits nearly as well as backpropagation: Nøkland 2016.

use super::{Card, Claim, Form, QUICK, Run, accuracy, at_least, digits, layers, mnist};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "direct-feedback-alignment",
        name: "Direct feedback alignment",
        help: "Random feedback straight from the output teaches hidden layers that never see a true gradient.",
        source: "Nøkland 2016",
    },
    runs,
    claims: &CLAIMS,
    watch: "The cosine between its updates and the gradient rises from about 0 as the weights align with the feedback.",
    seconds: 120,
    quick: Some(Form { runs: short, claims: &SHORT, seconds: QUICK }),
};

static CLAIMS: [Claim; 1] = [at_least(accuracy("direct feedback"), 0.94)];

fn runs() -> Vec<Run> {
    let spec = mnist(layers(&[256, 256]), "direct-feedback-alignment");
    vec![Run { name: "direct feedback", spec, steps: 2000, then: Vec::new() }]
}

static SHORT: [Claim; 1] = [at_least(accuracy("direct feedback"), 0.94)];

fn short() -> Vec<Run> {
    vec![Run {
        name: "direct feedback",
        spec: digits(Choice::new("direct-feedback-alignment")),
        steps: 600,
        then: Vec::new(),
    }]
}
