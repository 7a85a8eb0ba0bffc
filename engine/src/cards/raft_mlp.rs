//! Mixing columns, then rows, is a third of the weights of mixing all places: RaftMLP, Tatsunami and Taki 2022.
//!
//! One layer on the pixels of the small digits, brought to eight channels, 300 steps, seeds 11, 12 and 13:
//!
//! | | parameters | work of a step | test accuracy |
//! | --- | --- | --- | --- |
//! | RaftMLP, two rafts | 7,618 | 20.6 M | 0.961, 0.969, 0.967 |
//! | RaftMLP, one raft | 6,034 | 14.3 M | 0.961, 0.953, 0.928 |
//! | mixer | 22,034 | 32.2 M | 0.964, 0.944, 0.939 |

use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters, work};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "raft-mlp",
        name: "RaftMLP: How Much Can Be Done Without Attention and with Less Spatial Locality?",
        help: "Columns mixed, then rows, in rafts of channels: as good as mixing all places, for a third of the weights.",
        source: "Tatsunami and Taki 2022",
    },
    runs,
    claims: &CLAIMS,
    watch: "Parameters and work beside accuracy.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("rafts"), accuracy("mixer"), -0.015),
    below(parameters("rafts"), 0.4, parameters("mixer")),
    below(work("rafts"), 0.7, work("mixer")),
];

fn runs() -> Vec<Run> {
    let run = |name, blocks: Vec<BlockSpec>| {
        let stage = [blocks, vec![BlockSpec::new("flatten")]].concat();
        let stages = vec![stage, vec![BlockSpec::new("linear")]];
        Run::of(name, Spec { batch: 32, ..Spec::new(Choice::new("digits"), stages) }, 300)
    };
    let channels = BlockSpec::new("conv2d").with("channels", 8).with("kernel", 1);
    let features = [BlockSpec::new("patches").with("size", 1), BlockSpec::new("linear").with("units", 8)];
    let raft = BlockSpec::new("raft-mlp").with("expand", 2);
    let mixer = BlockSpec::new("mlp-mixer").with("expand", 2);
    vec![run("rafts", vec![channels, raft]), run("mixer", [features.to_vec(), vec![mixer]].concat())]
}
