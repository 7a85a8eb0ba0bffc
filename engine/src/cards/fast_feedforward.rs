//! A tree of decisions with a small layer at each leaf, of which an answer needs one path: Belcak and Wattenhofer 2023.
//!
//! The small digits, eight leaves of eight units, 800 steps, seeds 11 to 18; hard is the test accuracy by one path
//! alone:
//!
//! | | hard |
//! | --- | --- |
//! | hardened, weight 10 | 0.903 to 0.969 |
//! | not hardened | 0.594 to 0.850 |
//! | dense, 64 units | 0.975 to 0.983 |
//! | dense, 8 units | 0.925 to 0.969 |
//!
//! Not hardened, the mixture of all leaves knows every training sample, and half of the decisions are still open (0.5
//! of 0.69 nat). Hardened, soft and hard agree to the last sample. But one leaf of eight is all that is left in use, so
//! that the tree does what a layer of eight units does: a task that a leaf can do alone is no reason to decide. See the
//! card of the balanced tree.

use super::networks::rectified;
use super::{Card, Claim, QUICK, Run, accuracy, beside};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "fast-feedforward",
        name: "Fast Feedforward Networks",
        help: "A tree whose decisions are hardened in training answers by one of its leaves nearly as a layer of all.",
        source: "Belcak and Wattenhofer 2023",
    },
    runs,
    claims: &CLAIMS,
    watch: "Who gets what: the loss that hardens decisions leaves one expert with everything.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("hardened"), accuracy("not hardened"), 0.04),
    beside(accuracy("hardened"), accuracy("dense"), -0.1),
];

fn runs() -> Vec<Run> {
    let run = |name, stages| Run::of(name, Spec::new(Choice::new("digits"), stages), 800);
    let tree = |hardening: f64| vec![leaves(8, 8, hardening, 0.0)];
    let dense = vec![rectified(64).to_vec(), vec![BlockSpec::new("linear")]];
    vec![run("hardened", vec![tree(10.0)]), run("not hardened", vec![tree(0.0)]), run("dense", dense)]
}

/// A tree with a layer of `units` rectified units and a read-out at each of its `leaves`.
pub(super) fn leaves(leaves: i64, units: i64, hardening: f64, balance: f64) -> BlockSpec {
    let leaf = [rectified(units).to_vec(), vec![BlockSpec::new("linear")]].concat();
    let tree = Choice::new("tree").with("hardening", hardening).with("balance", balance);
    BlockSpec::new("route").with("experts", leaves).routed(tree).holding(leaf)
}
