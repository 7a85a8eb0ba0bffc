//! A single linear layer forecasts a measured series better than deeper networks: AR-Net, Triebe, Laptev and Rajagopal 2019.
//!
//! The warmth of the sea by month (El Niño), four months ahead from twenty-four. R² on the last fifth of the time, seeds
//! 11, 12 and 13:
//!
//! | | parameters | R² |
//! | --- | --- | --- |
//! | AR-Net, 600 steps | 100 | 0.844, 0.851, 0.850 |
//! | two rectified layers of 32, 300 steps | 1,988 | 0.809, 0.829, 0.830 |
//! | N-BEATS, generic, 60 steps | 18,456 | 0.819, 0.801, 0.749 |
//! | N-BEATS, generic, 150 steps | 18,456 | 0.807, 0.791, 0.763 |
//! | N-BEATS, trend and seasonality, 150 steps | 17,280 | 0.640, 0.757, 0.726 |
//!
//! Deeper networks learn the few hundred windows by heart. On yearly sunspots, 24 years to 4, none is of use: 0.01 to 0.09
//! for linear ones, below 0 for the others.

use super::networks::rectified;
use super::{Card, Claim, QUICK, Run, accuracy, at_least, below, beside, parameters};
use crate::registry::Meta;
use crate::rules::Loss;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "ar-net",
        name: "AR-Net: A simple Auto-Regressive Neural Network for time-series",
        help: "Weights for the last months alone forecast the sea's warmth better than networks of twenty times as many.",
        source: "Triebe, Laptev and Rajagopal 2019",
    },
    runs,
    claims: &CLAIMS,
    watch: "The gap between training and test: hardly any for AR-Net.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    at_least(accuracy("AR-Net"), 0.8),
    beside(accuracy("AR-Net"), accuracy("rectified"), 0.0),
    beside(accuracy("AR-Net"), accuracy("N-BEATS"), 0.0),
    below(parameters("AR-Net"), 0.1, parameters("rectified")),
];

fn runs() -> Vec<Run> {
    let series = || Choice::new("series").with("series", "el-nino").with("length", 24).with("ahead", 4);
    let run =
        |name, stages, steps| Run::of(name, Spec { loss: Loss::MeanSquared, ..Spec::new(series(), stages) }, steps);
    let deep = vec![vec![rectified(32); 2].concat(), vec![BlockSpec::new("linear")]];
    vec![
        run("AR-Net", vec![vec![BlockSpec::new("ar-net")]], 600),
        run("rectified", deep, 300),
        run("N-BEATS", vec![vec![BlockSpec::new("n-beats")]], 60),
    ]
}
