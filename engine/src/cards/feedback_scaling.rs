//! Direct feedback costs less than backpropagation and is not worth it: Filipovich, Cappelli, Hesslow and Launay 2022.
//!
//! The paper draws loss against compute for transformers of many sizes. Here stand four layers of three widths. Of the
//! three passes of a step of backpropagation, direct feedback is charged one: it has three times the steps, as if both of
//! the others were free. Of the rates 0.001, 0.003, 0.01 and 0.03, both did best with the third on seeds 11–13.

use super::{Card, Claim, QUICK, Run, accuracy, beside, deep, layers};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "direct-feedback-scaling",
        name: "Scaling laws beyond backpropagation",
        help: "Even if its way back cost nothing, direct feedback would learn less for the same work, at every width.",
        source: "Filipovich, Cappelli, Hesslow and Launay 2022",
    },
    runs,
    claims: &CLAIMS,
    watch: "A race over operations instead of steps: the curves of the two do not cross.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    beside(accuracy("backprop, 32 units"), accuracy("direct feedback, 32 units"), 0.02),
    beside(accuracy("backprop, 64 units"), accuracy("direct feedback, 64 units"), 0.02),
    beside(accuracy("backprop, 128 units"), accuracy("direct feedback, 128 units"), 0.02),
    beside(accuracy("backprop, 64 units"), accuracy("direct feedback, 128 units"), 0.0),
];

fn runs() -> Vec<Run> {
    let pairs = [
        pair(["backprop, 32 units", "direct feedback, 32 units"], 32),
        pair(["backprop, 64 units", "direct feedback, 64 units"], 64),
        pair(["backprop, 128 units", "direct feedback, 128 units"], 128),
    ];
    pairs.into_iter().flatten().collect()
}

/// Backpropagation, and direct feedback for three times as long.
fn pair([chain, direct]: [&'static str; 2], units: i64) -> [Run; 2] {
    let run = |name, rule, steps| {
        let spec = Spec { stages: layers(&[units; 4]), rate: 0.01, ..deep(Choice::new(rule)) };
        Run { name, spec, steps, then: Vec::new() }
    };
    [run(chain, "backprop", 300), run(direct, "direct-feedback-alignment", 900)]
}
