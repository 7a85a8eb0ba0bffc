//! A curve is known by a few numbers, if one learns which: AdaFNN, Yao, Mueller and Wang 2021.
//!
//! The warmth of the sea by month, four months ahead from the curve of four years. Its inner products with eight
//! functions of time go into a rectified layer of 32; R² on the last fifth of the time after 600 steps, worst, mean and
//! best of seeds 11 to 18:
//!
//! | | R² |
//! | --- | --- |
//! | functions learned | 0.796, 0.814, 0.844 |
//! | functions as drawn | 0.173, 0.288, 0.356 |
//! | all 48 values, two rectified layers | 0.796, 0.815, 0.841 |
//!
//! The paper's lead over a network of all values is a tie here. Curves are described by as many weights whatever the
//! number of values; of eight years, though, the functions learned in 600 steps make less: 0.578 to 0.706 beside 0.750
//! to 0.822.

use super::networks::rectified;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, loss};
use crate::registry::Meta;
use crate::rules::Loss;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "ada-fnn",
        name: "Deep Learning for Functional Data Analysis with Adaptive Basis Layers",
        help: "Eight numbers, inner products with learned functions, tell of a curve what all of its values do.",
        source: "Yao, Mueller and Wang 2021",
    },
    runs,
    claims: &CLAIMS,
    watch: "Training and test losses: eight numbers leave little to learn by heart.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("learned"), accuracy("as drawn"), 0.25),
    beside(accuracy("learned"), accuracy("all values"), -0.06),
    below(loss("all values"), 0.6, loss("learned")),
];

fn runs() -> Vec<Run> {
    let run = |name, first: Vec<BlockSpec>| {
        let data = Choice::new("series").with("series", "el-nino").with("length", 48).with("ahead", 4);
        let stages = vec![[first, rectified(32).to_vec()].concat(), vec![BlockSpec::new("linear")]];
        Run::of(name, Spec { loss: Loss::MeanSquared, ..Spec::new(data, stages) }, 600)
    };
    let functions = || vec![BlockSpec::new("ada-fnn").with("functions", 8)];
    vec![
        run("learned", functions()),
        run("as drawn", vec![BlockSpec::new("freeze").holding(functions())]),
        run("all values", rectified(32).to_vec()),
    ]
}
