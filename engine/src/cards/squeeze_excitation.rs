//! Channels weighed by what all of them show: Hu, Shen, Albanie, Sun and Wu 2018.
//!
//! Whether they help cannot be told on digits, whose channels all matter in every image. Two residual convolutions of
//! eight channels on the small digits, their means read out, 300 steps, seeds 11 to 14:
//!
//! | | work of a step | loss in training | test accuracy |
//! | --- | --- | --- | --- |
//! | with gates | 20.8 M | 0.369, 0.205, 0.446, 0.312 | 0.914, 0.956, 0.872, 0.928 |
//! | without | 20.5 M | 0.439, 0.271, 0.503, 0.360 | 0.864, 0.936, 0.878, 0.900 |
//!
//! On seeds 1 to 3: 0.911, 0.931, 0.886 with gates, 0.931, 0.892, 0.933 without. All places read out in the place of
//! their means, both reach 0.97 to 0.98.

use super::networks::past;
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, work};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "squeeze-excitation",
        name: "Squeeze-and-Excitation Networks",
        help: "Gates on channels, opened by the means of all of them, cost hardly any work; on digits they neither help nor harm.",
        source: "Hu, Shen, Albanie, Sun and Wu 2018",
    },
    runs,
    claims: &CLAIMS,
    watch: "The gates of one digit beside those of another: the later ones differ more.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] =
    [beside(accuracy("with gates"), accuracy("without"), -0.08), below(work("with gates"), 1.03, work("without"))];

fn runs() -> Vec<Run> {
    vec![Run::of("with gates", spec(true), 300), Run::of("without", spec(false), 300)]
}

fn spec(gates: bool) -> Spec {
    let conv = || BlockSpec::new("conv2d").with("channels", 8);
    let bend = || BlockSpec::new("activation");
    let mut branch = vec![conv(), BlockSpec::new("batch-norm")];
    branch.extend(gates.then(|| BlockSpec::new("squeeze-excite")));
    let unit = || vec![past(branch.clone()), bend()];
    let first = vec![conv(), bend()];
    let last = vec![BlockSpec::new("avg-pool").with("size", 4), BlockSpec::new("flatten")];
    let stage = [first, unit(), vec![BlockSpec::new("max-pool")], unit(), last].concat();
    Spec { batch: 64, ..Spec::new(Choice::new("digits"), vec![stage, vec![BlockSpec::new("linear")]]) }
}
