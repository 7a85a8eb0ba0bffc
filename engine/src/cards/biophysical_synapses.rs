//! Neurons whose synapses open and close do more than twice as many units of the same kind of curve that only sum: "On
//! the Benefits of Biophysical Synapses". Rectified units do more still.
//!
//! One-dimensional digits in ten pieces of four values, what the neurons hold after each piece is read out. 300 steps,
//! each at the best rate of 0.003, 0.01 and 0.03, worst and best of seeds 11 to 18:
//!
//! | | parameters | rate | test accuracy |
//! | --- | --- | --- | --- |
//! | 8 liquid neurons | 1,210 | 0.03 | 0.453, 0.508 |
//! | 8 of them at rest, each piece by itself | 954 | 0.03 | 0.432, 0.514 |
//! | 16 recurrent units, tanh | 1,962 | 0.01 | 0.337, 0.447 |
//! | 8 recurrent units, tanh | 922 | 0.01 | 0.293, 0.378 |
//! | 8 recurrent units, rectified | 922 | 0.03 | 0.517, 0.574 |
//! | 16 recurrent units, rectified | 1,962 | 0.03 | 0.610, 0.667 |
//! | LSTM, 8 units | 1,258 | 0.03 | 0.543, 0.588 |
//!
//! The paper compares neurons whose curves all saturate; against those its claim of fewer neurons holds. Most of it is
//! due to the synapses: without any memory they do as well. Memory is short: where only the last potentials are read
//! out nothing is learnt, since a potential leaks away in about one piece.

use super::networks::framed;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "biophysical-synapses",
        name: "On the Benefits of Biophysical Synapses",
        help: "Eight neurons with synapses that open and close do more than sixteen tanh units; rectified ones do more still.",
        source: "Lemmel and Grosu 2023; neurons after Hasani et al. 2021",
    },
    runs,
    claims: &CLAIMS,
    watch: "Accuracy by step, and parameters: each synapse has four, yet half of the neurons need fewer.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    beside(accuracy("8 liquid"), accuracy("16 tanh"), 0.02),
    beside(accuracy("8 liquid"), accuracy("8 tanh"), 0.05),
    below(parameters("8 liquid"), 0.7, parameters("16 tanh")),
    beside(accuracy("16 rectified"), accuracy("8 liquid"), 0.05),
];

fn runs() -> Vec<Run> {
    let run = |name, layer: BlockSpec, rate| {
        Run::of(name, Spec { rate, ..framed(4, vec![layer, BlockSpec::new("flatten")]) }, 300)
    };
    let recurrent = |units: i64, cell| BlockSpec::new("rnn").with("units", units).with("cell", cell);
    vec![
        run("8 liquid", BlockSpec::new("liquid").with("units", 8), 0.03),
        run("8 tanh", recurrent(8, "tanh"), 0.01),
        run("16 tanh", recurrent(16, "tanh"), 0.01),
        run("16 rectified", recurrent(16, "relu"), 0.03),
    ]
}
