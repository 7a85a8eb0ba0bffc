//! A forecast out of a trend and waves says what it expects, at a small price: N-BEATS, Oreshkin et al. 2020.
//!
//! Carbon dioxide by week, half a year ahead from two years. R² on the last fifth of the time after 300 steps, worst,
//! mean and best of seeds 11 to 18:
//!
//! | blocks write with | parameters | R² |
//! | --- | --- | --- |
//! | a learned basis (generic) | 31,648 | 0.986, 0.989, 0.994 |
//! | a parabola (trend) | 26,784 | 0.982, 0.987, 0.992 |
//! | both, in turns (interpretable) | 31,488 | 0.908, 0.960, 0.988 |
//! | waves (seasonality) | 39,424 | −3.339, −1.301, 0.420 |
//! | two rectified layers of 32, which forecast at once | 5,274 | 0.986, 0.990, 0.993 |
//! | AR-Net, linear | 2,730 | 0.993, 0.994, 0.995 |
//!
//! Waves alone cannot say that there is ever more. The interpretable network is 0 to 8 points behind the generic one,
//! where the paper, with thousands of series, has them level; and on this one series a linear layer is as good as any.

use super::networks::rectified;
use super::{Card, Claim, QUICK, Run, accuracy, at_least, beside};
use crate::registry::Meta;
use crate::rules::Loss;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "n-beats",
        name: "N-BEATS: Neural basis expansion analysis for interpretable time series forecasting",
        help: "Blocks that write a trend and waves forecast nearly as well as free ones, and waves alone do not.",
        source: "Oreshkin, Carpov, Chapados and Bengio 2020",
    },
    runs,
    claims: &CLAIMS,
    watch: "Each block explains a part and hands on the rest: the trend first, then what goes up and down by the year.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 5] = [
    at_least(accuracy("learned"), 0.96),
    at_least(accuracy("trend and waves"), 0.8),
    at_least(accuracy("trend"), 0.9),
    beside(accuracy("trend and waves"), accuracy("waves"), 0.2),
    beside(accuracy("rectified"), accuracy("learned"), -0.02),
];

fn runs() -> Vec<Run> {
    let run = |name, stages| {
        let data = Choice::new("series").with("series", "co2").with("length", 104).with("ahead", 26);
        Run::of(name, Spec { loss: Loss::MeanSquared, ..Spec::new(data, stages) }, 300)
    };
    let blocks = |basis| vec![vec![BlockSpec::new("n-beats").with("basis", basis)]];
    vec![
        run("learned", blocks("generic")),
        run("trend and waves", blocks("interpretable")),
        run("trend", blocks("trend")),
        run("waves", blocks("seasonality")),
        run("rectified", vec![vec![rectified(32); 2].concat(), vec![BlockSpec::new("linear")]]),
    ]
}
