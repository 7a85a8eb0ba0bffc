//! A feed-forward layer is a mixture of experts already: Zhang et al. 2022.

use super::{Card, Claim, QUICK, Run, accuracy, beside};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "moefication",
        name: "Experts in a trained layer",
        help: "Divided into experts, a trained layer answers as before with all of them, and well with some.",
        source: "Zhang et al. 2022",
    },
    runs,
    claims: &CLAIMS,
    watch: "The shares of the experts: how often each is among those of which most is expected.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("all"), accuracy("whole"), 0.0),
    beside(accuracy("half, best choice"), accuracy("whole"), -0.05),
    beside(accuracy("half, learned router"), accuracy("whole"), -0.1),
];

fn runs() -> Vec<Run> {
    let stage =
        vec![BlockSpec::new("linear").with("units", 128), BlockSpec::new("activation"), BlockSpec::new("linear")];
    let run = |name, then: Vec<Choice>| {
        let spec = Spec::new(Choice::new("digits"), vec![stage.clone()]);
        Run { name, spec, steps: 600, then: then.into_iter().map(|by| (by, 0)).collect() }
    };
    let divided = |active: i64, score: &str| {
        let by = Choice::new("moefication").with("experts", 8).with("split", "random");
        vec![by.with("active", active).with("score", score)]
    };
    vec![
        run("whole", Vec::new()),
        run("all", divided(8, "similarity")),
        run("half, best choice", divided(4, "activations")),
        run("half, learned router", divided(4, "mlp")),
    ]
}
