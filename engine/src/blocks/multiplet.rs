//! Multiplets of neurons that take means instead of sums ("An Informal Introduction to Multiplet Neural Networks").
//!
//! ```text
//! L_p(x; w) = Σ w_i x_i^p / Σ w_i x_i^(p−1)      w_i = exp(v_i) > 0, x_i > 0
//! ```
//!
//! The weighted Lehmer mean is the arithmetic one at p = 1, the harmonic one at p = 0, of two equally weighted inputs
//! the geometric one at p = ½, and it goes to the largest and the smallest input as p goes to ±∞. The neurons of one
//! multiplet share their weights and differ in p, which is learned and kept in ±8. The difference of two means, large p
//! less small p, separates XOR. Both sums are formed as `exp(v + p ln x)` by logarithms, so that nothing overflows.

use super::{Block, rows};
use crate::ir::{Graph, Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// `[.., F]` to `[.., units · exponents]`: for each unit its means, one beside the other. Works on the last axis.
pub struct Multiplet;

/// Bound on the exponents.
const STEEPEST: f32 = 8.0;

/// How far the first exponents lie from ½ on both sides.
const SPREAD: f32 = 3.0;

static META: Meta = Meta {
    id: "multiplet",
    name: "Multiplet",
    help: "Every unit gives several means of the inputs, from near the smallest to near the largest.",
    source: "\"An Informal Introduction to Multiplet Neural Networks\"",
};

static KNOBS: [Knob; 3] = [
    rows::UNITS,
    Knob {
        id: "exponents",
        name: "Exponents",
        help: "How many means each unit gives; they share its weights.",
        kind: KnobKind::Int { default: 2, min: 1, max: 8 },
    },
    Knob {
        id: "positive",
        name: "Made positive",
        help: "What makes the inputs positive: softplus, exp, or floor, which lifts what is below 0.001 to it.",
        kind: KnobKind::Choice { default: "softplus", options: &["softplus", "exp", "floor"] },
    },
];

impl Entry for Multiplet {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Multiplet {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let inputs = match rows::inputs(b, x) {
            Ok(inputs) => inputs,
            Err(fault) => return fault,
        };
        let units = rows::size(node, "units", inputs);
        let exponents = node.knobs.size("exponents");
        let flat = rows::rows(b, x);
        let count = b.g.shape(flat)[0];
        let log = logarithm(b.g, node.knobs.choice("positive"), flat);
        let log = b.g.reshape(log, [count, 1, 1, inputs]);
        let weight = rows::table(b, "weight", &[units, 1, inputs], Init::Uniform { bound: 0.5 });
        let learned = rows::table(b, "exponent", &[units, exponents, 1], Init::Constant(0.0));
        let exponent = kept(b.g, learned, exponents);
        let one = b.g.constant(1.0);
        let less = b.g.sub(exponent, one);
        let [above, below] = [exponent, less].map(|p| {
            let power = b.g.mul(p, log);
            let terms = b.g.add(power, weight);
            b.g.log_sum_exp(terms)
        });
        let log = b.g.sub(above, below);
        let mean = b.g.exp(log);
        if b.g.is_poisoned(mean) {
            return mean;
        }
        let mean = b.g.reshape(mean, [count, units * exponents]);
        rows::in_place(b, mean, x)
    }
}

/// The exponents `[.., units, K, 1]` as they count: `learned` is how far they are from where they began, from ½ − 3 to
/// ½ + 3 in equal steps; one alone begins as the arithmetic mean.
fn kept(g: &mut Graph, learned: Value, count: usize) -> Value {
    let first = if count == 1 {
        g.constant(1.0)
    } else {
        let number = g.iota(count);
        let step = g.scale(number, 2.0 * SPREAD / (count - 1) as f32);
        let start = g.constant(0.5 - SPREAD);
        let ramp = g.add(step, start);
        g.reshape(ramp, [count, 1])
    };
    let sum = g.add(learned, first);
    let (low, high) = (g.constant(-STEEPEST), g.constant(STEEPEST));
    let sum = g.maximum(sum, low);
    g.minimum(sum, high)
}

/// The logarithm of what is made of `x` by a curve that is positive everywhere.
fn logarithm(g: &mut Graph, curve: &str, x: Value) -> Value {
    let positive = match curve {
        "exp" => {
            // The exponential of more than that, and its powers, leave 32 bits.
            let (low, high) = (g.constant(-20.0), g.constant(20.0));
            let above = g.maximum(x, low);
            return g.minimum(above, high);
        }
        "floor" => {
            let least = g.constant(1e-3);
            g.maximum(x, least)
        }
        _ => {
            let curve = g.softplus(x);
            // Far below 0 a softplus is 0 to 32 bits, which has no logarithm.
            let least = g.constant(1e-6);
            g.add(curve, least)
        }
    };
    g.ln(positive)
}
