//! With normalised batches, eight layers learn at rates that destroy them without: Ioffe and Szegedy 2015.
//!
//! Eight rectified layers of 48 units on the small digits, descent with momentum, 200 steps. Test accuracy, worst and
//! best of seeds 11 to 18, and for layer norm of seeds 11 to 13:
//!
//! | rate | batch norm | layer norm | none |
//! | --- | --- | --- | --- |
//! | 0.03 | 0.947, 0.981 | 0.961, 0.978 | 0.947, 0.975 |
//! | 0.1 | 0.967, 0.989 | 0.900, 0.928 | 0.103, 0.958 |
//! | 0.3 | 0.967, 0.983 | 0.097, 0.103 | 0.000, 0.103 |
//! | 1.0 | 0.917, 0.958 | 0.100, 0.103 | 0.000 |
//!
//! At a rate that suits the plain network the norm gains nothing: what it buys is freedom in the choice. A weight that
//! a large step has made large has a smaller gradient behind a norm, since the norm undoes its scale. (0.000: the
//! numbers ran over.)

use super::networks::rectified;
use super::{Card, Claim, QUICK, Run, accuracy, at_least, beside};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "batch-normalization",
        name: "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
        help: "Eight layers with normalised batches learn at ten times the rate that destroys them without.",
        source: "Ioffe and Szegedy 2015",
    },
    runs,
    claims: &CLAIMS,
    watch: "Losses: at the high rate the plain network leaps to chance or beyond all numbers at once.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    at_least(accuracy("norm, high rate"), 0.93),
    beside(accuracy("norm, high rate"), accuracy("plain, high rate"), 0.6),
    at_least(accuracy("plain, low rate"), 0.92),
    beside(accuracy("norm, high rate"), accuracy("plain, low rate"), -0.02),
];

fn runs() -> Vec<Run> {
    let run = |name, norm: bool, rate| {
        let layer = || {
            let [linear, bend] = rectified(48);
            if norm { vec![linear, BlockSpec::new("batch-norm"), bend] } else { vec![linear, bend] }
        };
        let stages = vec![vec![layer(); 8].concat(), vec![BlockSpec::new("linear")]];
        let spec = Spec::new(Choice::new("digits"), stages);
        Run::of(name, Spec { optimizer: Choice::new("sgd"), rate, ..spec }, 200)
    };
    vec![run("norm, high rate", true, 0.3), run("plain, high rate", false, 0.3), run("plain, low rate", false, 0.03)]
}
