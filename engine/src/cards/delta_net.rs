//! A memory that replaces what stood under a key recalls what others lose: DeltaNet, Yang, Wang, Zhang and others 2024.
//!
//! Four pairs of a key and a value pass by, then the keys again; at each its value is asked for. One layer of each kind
//! behind taps that see the place before, as the paper has them, 300 steps, seeds 11, 12 and 13:
//!
//! | | test accuracy |
//! | --- | --- |
//! | DeltaNet | 0.986, 0.996, 0.999 |
//! | attention | 1.000, 1.000, 1.000 |
//! | GRU | 0.494, 0.395, 0.413 |
//! | gated linear recurrence (LRU) | 0.458, 0.395, 0.435 |
//!
//! Without the taps, a key and its value lie at different places and a single layer cannot bind them: 0.416 and 0.384.

use super::networks::{past, rectified};
use super::{Card, Claim, QUICK, Run, accuracy, at_least, below, beside, span};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "delta-net",
        name: "Parallelizing Linear Transformers with the Delta Rule over Sequence Length",
        help: "One layer that writes by the delta rule recalls values by their keys, where recurrent ones lose them.",
        source: "Yang, Wang, Zhang, Shen and Kim 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The accuracy leaps once keys are bound to values; the recurrent networks stay where guessing among what was seen is.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    at_least(accuracy("delta rule"), 0.9),
    beside(accuracy("delta rule"), accuracy("GRU"), 0.3),
    beside(accuracy("delta rule"), accuracy("LRU"), 0.3),
    below(span("delta rule"), 0.8, span("GRU")),
];

fn runs() -> Vec<Run> {
    vec![
        run("delta rule", BlockSpec::new("delta-net")),
        run("GRU", BlockSpec::new("gru").with("units", 16)),
        run("LRU", BlockSpec::new("lru")),
    ]
}

fn run(name: &'static str, layer: BlockSpec) -> Run {
    let data = Choice::new("recall").with("pairs", 4).with("keys", 8).with("values", 8);
    let norm = || BlockSpec::new("layer-norm");
    let taps = BlockSpec::new("fsmn").with("lookback", 1).with("skip", false);
    let last = BlockSpec::new("linear").with("units", 16);
    let forward = [vec![norm()], rectified(32).to_vec(), vec![last]].concat();
    let embedding = BlockSpec::new("embedding").with("width", 16);
    let stage = vec![embedding, past(vec![taps]), past(vec![norm(), layer]), past(forward), norm()];
    let stages = vec![stage, vec![BlockSpec::new("linear")]];
    Run::of(name, Spec { batch: 32, rate: 0.01, ..Spec::new(data, stages) }, 300)
}
