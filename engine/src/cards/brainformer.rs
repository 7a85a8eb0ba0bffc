//! One layer of experts in the place of dense ones, attention behind it: Brainformers, Zhou et al. 2023.
//!
//! The next character of Shakespeare's plays from the last 32; `s` attention, `f` feed-forward, `m` two of four
//! experts, each of these with a way past. 250 steps, worst, mean and best of seeds 11 to 18:
//!
//! | order | work of a step | loss in training | test accuracy |
//! | --- | --- | --- | --- |
//! | msf | 68.3 M | 2.310 to 2.353 | 0.301, 0.311, 0.320 |
//! | smsf, as the experts of GLaM stand | 89.0 M | 2.318 to 2.371 | 0.304, 0.311, 0.316 |
//! | sfff | 67.9 M | 2.384 to 2.466 | 0.280, 0.294, 0.302 |
//!
//! On seeds 1 to 3 the lead of `msf` over `sfff`, two points in the mean above, is 2, 0 and −1. Of eight orders tried
//! by hand on seeds 11 and 12, 300 steps, `msf` was the best for its work: 0.332, 0.317; `smf` with the same layers
//! 0.297, 0.313; `smsm` 0.321, 0.326; `sfsfsf` 0.323, 0.315 at 109.2 M. The paper searches among more, on far larger
//! networks, and times them; the time is not claimed here.

use super::networks::rectified;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, loss, work};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "brainformer",
        name: "Brainformers: Trading Simplicity for Efficiency",
        help: "Experts, then attention, then a dense layer fit text sooner than attention and dense layers of as much work.",
        source: "Zhou et al. 2023",
    },
    runs,
    claims: &CLAIMS,
    watch: "Loss by work rather than by step; and the shares of the experts.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    below(loss("msf"), 1.0, loss("sfff")),
    beside(accuracy("msf"), accuracy("sfff"), -0.02),
    beside(accuracy("msf"), accuracy("smsf"), -0.04),
    below(work("msf"), 0.8, work("smsf")),
];

fn runs() -> Vec<Run> {
    let run = |name| {
        let experts = BlockSpec::new("route").with("experts", 4).routed(Choice::new("top-k"));
        let expert = [rectified(64).to_vec(), vec![BlockSpec::new("linear").with("units", 32)]].concat();
        let stack = BlockSpec::new("brainformer").with("order", name).with("expand", 2);
        let stack = stack.with("mask", "causal").with("positions", "rotary").holding(vec![experts.holding(expert)]);
        let stage = vec![BlockSpec::new("embedding").with("width", 32), stack, BlockSpec::new("layer-norm")];
        let data = Choice::new("text").with("length", 32).with("share", 0.3);
        Run::of(name, Spec { batch: 16, ..Spec::new(data, vec![stage, vec![BlockSpec::new("linear")]]) }, 250)
    };
    vec![run("msf"), run("smsf"), run("sfff")]
}
