//! Blocks that begin as nearly nothing beside their input keep deep networks learning: SimBa, Lee et al. 2025.
//!
//! The paper teaches control, where larger plain networks do worse than small ones and larger ones of these blocks better.
//! Here one-dimensional digits are read, with 32 units throughout. Test accuracy after 600 steps, seeds 11, 12 and 13:
//!
//! | layers | plain | SimBa |
//! | --- | --- | --- |
//! | 8 | 0.503, 0.467, 0.464 | 0.573, 0.556, 0.535 |
//! | 16 | 0.462, 0.480, 0.459 | 0.587, 0.562, 0.568 |
//!
//! On seeds 1 to 3 sixteen layers of SimBa are between 1 point worse and 3 better than eight. In width plain networks
//! gain too: 0.539 to 0.567 with 64 units, 0.668 to 0.695 with 256, against 0.613 to 0.645 and 0.695 to 0.712 of SimBa.

use super::networks::{rectified, through};
use super::{Card, Claim, QUICK, Run, accuracy, beside};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "simba",
        name: "SimBa: Simplicity Bias for Scaling Up Parameters in Deep Reinforcement Learning",
        help: "Residual blocks behind norms stay well ahead of plain layers of the same size, the more so the deeper.",
        source: "Lee et al. 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "The curves of SimBa, at eight and at sixteen layers, beside those of the plain networks.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("SimBa, 8 layers"), accuracy("plain, 8 layers"), 0.03),
    beside(accuracy("SimBa, 16 layers"), accuracy("plain, 16 layers"), 0.05),
];

fn runs() -> Vec<Run> {
    let simba =
        |name, blocks| Run::of(name, through(32, vec![BlockSpec::new("simba").with("hidden", 32); blocks]), 600);
    let plain = |name, layers| {
        let stages = vec![vec![rectified(32); layers].concat(), vec![BlockSpec::new("linear")]];
        Run::of(name, Spec::new(Choice::new("mnist1d"), stages), 600)
    };
    vec![
        simba("SimBa, 8 layers", 4),
        plain("plain, 8 layers", 8),
        simba("SimBa, 16 layers", 8),
        plain("plain, 16 layers", 16),
    ]
}
