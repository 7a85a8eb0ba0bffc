//! Transformer layers without a way past attention, without values, and with fewer weights: He and Hofmann 2024.
//!
//! Shaped attention begins as the identity and so replaces the way past it. Four layers on the small digits in sixteen
//! squares, 300 steps, seeds 11, 12 and 13:
//!
//! | | parameters | work of a step | test accuracy |
//! | --- | --- | --- | --- |
//! | usual layers | 11,834 | 36.5 M | 0.964, 0.972, 0.967 |
//! | SAS-P: shaped, parallel, no way past | 9,454 | 30.1 M | 0.964, 0.975, 0.975 |
//! | no way past attention, not shaped | 11,834 | 36.4 M | 0.756, 0.786, 0.747 |

use super::networks::{past, rectified, squares};
use super::{Card, Claim, Form, QUICK, Run, accuracy, below, beside, parameters, span, work};
use crate::registry::Meta;
use crate::spec::BlockSpec;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "simplified-transformer",
        name: "Simplifying Transformer Blocks",
        help: "Attention that begins as the identity needs no way past it, no values, and fewer steps in series.",
        source: "He and Hofmann 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The maps of attention: a diagonal at first, from which looking elsewhere grows.",
    seconds: 40,
    quick: Some(Form { runs: quick, claims: &SHORT, seconds: QUICK }),
};

static CLAIMS: [Claim; 5] = claims(-0.02);

/// Three layers and fewer steps: the simplified ones are a point or two behind.
static SHORT: [Claim; 5] = claims(-0.04);

const fn claims(least: f64) -> [Claim; 5] {
    [
        beside(accuracy("simplified"), accuracy("usual"), least),
        beside(accuracy("simplified"), accuracy("not shaped"), 0.08),
        below(parameters("simplified"), 0.85, parameters("usual")),
        below(work("simplified"), 0.85, work("usual")),
        below(span("simplified"), 0.7, span("usual")),
    ]
}

fn runs() -> Vec<Run> {
    all(4, 300)
}

fn quick() -> Vec<Run> {
    all(3, 200)
}

fn all(layers: usize, steps: u64) -> Vec<Run> {
    let stack = |order: &str| {
        vec![BlockSpec::new("transformer").with("order", order.repeat(layers).as_str()).with("expand", 2)]
    };
    let forward =
        [vec![BlockSpec::new("layer-norm")], rectified(32).to_vec(), vec![BlockSpec::new("linear").with("units", 16)]];
    let bare = vec![BlockSpec::new("layer-norm"), BlockSpec::new("attention"), past(forward.concat())];
    let run = |name, blocks: Vec<BlockSpec>| {
        let end = vec![BlockSpec::new("layer-norm"), BlockSpec::new("flatten")];
        Run::of(name, squares([blocks, end].concat()), steps)
    };
    vec![run("usual", stack("sf")), run("simplified", stack("q")), run("not shaped", vec![bare; layers].concat())]
}
