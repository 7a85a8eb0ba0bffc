//! Coordinates as waves let a network become a picture with its edges: Tancik et al. 2020.
//!
//! A photograph of 64 × 64 pixels is told from a part of its pixels; the rest is asked for. Three rectified layers of
//! 64 units, 400 steps, R², worst and best of seeds 11 to 18:
//!
//! | coordinates as | R² |
//! | --- | --- |
//! | they are | 0.703, 0.827 |
//! | 8 random waves, scale 0.5 | 0.904, 0.922 |
//! | scale 1 | 0.896, 0.917 |
//! | scale 3 | 0.010, 0.683 |
//! | scale 10 | −0.342, −0.105 |
//!
//! (Scales of 1 and more with seeds 11 to 13.) A network learns slow changes first; waves make quick ones as near to
//! hand. Waves finer than the pixels are apart tell nothing of what lies between them.

use super::networks::rectified;
use super::{Card, Claim, QUICK, Run, accuracy, beside};
use crate::registry::Meta;
use crate::rules::Loss;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "fourier-features",
        name: "Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains",
        help: "A network that is told waves of a place, not its coordinates, learns a picture's edges; too fine waves mislead.",
        source: "Tancik et al. 2020",
    },
    runs,
    claims: &CLAIMS,
    watch: "The picture: blurred from coordinates, sharp from waves, grainy from waves that are too fine.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] =
    [beside(accuracy("waves"), accuracy("coordinates"), 0.03), beside(accuracy("waves"), accuracy("fine waves"), 0.5)];

fn runs() -> Vec<Run> {
    let run = |name, first: Vec<BlockSpec>| {
        let stages = vec![[first, vec![rectified(64); 3].concat()].concat(), vec![BlockSpec::new("linear")]];
        Run::of(name, Spec { loss: Loss::MeanSquared, ..Spec::new(Choice::new("image"), stages) }, 400)
    };
    let waves = |scale: f64| vec![BlockSpec::new("fourier-features").with("scale", scale)];
    vec![run("waves", waves(0.5)), run("coordinates", vec![]), run("fine waves", waves(10.0))]
}
