//! Noise on the gradient starts a network that is too deep for its initial weights: Neelakantan et al. 2015.
//!
//! The paper's network, twenty layers of fifty units, on the small digits. With initial weights of variance 1/inputs each
//! relu halves what comes through, so that a millionth of the gradient's square arrives at the first layer. Both runs
//! have the rate, of 0.03, 0.1, 0.2 and 0.4, that did best on seeds 11–13. There, after 1,000 steps, plain descent reads
//! 46 to 64 % of the digits and noise 73 to 86 %; after 2,000 steps it is 78 to 96 % and 86 to 97 %. The claim is about
//! plain descent: half the steps of Adam, without noise, come to 85 to 94 %.

use super::{Card, Claim, QUICK, Run, accuracy, beside, digits};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "gradient-noise",
        name: "Adding gradient noise improves learning for very deep networks",
        help: "Where plain descent is long stuck in twenty layers, noise that dies away gets it going.",
        source: "Neelakantan, Vilnis, Le, Sutskever, Kaiser, Kurach and Martens 2015",
    },
    runs,
    claims: &CLAIMS,
    watch: "The length of the gradient at the first stages: next to nothing for hundreds of steps, until it breaks out.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 1] = [beside(accuracy("noise"), accuracy("plain descent"), 0.1)];

fn runs() -> Vec<Run> {
    let run = |name, rule| {
        let optimizer = Choice::new("sgd").with("momentum", 0.0);
        let spec = Spec { stages: stages(), optimizer, rate: 0.1, clip: 10.0, ..digits(rule) };
        Run { name, spec, steps: 1000, then: Vec::new() }
    };
    vec![run("plain descent", Choice::new("backprop")), run("noise", Choice::new("gradient-noise").with("noise", 0.3))]
}

/// Twenty rectified layers of 50 units, and a read-out.
fn stages() -> Vec<Vec<BlockSpec>> {
    let linear = || BlockSpec::new("linear").with("init", "lecun");
    let hidden = || vec![linear().with("units", 50), BlockSpec::new("activation")];
    let mut stages: Vec<_> = std::iter::repeat_with(hidden).take(20).collect();
    stages.push(vec![linear()]);
    stages
}
