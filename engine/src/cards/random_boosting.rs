//! Random stages, one upon the other, with solved maps between them: Zozoulenko, Cass and Gonon 2025.
//!
//! The claim is about the small digits. On one-dimensional digits boosting does not pay: on seeds 11–13 three stages of
//! 256 features read 44 to 49 % of the signals, a single random layer of 768 features 49 to 50 %, and backpropagation
//! 61 %. Nor does it on points in the plane, where the paper has rings: rectified features drawn without biases, as the
//! stages' are, add up to a straight line along each ray, and two spirals are read to 60 to 67 %.

use super::{Card, Claim, QUICK, Run, accuracy, beside, digits, layers};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "random-feature-boosting",
        name: "Random feature representation boosting",
        help: "Three random stages joined by solved maps beat one, and as many random features at once, and descend nothing.",
        source: "Zozoulenko, Cass and Gonon 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "The error left falls from stage to stage.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("three stages"), accuracy("one stage"), 0.0),
    beside(accuracy("three stages"), accuracy("as many features at once"), 0.0),
    beside(accuracy("three stages"), accuracy("backprop"), -0.01),
];

fn runs() -> Vec<Run> {
    let run = |name, stages, rule| Run { name, spec: Spec { stages, ..digits(rule) }, steps: 300, then: Vec::new() };
    let boosting = || Choice::new("random-feature-boosting");
    vec![
        run("one stage", layers(&[256]), boosting()),
        run("three stages", layers(&[256; 3]), boosting()),
        run("as many features at once", layers(&[256]), Choice::new("random-features").with("features", 768)),
        run("backprop", layers(&[256; 3]), Choice::new("backprop")),
    ]
}
