//! Attention that forgets by what it reads needs no positions: Forgetting Transformer, Lin, Nikishin, He and Courville 2025.
//!
//! One layer, 32 features, on Shakespeare's plays, 32 characters at a time. After 300 steps, seeds 11 and 12:
//!
//! | | next characters told right in the test | loss in training |
//! | --- | --- | --- |
//! | forget gates | 0.316, 0.324 | 2.322, 2.300 |
//! | rotary positions | 0.292, 0.288 | 2.409, 2.417 |
//! | neither | 0.261, 0.259 | 2.518, 2.495 |
//!
//! The paper's other claim, that longer texts than those trained on are read as well, was not tried.

use super::{Card, Claim, QUICK, Run, accuracy, below, beside, loss};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "forgetting-transformer",
        name: "Forgetting Transformer: Softmax Attention with a Forget Gate",
        help: "Attention whose heads forget by what they read learns text sooner than one that is told positions.",
        source: "Lin, Nikishin, He and Courville 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "The maps of attention: some heads keep to the last characters, others look far back.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("forgets"), accuracy("rotary"), 0.005),
    below(loss("forgets"), 1.0, loss("rotary")),
    beside(accuracy("forgets"), accuracy("neither"), 0.03),
];

fn runs() -> Vec<Run> {
    let layer = || BlockSpec::new("transformer").with("mask", "causal").with("expand", 2);
    let run = |name, layer| {
        let data = Choice::new("text").with("length", 32).with("share", 0.3);
        let embedding = BlockSpec::new("embedding").with("width", 32);
        let stage = vec![embedding, layer, BlockSpec::new("layer-norm")];
        let stages = vec![stage, vec![BlockSpec::new("linear")]];
        Run::of(name, Spec { batch: 16, ..Spec::new(data, stages) }, 300)
    };
    vec![
        run("forgets", layer().with("forget", true)),
        run("rotary", layer().with("positions", "rotary")),
        run("neither", layer()),
    ]
}
