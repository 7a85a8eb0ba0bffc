//! Ten layers learn with rectifiers and not with logistic curves: Glorot, Bordes and Bengio 2011.
//!
//! Layers of 32 units on the small digits, 200 steps. Test accuracy, worst and best of seeds 11 to 18, for two layers
//! of seeds 11 to 13:
//!
//! | curve | 2 layers | 10 layers |
//! | --- | --- | --- |
//! | rectifier | 0.964, 0.969 | 0.917, 0.964 |
//! | logistic | 0.886, 0.925 | 0.181, 0.203 |
//! | tanh | 0.975, 0.978 | 0.956, 0.975 |
//!
//! The slope of a logistic curve is at most a quarter: after ten layers the gradient is at most a millionth of what
//! weights make of it. The curve of tanh has slope 1 in its middle and learns as well as rectifiers here; the paper
//! finds those ahead on larger tasks.

use super::{Card, Claim, QUICK, Run, accuracy, at_least, beside};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "deep-rectifiers",
        name: "Deep Sparse Rectifier Neural Networks",
        help: "Ten layers of rectifiers learn what ten layers of logistic curves do not begin to.",
        source: "Glorot, Bordes and Bengio 2011",
    },
    runs,
    claims: &CLAIMS,
    watch: "The norms of the gradients from the last layer to the first: with logistic curves each is a fraction of the next.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    at_least(accuracy("rectifier"), 0.85),
    beside(accuracy("rectifier"), accuracy("logistic"), 0.4),
    beside(accuracy("tanh"), accuracy("rectifier"), -0.03),
    beside(accuracy("logistic, two layers"), accuracy("logistic"), 0.3),
];

fn runs() -> Vec<Run> {
    let run = |name, depth, curve| {
        let linear = BlockSpec::new("linear").with("units", 32);
        let layer = vec![linear, BlockSpec::new("activation").with("function", curve)];
        let stages = vec![vec![layer; depth].concat(), vec![BlockSpec::new("linear")]];
        Run::of(name, Spec::new(Choice::new("digits"), stages), 200)
    };
    vec![
        run("rectifier", 10, "relu"),
        run("logistic", 10, "sigmoid"),
        run("tanh", 10, "tanh"),
        run("logistic, two layers", 2, "sigmoid"),
    ]
}
