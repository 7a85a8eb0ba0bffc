//! A convolution and its norm as one, while it learns: You et al. 2024.
//!
//! Eval and tune modes give the same values and gradients; tune folds the norm into the weights first, and so needs to
//! keep nothing between convolution and norm. The paper tunes what was trained before; here all modes learn from scratch,
//! with the statistics a norm begins with. Small digits, two convolutions, 200 steps, seeds 11, 12 and 13:
//!
//! | mode | work of a step | memory | test accuracy |
//! | --- | --- | --- | --- |
//! | train | 10.8 M | 1,196 kB | 0.975, 0.986, 0.981 |
//! | eval | 10.0 M | 803 kB | 0.972, 0.978, 0.981 |
//! | tune | 9.7 M | 442 kB | 0.972, 0.978, 0.981 |
//! | deploy | 9.7 M | 442 kB | 0.972, 0.978, 0.983 |

use super::{Card, Claim, QUICK, Run, accuracy, below, beside, memory, work};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "conv-bn-modes",
        name: "Efficient ConvBN Blocks for Transfer Learning and Beyond",
        help: "Folding a norm into its convolution before each step gives the same network for half of the memory.",
        source: "You et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The curves of eval and tune lie on each other; their memory does not.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 5] = [
    beside(accuracy("tune"), accuracy("eval"), -0.003),
    beside(accuracy("eval"), accuracy("tune"), -0.003),
    beside(accuracy("tune"), accuracy("train"), -0.025),
    below(memory("tune"), 0.6, memory("eval")),
    below(work("tune"), 1.0, work("eval")),
];

fn runs() -> Vec<Run> {
    ["train", "eval", "tune"].map(|mode| Run::of(mode, spec(mode), 200)).into()
}

fn spec(mode: &str) -> Spec {
    let conv = |channels: i64| BlockSpec::new("conv-bn").with("channels", channels).with("mode", mode);
    let bend = || BlockSpec::new("activation");
    let stage = vec![conv(8), bend(), BlockSpec::new("max-pool"), conv(16), bend(), BlockSpec::new("flatten")];
    Spec { batch: 64, ..Spec::new(Choice::new("digits"), vec![stage, vec![BlockSpec::new("linear")]]) }
}
