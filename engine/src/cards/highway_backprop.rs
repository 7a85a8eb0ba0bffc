//! A few rounds along the residual path do for most of backpropagation: Fagnou et al. 2025.

use super::{Card, Claim, Relation, Run, accuracy, beside, span};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "highway-backprop",
        name: "Highway backpropagation",
        help: "In a residual network two rounds of errors, all stages at once, teach like a full backward pass.",
        source: "Fagnou, Caillon, Delattre and Allauzen 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "The cosine with backprop's gradient is lowest at the first stages, and rises with each round.",
    seconds: 20,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("two rounds"), accuracy("backprop"), -0.02),
    Claim {
        figure: span("two rounds"),
        relation: Relation::Below,
        factor: 0.8,
        other: Some(span("backprop")),
        offset: 0.0,
    },
];

/// One-dimensional digits, a layer of 64 units and seven more that each add to it.
fn run(name: &'static str, rule: Choice) -> Run {
    let layer = || vec![BlockSpec::new("linear").with("units", 64), BlockSpec::new("activation")];
    let mut stages = vec![layer()];
    stages.extend((0..7).map(|_| vec![BlockSpec::new("residual").holding(layer())]));
    stages.push(vec![BlockSpec::new("linear")]);
    Run { name, spec: Spec { rule, ..Spec::new(Choice::new("mnist1d"), stages) }, steps: 600, then: Vec::new() }
}

fn runs() -> Vec<Run> {
    vec![run("backprop", Choice::new("backprop")), run("two rounds", Choice::new("highway-backprop"))]
}
