//! Without inhibition a network can only rise with its inputs: "Why do networks have inhibitory/negative connections?".
//!
//! Layers of non-negative weights and of curves that do not fall make a function that does not fall in any input. It ends
//! in one unit: two classes' sums, read out each by itself, would differ freely. Test accuracy on seeds 11 and 12:
//!
//! | | XOR | circle |
//! | --- | --- | --- |
//! | all weights positive | 0.725, 0.665 | 0.760, 0.695 |
//! | half of the inputs of each layer inhibit | 0.995, 0.995 | 1.000, 1.000 |

use super::{Card, Claim, QUICK, Relation, Run, accuracy, at_least};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "inhibitory-connections",
        name: "Why do networks have inhibitory/negative connections?",
        help: "A network without negative weights cannot tell XOR, however large; where half its neurons inhibit, it can.",
        source: "\"Why do networks have inhibitory/negative connections?\"",
    },
    runs,
    claims: &CLAIMS,
    watch: "The region of a class: without inhibition, whatever lies above and to the right of a point of it belongs to it.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    at_least(accuracy("xor, half inhibit"), 0.95),
    most("xor, none inhibits"),
    at_least(accuracy("circle, half inhibit"), 0.95),
    most("circle, none inhibits"),
];

const fn most(run: &'static str) -> Claim {
    Claim { figure: accuracy(run), relation: Relation::Below, factor: 0.0, other: None, offset: 0.85 }
}

fn runs() -> Vec<Run> {
    let run = |name, data, share| Run::of(name, spec(data, share), 800);
    vec![
        run("xor, half inhibit", "xor", 0.5),
        run("xor, none inhibits", "xor", 0.0),
        run("circle, half inhibit", "circle", 0.5),
        run("circle, none inhibits", "circle", 0.0),
    ]
}

/// Two layers of sixteen units and a last unit, of whose inputs `share` inhibit, and a read-out of that one unit.
fn spec(data: &str, share: f64) -> Spec {
    let layer = |units: i64| BlockSpec::new("constrained").with("units", units).with("inhibitory", share);
    let bend = || BlockSpec::new("activation").with("function", "tanh");
    let stage = vec![layer(16), bend(), layer(16), bend(), layer(1)];
    Spec { rate: 0.01, ..Spec::new(Choice::new(data), vec![stage, vec![BlockSpec::new("linear")]]) }
}
