//! Attention that says little to the answer can go, and the layers behind it make up for it: Lin et al. 2024.
//!
//! Three layers of attention and feed-forward on the small digits in sixteen squares, 200 steps of 16 samples; then two
//! of three attentions go. Test accuracy with seeds 11 to 18:
//!
//! | | |
//! | --- | --- |
//! | whole | 0.953 0.933 0.956 0.944 0.961 0.928 0.942 0.956 |
//! | the two of least transfer entropy taken out | 0.914 0.906 0.883 0.928 0.908 0.939 0.928 0.931 |
//! | two by chance | 0.722 0.344 0.883 0.928 0.300 0.442 0.928 0.692 |
//! | the two of least transfer entropy, faded out in 80 of 100 more steps, and taken out | 0.944 0.944 0.958 0.958 0.950 0.933 0.961 0.961 |
//!
//! Of four layers of 32 hidden units, 200 steps of 32 samples, half of the attention taken out leaves 0.944, 0.928 and
//! 0.922 of 0.947, 0.956 and 0.950 (seeds 11 to 13); by chance 0.542, 0.228 and 0.928; the layers that look at all
//! places most alike, 0.936, 0.928 and 0.831.

use super::networks::{past, rectified, squares};
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, work};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "attention-removal",
        name: "MLP Can Be A Good Transformer Learner",
        help: "The attention that changes the entropy of the answer least fades out, and the network answers as before.",
        source: "Lin et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The accuracy while two of three attentions fade, and the work once they are gone.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 4] = [
    beside(accuracy("at once"), accuracy("whole"), -0.1),
    beside(accuracy("at once"), accuracy("by chance"), -0.03),
    beside(accuracy("faded"), accuracy("whole"), -0.03),
    below(work("faded"), 0.8, work("whole")),
];

fn runs() -> Vec<Run> {
    let run = |name, then| Run { then, ..Run::of(name, spec(), 200) };
    let removed = |by: &str| Choice::new("attention-removal").with("by", by).with("remove", 0.66);
    let fading = removed("transfer-entropy").with("when", "gradually").with("steps", 80);
    vec![
        run("whole", Vec::new()),
        run("at once", vec![(removed("transfer-entropy"), 0)]),
        run("by chance", vec![(removed("chance"), 0)]),
        run("faded", vec![(fading, 100), (removed("faded"), 0)]),
    ]
}

fn spec() -> Spec {
    let norm = || BlockSpec::new("layer-norm");
    let attention = past(vec![norm(), BlockSpec::new("attention")]);
    let last = BlockSpec::new("linear").with("units", 16);
    let forward = past([vec![norm()], rectified(16).to_vec(), vec![last]].concat());
    let layers = vec![vec![attention, forward]; 3].concat();
    Spec { batch: 16, ..squares([layers, vec![norm(), BlockSpec::new("flatten")]].concat()) }
}
