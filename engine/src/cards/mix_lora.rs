//! Experts that are small changes of one frozen network learn several styles at once: MixLoRA, Li et al. 2024.
//!
//! Two residual feed-forward layers of 64 hidden units know the small digits after 400 steps. Then a third of the samples
//! are negatives and a third turned by a quarter, 400 steps more, the linear layers frozen. Test accuracy over all
//! three styles, mean of the seeds 1 to 3 and 11 to 15, with the least and the greatest:
//!
//! | | |
//! | --- | --- |
//! | nothing learned on | 0.385 (0.361 to 0.400) |
//! | four experts, changes of rank 2, two for each sample | 0.918 (0.897 to 0.950) |
//! | one change of rank 7: as many weights | 0.933 (0.917 to 0.950) |
//! | one change of rank 4: as many at work | 0.924 (0.900 to 0.936) |
//! | all weights | 0.953 (0.942 to 0.964) |
//!
//! That the mixture is better than one change of as many weights, which is the paper's claim for tasks of language, does
//! not show: it is within a few points of it on each seed, with half of its changes at work on a sample.

use super::networks::{past, rectified};
use super::{Card, Claim, QUICK, Run, accuracy, below, beside, parameters};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "mix-lora",
        name: "MixLoRA",
        help: "Experts that are small changes of one frozen network learn several styles nearly as well as one larger change.",
        source: "Li et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "Which experts the samples of a style go to: nobody tells the router the styles.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("four changes"), accuracy("as before"), 0.4),
    beside(accuracy("four changes"), accuracy("one larger change"), -0.06),
    below(parameters("four changes"), 1.02, parameters("one larger change")),
];

fn runs() -> Vec<Run> {
    let linear = || BlockSpec::new("linear").with("units", 32);
    let norm = || BlockSpec::new("layer-norm");
    let layer = || past([vec![norm()], rectified(64).to_vec(), vec![linear()]].concat());
    let stages = vec![vec![linear(), layer(), layer(), norm()], vec![BlockSpec::new("linear")]];
    let run = |name, then| Run { then, ..Run::of(name, Spec::new(Choice::new("digits"), stages.clone()), 400) };
    let mixed = |steps| (Choice::new("restyled-digits").with("style", "mixed"), steps);
    let attach = |experts: i64, rank: i64| {
        let by = Choice::new("attach-lora").with("rank", rank);
        (if experts > 1 { by.with("experts", experts) } else { by }, 0)
    };
    vec![
        run("as before", vec![mixed(0)]),
        run("four changes", vec![attach(4, 2), mixed(400)]),
        run("one larger change", vec![attach(1, 7), mixed(400)]),
    ]
}
