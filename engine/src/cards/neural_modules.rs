//! A controller mixes its modules as well as a hand sets them in order, and does not choose: Pahuja et al. 2019.
//!
//! Three modules, a linear layer of 32 units with a rectifier, a tangent or nothing behind it, and a controller that
//! weighs them anew for each sample at each of two steps. On the small digits, 300 steps, seeds 11 to 18:
//!
//! | | |
//! | --- | --- |
//! | mixed | 0.969 0.972 0.975 0.969 0.975 0.972 0.978 0.969 |
//! | of largest weight alone, when tested | 0.928 0.936 0.931 0.944 0.964 0.897 0.958 0.936 |
//! | rectifier, then tangent | 0.969 0.969 0.981 0.975 0.975 0.983 0.981 0.972 |
//!
//! The paper's modules are themselves made of operations with learned weights, for questions about pictures, and those
//! weights come near to a choice. Here they remain a mixture, at 2.4 times the work of the order that was set by hand.

use super::{Card, Claim, QUICK, Run, accuracy, beside};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "neural-modules",
        name: "Structure Learning for Neural Module Networks",
        help: "Modules whose order a controller learns do as well as in an order set by hand, as long as they are mixed.",
        source: "Pahuja et al. 2019; Hu et al. 2018",
    },
    runs,
    claims: &CLAIMS,
    watch: "The gates: the weight of each module at each step.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("mixed"), accuracy("by hand"), -0.025),
    beside(accuracy("mixed"), accuracy("the largest alone"), 0.0),
];

fn runs() -> Vec<Run> {
    let linear = || BlockSpec::new("linear").with("units", 32);
    let module = |function: &str| vec![linear(), BlockSpec::new("activation").with("function", function)];
    let run = |name, inside: Vec<BlockSpec>| {
        let stages = vec![[vec![linear()], inside].concat(), vec![BlockSpec::new("linear")]];
        Run::of(name, Spec::new(Choice::new("digits"), stages), 300)
    };
    let learned = |hard: bool| {
        let chains = ["relu", "tanh", "identity"].map(|function| BlockSpec::new("chain").holding(module(function)));
        vec![BlockSpec::new("module-sequence").with("hard", hard).holding(chains.to_vec())]
    };
    vec![
        run("mixed", learned(false)),
        run("the largest alone", learned(true)),
        run("by hand", [module("relu"), module("tanh")].concat()),
    ]
}
