//! Forward-forward whose layers judge together: Lorberbom, Gat, Adi, Schwing and Hazan 2024.

use super::{Card, Claim, QUICK, Run, accuracy, at_least, below, layers};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "layer-collaboration",
        name: "Layer collaboration in forward-forward",
        help: "The paper has layers that share one judgement err less; on these small digits they err more, not less.",
        source: "Lorberbom, Gat, Adi, Schwing and Hazan 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "As soon as one stage tells the labels apart, the others' shares of the loss vanish, and they stop learning.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] =
    [at_least(accuracy("each alone"), 0.9), below(accuracy("all together"), 1.0, accuracy("each alone"))];

fn runs() -> Vec<Run> {
    let run = |name, rule: Choice| {
        let rule = rule.with("answer", "goodness");
        let spec = Spec { rule, ..Spec::new(Choice::new("digits"), layers(&[128; 3])) };
        Run { name, spec, steps: 1000, then: Vec::new() }
    };
    let rule = || Choice::new("forward-forward");
    vec![run("each alone", rule()), run("all together", rule().with("collaboration", "all"))]
}
