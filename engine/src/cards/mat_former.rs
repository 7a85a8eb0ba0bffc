//! Small networks inside a large one, trained together: MatFormer, Devvrit et al. 2024.
//!
//! Three feed-forward blocks of 64 hidden units on the small digits, 600 steps, test accuracy with seeds 11 to 13:
//!
//! | used | nested | plain |
//! | --- | --- | --- |
//! | 8 units | 0.969 0.969 0.986 | 0.381 0.369 0.325 |
//! | 16 units | 0.975 0.978 0.975 | |
//! | 32 units | 0.972 0.972 0.975 | 0.714 0.631 0.722 |
//! | all | 0.981 0.978 0.975 | 0.981 0.969 0.981 |
//! | 32, 16 and 8, falling | 0.961 0.972 0.972 | |
//! | 8, 16 and 32, rising | 0.928 0.944 0.953 | |
//!
//! A network of 8 units that is trained alone, as long as the four together, comes to 0.953 to 0.972. Widths that were
//! never trained together (mix and match) work at once; falling ones do better here than rising ones.

use super::networks::past;
use super::{Card, Claim, QUICK, Run, accuracy, beside};
use crate::registry::Meta;
use crate::spec::{BlockSpec, Choice, Spec};

pub static CARD: Card = Card {
    meta: &Meta {
        id: "mat-former",
        name: "MatFormer: Nested Transformer for Elastic Inference",
        help: "Layers trained at four widths by turns answer at each of them, and at mixtures, as a layer of that width.",
        source: "Devvrit et al. 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "Turn the granularity of the blocks while it runs: an eighth of the units answers as all of them do.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 5] = [
    beside(accuracy("nested, an eighth"), accuracy("plain, an eighth"), 0.3),
    beside(accuracy("nested, an eighth"), accuracy("nested, whole"), -0.03),
    beside(accuracy("nested, an eighth"), accuracy("small, alone"), -0.02),
    beside(accuracy("nested, whole"), accuracy("plain, whole"), -0.02),
    beside(accuracy("nested, falling"), accuracy("nested, whole"), -0.05),
];

fn runs() -> Vec<Run> {
    let run = |name, hidden: i64, nested: bool, used: [&str; 3]| {
        let layer = |used| {
            let layer = BlockSpec::new("nested-ffn").with("hidden", hidden).with("nested", nested);
            past(vec![BlockSpec::new("layer-norm"), layer.with("granularity", used)])
        };
        let first = BlockSpec::new("linear").with("units", 32);
        let stage = [vec![first], used.map(layer).to_vec(), vec![BlockSpec::new("layer-norm")]].concat();
        Run::of(name, Spec::new(Choice::new("digits"), vec![stage, vec![BlockSpec::new("linear")]]), 600)
    };
    vec![
        run("nested, an eighth", 64, true, ["eighth"; 3]),
        run("nested, whole", 64, true, ["whole"; 3]),
        run("nested, falling", 64, true, ["half", "quarter", "eighth"]),
        run("plain, an eighth", 64, false, ["eighth"; 3]),
        run("plain, whole", 64, false, ["whole"; 3]),
        run("small, alone", 8, false, ["whole"; 3]),
    ]
}
