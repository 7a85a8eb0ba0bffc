//! One forward pass, in which every layer scores the classes by itself: Gong, Li and Abdulla 2025.

use super::{Card, Claim, Form, QUICK, Run, accuracy, below, beside, digits, layers, memory, mnist};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "mono-forward",
        name: "Mono-Forward",
        help: "Layers that each learn to tell the classes apart by a matrix of their own do it as well as together.",
        source: "Gong, Li and Abdulla 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "The first stage's own accuracy is nearly the whole network's: on easy digits later stages have little to add.",
    seconds: 180,
    quick: Some(Form { runs: short, claims: &SHORT, seconds: QUICK }),
};

static CLAIMS: [Claim; 3] = [beside(accuracy("mono-forward"), accuracy("backprop"), -0.01), CONSTANT, GROWING];

/// A stage's activities are forgotten once it has learnt, while backpropagation keeps those of all stages. What grows a
/// little are the gradients of the small matrices, which move together.
const CONSTANT: Claim = below(memory("mono-forward, 12 layers"), 1.2, memory("mono-forward, 6 layers"));
const GROWING: Claim = below(memory("backprop, 6 layers"), 0.6, memory("backprop, 12 layers"));

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: mnist(layers(&[256, 256]), rule), steps: 2000, then: Vec::new() };
    [vec![run("backprop", "backprop"), run("mono-forward", "mono-forward")], deeper()].concat()
}

static SHORT: [Claim; 4] = [
    beside(accuracy("mono-forward"), accuracy("backprop"), -0.02),
    beside(accuracy("mono-forward"), accuracy("last stage only"), 0.08),
    CONSTANT,
    GROWING,
];

fn short() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: digits(Choice::new(rule)), steps: 600, then: Vec::new() };
    let runs =
        vec![run("backprop", "backprop"), run("mono-forward", "mono-forward"), run("last stage only", "shallow")];
    [runs, deeper()].concat()
}

/// Networks of 6 and 12 hidden layers of 128 units, which are there for what they would take, not for what they learn.
fn deeper() -> Vec<Run> {
    let run = |name, rule, depth| {
        let spec = Spec { rule: Choice::new(rule), ..Spec::new(Choice::new("digits"), layers(&vec![128; depth])) };
        Run { name, spec, steps: 1, then: Vec::new() }
    };
    vec![
        run("backprop, 6 layers", "backprop", 6),
        run("backprop, 12 layers", "backprop", 12),
        run("mono-forward, 6 layers", "mono-forward", 6),
        run("mono-forward, 12 layers", "mono-forward", 12),
    ]
}
