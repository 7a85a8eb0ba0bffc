//! Units that are absent at random cannot rely on each other: Hinton et al. 2012.
//!
//! Where samples are learnt by heart. A fifth of the units absent gained 2.4 to 7.7 points on seeds 11–13. Half of them,
//! as in the paper, whose layers have 800 units and more, gained nothing with 128 units and up to 3 points with 256. On a
//! thousand digits of MNIST, half of 200 units gained nothing either; with a fifth of the pixels absent besides, 0.5 to
//! 0.9 points.

use super::{Card, Claim, Form, QUICK, Run, accuracy, beside, deep};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "dropout",
        name: "Improving neural networks by preventing co-adaptation of feature detectors",
        help: "With a fifth of its units absent at each step, a network that learns its samples by heart reads new ones better.",
        source: "Hinton, Srivastava, Krizhevsky, Sutskever and Salakhutdinov 2012",
    },
    runs,
    claims: &CLAIMS,
    watch: "The gap between training and test accuracy: without dropout all samples are learnt within a few hundred steps.",
    seconds: 40,
    quick: Some(Form { runs: quick, claims: &SHORT, seconds: QUICK }),
};

static CLAIMS: [Claim; 1] = [beside(accuracy("dropout"), accuracy("all units"), 0.02)];

static SHORT: [Claim; 1] = [beside(accuracy("dropout"), accuracy("all units"), 0.01)];

fn runs() -> Vec<Run> {
    pair(256)
}

fn quick() -> Vec<Run> {
    pair(128)
}

fn pair(units: i64) -> Vec<Run> {
    let run = |name, absent| {
        let stages = stages(units, absent);
        Run { name, spec: Spec { stages, ..deep(Choice::new("backprop")) }, steps: 1500, then: Vec::new() }
    };
    vec![run("all units", false), run("dropout", true)]
}

/// Two rectified layers, each with a dropout of 0.2 behind it or none, and a read-out.
fn stages(units: i64, absent: bool) -> Vec<Vec<BlockSpec>> {
    let mut hidden = vec![BlockSpec::new("linear").with("units", units), BlockSpec::new("activation")];
    hidden.extend(absent.then(|| BlockSpec::new("dropout")));
    let mut stages = vec![hidden; 2];
    stages.push(vec![BlockSpec::new("linear")]);
    stages
}
