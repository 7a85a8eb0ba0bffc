//! Attention finds what it needs at any distance, if it is told where things stand: Vaswani et al. 2017.
//!
//! Eight symbols are to be told backwards once they have passed. One layer, 300 steps, worst and best of seeds 11 to
//! 18:
//!
//! | | parameters | span | test accuracy |
//! | --- | --- | --- | --- |
//! | transformer | 13,864 | 273 | 1.000, 1.000 |
//! | the same without positions | 13,352 | 272 | 0.300, 0.332 |
//! | GRU, 32 units | 6,984 | 562 | 0.477, 0.578 |
//!
//! Without positions all blanks look alike to attention, and each gets the same answer. The GRU has to put eight
//! symbols into one row of numbers and to take them out again in the other order; with 64 units and 600 steps it comes
//! to 0.848, 0.940 and 0.899 (seeds 11 to 13).

use super::{Card, Claim, QUICK, Run, accuracy, at_least, below, beside, span};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "attention",
        name: "Attention Is All You Need",
        help: "One layer of attention tells a row backwards, where a recurrent one lags and one without positions cannot.",
        source: "Vaswani et al. 2017",
    },
    runs,
    claims: &CLAIMS,
    watch: "The maps of attention: a line across, from each blank to its symbol.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    at_least(accuracy("transformer"), 0.95),
    beside(accuracy("transformer"), accuracy("no positions"), 0.4),
    beside(accuracy("transformer"), accuracy("GRU"), 0.2),
    below(span("transformer"), 0.6, span("GRU")),
];

fn runs() -> Vec<Run> {
    let run = |name, blocks: Vec<BlockSpec>| {
        let embedding = vec![BlockSpec::new("embedding").with("width", 32)];
        let stage = [embedding, blocks, vec![BlockSpec::new("layer-norm")]].concat();
        let data = Choice::new("reverse").with("length", 8).with("symbols", 8);
        let stages = vec![stage, vec![BlockSpec::new("linear")]];
        Run::of(name, Spec { batch: 32, rate: 0.005, ..Spec::new(data, stages) }, 300)
    };
    let transformer = || BlockSpec::new("transformer");
    vec![
        run("transformer", vec![BlockSpec::new("position"), transformer()]),
        run("no positions", vec![transformer()]),
        run("GRU", vec![BlockSpec::new("gru").with("units", 32)]),
    ]
}
