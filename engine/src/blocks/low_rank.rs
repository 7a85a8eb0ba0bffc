//! A linear layer of low rank: `y = (x V) U + b`, `V [F, r]`, `U [r, units]` (Wei et al. 2024; Wei, Moalla, Pascanu and
//! Gulcehre 2024).
//!
//! The authors split a dense Gaussian draw by its singular values, `V = A √S`, `U = √S B`. Here the factors are drawn
//! evenly, and what that split brings about holds of them: both have the same norm, and their product has the variance
//! 1/F, by `var V = √(m / r) / F` and `var U = √(r / m) / r` for `m` units.

use super::{Block, guide, rows};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Two thin matrices in the place of one. Works on the last axis.
pub struct LowRank;

static META: Meta = Meta {
    id: "low-rank",
    name: "Low-rank linear",
    help: "Every unit is a weighted sum of a few sums of all inputs: two thin matrices in the place of one.",
    source: "Wei, Moalla, Pascanu and Gulcehre 2024",
};

static KNOBS: [Knob; 4] = [
    rows::UNITS,
    Knob {
        id: "rank",
        name: "Rank",
        help: "How many sums lie between; 0 takes a quarter of the smaller of inputs and units.",
        kind: KnobKind::Int { default: 0, min: 0, max: 4096 },
    },
    rows::BIAS,
    guide::KNOB,
];

impl Entry for LowRank {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for LowRank {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let inputs = match rows::inputs(b, x) {
            Ok(inputs) => inputs,
            Err(fault) => return fault,
        };
        let units = rows::size(node, "units", inputs);
        let rank = rows::size(node, "rank", inputs.min(units).div_ceil(4));
        let tilt = (units as f32 / rank as f32).sqrt();
        let factors = ["into".to_owned(), "out".to_owned()];
        let y = guide::guided(node, b, x, &factors, |b, x| {
            let middle = b.matmul("into", x, rank, tilt);
            b.matmul("out", middle, units, 1.0 / tilt)
        });
        rows::biased(node, b, y)
    }
}
