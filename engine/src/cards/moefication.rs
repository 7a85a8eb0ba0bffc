//! A feed-forward layer is a mixture of experts already: Zhang et al. 2022.
//!
//! The layer is split at random: of an ordinary layer's neurons more than half are active (0.7 here), and then experts of
//! like neurons lack variety. That co-activation is the better split holds where few neurons are active.

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
    beside(accuracy("six of eight, best choice"), accuracy("whole"), -0.05),
    beside(accuracy("six of eight, learned router"), accuracy("whole"), -0.05),
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
        run("six of eight, best choice", divided(6, "activations")),
        run("six of eight, learned router", divided(6, "mlp")),
    ]
}
