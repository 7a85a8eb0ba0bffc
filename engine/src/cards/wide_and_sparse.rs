//! A mixer is a wide layer with few weights, and needs no image: Hayase and Karakida 2024.
//!
//! `vec(W X) = (I ⊗ W) vec(X)`: mixing the places of sixteen features is a layer of 256 units with sixteen equal blocks
//! of weights, and mixing the features another one, up to a permutation. Test accuracy after 300 steps on the small digits,
//! seeds 11 and 12:
//!
//! | two layers of 256 units | parameters | test accuracy |
//! | --- | --- | --- |
//! | places, then features | 20,234 | 0.981, 0.981 |
//! | randomly permuted before and after | 21,258 (1,024 of them fixed) | 0.983, 0.978 |
//! | all weights | 150,794 | 0.978, 0.981 |
//!
//! That at a given number of weights the wider layer is the better one, the paper's other claim, asks for more samples than
//! these to show, and was not tried.

use super::networks::rectified;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters, work};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "wide-and-sparse",
        name: "MLP-Mixer as a Wide and Sparse MLP",
        help: "A mixer's layers, and the same randomly permuted, read digits as well as full ones of their width.",
        source: "Hayase and Karakida 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "Work and parameters, a sixth of those of full layers, and three curves that cannot be told apart.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 5] = [
    beside(accuracy("mixer"), accuracy("full"), -0.02),
    beside(accuracy("permuted"), accuracy("full"), -0.02),
    beside(accuracy("permuted"), accuracy("mixer"), -0.02),
    below(parameters("permuted"), 0.2, parameters("full")),
    below(work("mixer"), 0.2, work("full")),
];

fn runs() -> Vec<Run> {
    let layers = |kind: [&'static str; 2]| {
        kind.map(|p| BlockSpec::new("permuted-kronecker").with("size", 16).with("permutation", p))
    };
    let full = || BlockSpec::new("linear").with("units", 256);
    let run = |name, [first, second]: [BlockSpec; 2]| {
        let bend = || BlockSpec::new("activation");
        let stage = [rectified(256).to_vec(), vec![first, bend(), second, bend()]].concat();
        let stages = vec![stage, vec![BlockSpec::new("linear")]];
        Run::of(name, Spec { batch: 64, ..Spec::new(Choice::new("digits"), stages) }, 300)
    };
    vec![
        run("mixer", layers(["none", "commute"])),
        run("permuted", layers(["random"; 2])),
        run("full", [full(), full()]),
    ]
}
