//! A tree whose leaves are all kept in use: Charalampopoulos et al. 2024.
//!
//! The paper's hard corner, many small leaves: sixteen of two units each, on the small digits. After 1500 steps, by one
//! path alone, seeds 11 to 18 (the last three rows: 11 to 14):
//!
//! | | hardening | test accuracy | leaves in use |
//! | --- | --- | --- | --- |
//! | balanced | 10 | 0.822 0.825 0.833 0.819 0.869 0.619 0.836 0.836 | 8 |
//! | not balanced | 10 | 0.522 0.483 0.394 0.542 0.386 0.200 0.539 0.231 | 1 |
//! | not balanced | 3 | 0.472 0.519 0.625 0.578 | 3 |
//! | balanced, a master leaf of two units | 10 | 0.878 0.872 0.850 0.814 | |
//! | not balanced, the same master leaf | 10 | 0.700 0.850 0.903 0.917 | |
//!
//! The weight of hardening decides. It is a mean over all fifteen decisions, and with 3 and balance the soft mixture
//! learns every sample while the decisions at the top stay open (0.3 nat), so that one path alone gets 0.55 to 0.6
//! right. The authors' second phase, hardened without balance, closes the same gap (0.6 to 0.9, in 2500 to 5500 steps).
//!
//! The master leaf makes up for a tree that has collapsed as well as for one that has not, so that beside it balance
//! shows no gain here; and one layer of eight units alone answers 0.93 to 0.97 of these digits.

use super::fast_feedforward::leaves;
use super::{Card, Claim, QUICK, Run, accuracy, beside};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "balanced-tree",
        name: "Enhancing Fast Feed Forward Networks with Load Balancing and a Master Leaf Node",
        help: "Balanced, a tree of many small leaves uses half of them and answers far better than one that collapses.",
        source: "Charalampopoulos et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "Who gets what: eight leaves of sixteen are reached, where without balance it is one.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 1] = [beside(accuracy("balanced"), accuracy("not balanced"), 0.15)];

fn runs() -> Vec<Run> {
    let run = |name, balance| {
        let stages = vec![vec![leaves(16, 2, 10.0, balance)]];
        Run::of(name, Spec::new(Choice::new("digits"), stages), 1500)
    };
    vec![run("balanced", 1.0), run("not balanced", 0.0)]
}
