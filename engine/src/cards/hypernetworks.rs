//! One small network makes the weights of four layers: HyperNetworks, Ha, Dai and Le 2017.
//!
//! Four layers of 32 units on the small digits, 800 steps, learning rate 0.001, seeds 11, 12 and 13:
//!
//! | weights of the four | parameters | test accuracy |
//! | --- | --- | --- |
//! | made out of four numbers for each layer | 4,122 | 0.936, 0.944, 0.942 |
//! | their own | 6,634 | 0.972, 0.969, 0.978 |
//!
//! They save parameters, as the paper's do, and lose some accuracy, as the paper's do. At the default rate of 0.003 one
//! seed of three had not come beyond 0.908.

use super::networks::rectified;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "hypernetworks",
        name: "HyperNetworks",
        help: "A small network makes the weights of four layers out of four numbers each, and little is lost.",
        source: "Ha, Dai and Le 2017",
    },
    runs,
    claims: &CLAIMS,
    watch: "The number of parameters, which hardly grows with the number of layers that are made.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] =
    [beside(accuracy("made"), accuracy("own"), -0.06), below(parameters("made"), 0.65, parameters("own"))];

fn runs() -> Vec<Run> {
    let run = |name, layers: Vec<BlockSpec>| {
        let stage = [rectified(32).to_vec(), layers].concat();
        let stages = vec![stage, vec![BlockSpec::new("linear")]];
        Run::of(name, Spec { rate: 0.001, ..Spec::new(Choice::new("digits"), stages) }, 800)
    };
    let last = || BlockSpec::new("linear").with("units", 32);
    vec![
        run("made", vec![BlockSpec::new("hypernetwork").with("units", 32).with("layers", 4)]),
        run("own", [vec![rectified(32); 3].concat(), vec![last()]].concat()),
    ]
}
