//! Cells that only gates change keep what was met long ago: the LSTM, Hochreiter and Schmidhuber 1997.
//!
//! A value stands behind a mark somewhere in a row of 32 symbols; at the end it is asked for, one of eight. 400 steps,
//! worst and best of seeds 11 to 18:
//!
//! | | parameters | test accuracy |
//! | --- | --- | --- |
//! | LSTM, 16 units | 2,632 | 1.000, 1.000 |
//! | GRU, 16 units | 2,088 | 1.000, 1.000 |
//! | recurrent, 32 units | 2,216 | 0.047, 0.359 |
//!
//! Rates of 0.003 and 0.001 give the recurrent network 0.375 and 0.281 at best after 300 steps. With the gradient
//! clipped at 1, seeds 11, 12 and 13 come to 0.141, 0.469 and 0.172; with rectifiers, to 0.250, 0.531 and 0.391.

use super::networks::needle;
use super::{Card, Claim, QUICK, Run, accuracy, at_least, beside};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "long-short-term-memory",
        name: "Long short-term memory",
        help: "Memory behind gates carries a value over thirty places, where a plain recurrent network forgets it.",
        source: "Hochreiter and Schmidhuber 1997; Cho et al. 2014 (GRU)",
    },
    runs,
    claims: &CLAIMS,
    watch: "The plain network stays at one in eight: no gradient of use comes back over so many places.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    at_least(accuracy("GRU"), 0.9),
    beside(accuracy("LSTM"), accuracy("recurrent"), 0.3),
    beside(accuracy("GRU"), accuracy("recurrent"), 0.3),
];

fn runs() -> Vec<Run> {
    let run = |name, id, units: i64| Run::of(name, needle(32, BlockSpec::new(id).with("units", units)), 400);
    vec![run("LSTM", "lstm", 16), run("GRU", "gru", 16), run("recurrent", "rnn", 32)]
}
