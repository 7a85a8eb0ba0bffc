//! A perceptron with one weight more, for the product of its inputs ("More Consideration for the Perceptron").
//!
//! ```text
//! y = Σ w_i x_i + w_g p(x) + b      all: p = Π x_i      pairs: p = the mean of x_i x_j over all pairs i < j
//! ```
//!
//! Put an activation behind it. A single unit separates XOR; its boundary between two inputs is a hyperbola. The product
//! of many inputs vanishes where these are below 1, and explodes beyond: above about six inputs take the pairs.

use super::{Block, rows};
use crate::ir::{Graph, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Weighted sums of the inputs and of one product of them. Works on the last axis.
pub struct GatedPerceptron;

static META: Meta = Meta {
    id: "gated-perceptron",
    name: "Gated perceptron",
    help: "Weighted sums of all inputs and of their product, so that one unit alone separates XOR.",
    source: "\"More Consideration for the Perceptron\"",
};

static KNOBS: [Knob; 3] = [
    rows::UNITS,
    Knob {
        id: "product",
        name: "Product",
        help: "What the one weight more is for: all takes the product of all inputs, pairs the mean product of two.",
        kind: KnobKind::Choice { default: "all", options: &["all", "pairs"] },
    },
    rows::BIAS,
];

impl Entry for GatedPerceptron {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for GatedPerceptron {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let inputs = match rows::inputs(b, x) {
            Ok(inputs) => inputs,
            Err(fault) => return fault,
        };
        let units = rows::size(node, "units", inputs);
        let sums = b.matmul("weight", x, units, 1.0);
        let product = if node.knobs.choice("product") == "all" { product(b.g, x) } else { pairs(b.g, x) };
        let gated = b.matmul("product weight", product, units, 1.0);
        let y = b.g.add(sums, gated);
        rows::biased(node, b, y)
    }
}

/// The product along the last axis, which stays with extent 1. Halves are multiplied, so that no derivative divides by
/// an input, which may be 0.
fn product(g: &mut Graph, x: Value) -> Value {
    let axis = g.shape(x).rank() - 1;
    let mut at = x;
    loop {
        let width = g.shape(at).last();
        if width == 1 {
            return at;
        }
        let half = width / 2;
        let (left, right) = (g.slice(at, axis, 0, half), g.slice(at, axis, half, half));
        let joined = g.mul(left, right);
        let odd: Vec<Value> = (2 * half..width).map(|i| g.slice(at, axis, i, 1)).collect();
        at = g.concat(&[&[joined], &odd[..]].concat(), axis);
    }
}

/// The mean of `x_i x_j` over `i < j`, by `((Σ x)² − Σ x²) / (d (d − 1))`: the last axis stays with extent 1.
fn pairs(g: &mut Graph, x: Value) -> Value {
    let axis = g.shape(x).rank() - 1;
    let d = g.shape(x).last();
    let sum = g.sum(x, &[axis]);
    let whole = g.square(sum);
    let square = g.square(x);
    let own = g.sum(square, &[axis]);
    let twice = g.sub(whole, own);
    g.scale(twice, 1.0 / (d * (d - 1)).max(1) as f32)
}
