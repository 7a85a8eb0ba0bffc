//! Soft competition finds features without error or label: Journé et al. 2023.

use super::{Card, Claim, Form, QUICK, Relation, Run, accuracy, digits, layers, mnist};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "soft-hebb",
        name: "Hebbian learning without feedback",
        help: "A layer of softly competing units that never sees a label gives the read-out better features than random ones.",
        source: "Journé et al. 2023",
    },
    runs,
    claims: &CLAIMS,
    watch: "The mean length of the weights goes to 1, and the first layer's weights turn into pieces of digits.",
    seconds: 120,
    quick: Some(Form { runs: short, claims: &SHORT, seconds: QUICK }),
};

static CLAIMS: [Claim; 2] = [above("random features", 0.01), below_backprop()];

/// The small digits, 360 to test on, tell that it is better, and hardly by how much: 0.8 to 2.2 points with these seeds.
static SHORT: [Claim; 1] = [above("random features", 0.0)];

const fn above(other: &'static str, offset: f64) -> Claim {
    let (figure, other) = (accuracy("soft hebb"), Some(accuracy(other)));
    Claim { figure, relation: Relation::AtLeast, factor: 1.0, other, offset }
}

/// In a layer of this size it does not reach backpropagation.
const fn below_backprop() -> Claim {
    let (figure, other) = (accuracy("soft hebb"), Some(accuracy("backprop")));
    Claim { figure, relation: Relation::Below, factor: 1.0, other, offset: -0.02 }
}

/// At rate 0 the units keep their first, random weights.
fn rules() -> [(&'static str, Choice); 3] {
    [
        ("backprop", Choice::new("backprop")),
        ("random features", Choice::new("soft-hebb").with("rate", 0.0)),
        ("soft hebb", Choice::new("soft-hebb")),
    ]
}

fn runs() -> Vec<Run> {
    let run = |(name, rule)| Run {
        name,
        spec: Spec { rule, ..mnist(layers(&[200]), "backprop") },
        steps: 1000,
        then: Vec::new(),
    };
    rules().map(run).to_vec()
}

fn short() -> Vec<Run> {
    let run =
        |(name, rule)| Run { name, spec: Spec { stages: layers(&[64]), ..digits(rule) }, steps: 600, then: Vec::new() };
    rules().map(run).to_vec()
}
