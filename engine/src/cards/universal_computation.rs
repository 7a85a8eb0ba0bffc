//! A transformer that stays as it was drawn is of use, an LSTM as drawn is not: Lu, Grover, Abbeel and Mordatch 2021.
//!
//! The small digits in sixteen squares; what is learned is the way in, the positions and the read-out. 300 steps,
//! worst, mean and best of seeds 11 to 18:
//!
//! | between them | test accuracy |
//! | --- | --- |
//! | transformer of two layers, learned | 0.839, 0.860, 0.894 |
//! | the same as drawn | 0.650, 0.717, 0.789 |
//! | nothing | 0.556, 0.624, 0.714 |
//! | LSTM as drawn, its last state | 0.389, 0.462, 0.556 |
//!
//! The drawn transformer leads nothing by nine points in the mean, by half a point at least; its mixing is of use to
//! ends that learn to speak to it. The paper's transformers have read much text before, and learn their norms for the
//! new task, too; it finds that drawn ones come near. Text read before is not tried here.

use super::networks::squares;
use super::{Card, Claim, QUICK, Run, accuracy, beside};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "universal-computation",
        name: "Pretrained Transformers as Universal Computation Engines",
        help: "A random transformer between learned ends reads digits better than none, and far better than a random LSTM.",
        source: "Lu, Grover, Abbeel and Mordatch 2021",
    },
    runs,
    claims: &CLAIMS,
    watch: "The gap between the learned and the drawn transformer, beside that between the drawn one and nothing.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("drawn transformer"), accuracy("drawn LSTM"), 0.1),
    beside(accuracy("drawn transformer"), accuracy("nothing"), -0.02),
    beside(accuracy("learned transformer"), accuracy("drawn transformer"), 0.0),
];

fn runs() -> Vec<Run> {
    let run = |name, middle: Vec<BlockSpec>, how| {
        let end = vec![BlockSpec::new("layer-norm"), BlockSpec::new("pool-sequence").with("how", how)];
        Run::of(name, squares([middle, end].concat()), 300)
    };
    let transformer = || vec![BlockSpec::new("transformer").with("order", "sfsf")];
    let drawn = |blocks| vec![BlockSpec::new("freeze").holding(blocks)];
    vec![
        run("learned transformer", transformer(), "mean"),
        run("drawn transformer", drawn(transformer()), "mean"),
        run("drawn LSTM", drawn(vec![BlockSpec::new("lstm").with("units", 16)]), "last"),
        run("nothing", vec![], "mean"),
    ]
}
