//! Forward-forward with a goodness for each class, and blocks of several layers: Krutsylo 2025.

use super::{Card, Claim, QUICK, Run, accuracy, beside, layers};
use crate::registry::Meta;
use crate::spec::{Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "scalable-forward-forward",
        name: "Scalable forward-forward",
        help: "Layers learn alone from a goodness for each class, with no wrong labels; on this task larger blocks add nothing to it.",
        source: "Krutsylo 2025",
    },
    runs,
    claims: &CLAIMS,
    watch: "Put layers together in one stage: the paper has such blocks ahead of backpropagation; here they learn alike.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 3] = [
    beside(accuracy("blocks of two"), accuracy("layer by layer"), -0.05),
    beside(accuracy("layer by layer"), accuracy("backprop"), -0.03),
    beside(accuracy("layer by layer"), accuracy("last stage only"), 0.2),
];

fn runs() -> Vec<Run> {
    let run = |name, rule, stages| {
        let spec = Spec { rule: Choice::new(rule), ..Spec::new(Choice::new("mnist1d"), stages) };
        Run { name, spec, steps: 1000, then: Vec::new() }
    };
    let single = || layers(&[64; 4]);
    let mut hidden = single();
    let last = hidden.pop();
    let doubled = hidden.chunks(2).map(<[_]>::concat).chain(last).collect();
    vec![
        run("backprop", "backprop", single()),
        run("layer by layer", "scalable-forward-forward", single()),
        run("blocks of two", "scalable-forward-forward", doubled),
        run("last stage only", "shallow", single()),
    ]
}
