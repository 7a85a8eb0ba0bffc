//! Kolmogorov–Arnold layers whose functions are made of an activation ("AF-KAN"), and ReLU-KAN among them (Qiu et al.
//! 2024).
//!
//! ```text
//! low_i = i / g, high_i = low_i + (k + 1) / g, i = −k … g − 1      both learned      k = 3
//! a = act(x − low_i), b = act(high_i − x)
//! relu-kan: R_i = (16 g⁴ / (k + 1)⁴) (a b)², act = relu      y = Σ c_qpi R_i(x_p)                       F (g + k) weights a unit
//! af-kan:   f = combination(a, b) brought to [0, 1] over i      z_p = Σ_i softmax_i(f A + c) f_i      y = (z + act(x)) W
//! ```
//!
//! In AF-KAN the g + k functions of an input are reduced to one number by attention, with weights that all inputs share,
//! so that there are F weights a unit and O((g + k)²) besides. The paper scales `f` to length 1 first, which the scaling
//! to [0, 1] undoes. How the branch `act(x)` is joined is our reading. Its inputs are first brought to mean 0 and
//! variance 1.

use super::{Block, EPSILON, activation, bases, rows};
use crate::ir::{Graph, Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// `[.., F]` to `[.., units]` through functions made of pairs of activations. Works on the last axis.
pub struct ActivationKan;

static META: Meta = Meta {
    id: "af-kan",
    name: "Activation-based KAN layer",
    help: "A KAN layer whose curves are made of pairs of activations, and weighed by attention in the place of weights.",
    source: "\"AF-KAN: Activation Function-Based Kolmogorov–Arnold Networks\"; relu-kan: Qiu et al. 2024",
};

static KNOBS: [Knob; 6] = [
    Knob {
        id: "form",
        name: "Form",
        help: "af-kan reduces each input's functions to one number; relu-kan has a weight for each and is made of relu.",
        kind: KnobKind::Choice { default: "af-kan", options: &["af-kan", "relu-kan"] },
    },
    Knob {
        id: "combination",
        name: "Combination",
        help: "What af-kan makes of two activations: quad-1 (ab)², quad-2 ab + a² + b², sum, product, sum-product, cubic-1 (a+b)(a²+b²), cubic-2 (ab)³.",
        kind: KnobKind::Choice {
            default: "quad-1",
            options: &["quad-1", "quad-2", "sum", "product", "sum-product", "cubic-1", "cubic-2"],
        },
    },
    Knob {
        id: "function",
        name: "Function",
        help: "The activation of af-kan.",
        kind: KnobKind::Choice { default: "silu", options: activation::CURVES },
    },
    rows::UNITS,
    bases::GRID,
    EPSILON,
];

impl Entry for ActivationKan {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for ActivationKan {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let inputs = match rows::inputs(b, x) {
            Ok(inputs) => inputs,
            Err(fault) => return fault,
        };
        let units = rows::size(node, "units", inputs);
        let grid = node.knobs.size("grid");
        let count = grid + bases::DEGREE;
        let flat = rows::rows(b, x);
        let samples = b.g.shape(flat)[0];
        if node.knobs.choice("form") == "relu-kan" {
            let column = b.g.reshape(flat, [samples, inputs, 1]);
            let [rising, falling] = pair(b, column, grid, "relu");
            let bump = combined(b.g, "quad-1", rising, falling);
            let width = (bases::DEGREE + 1) as f32 / grid as f32;
            let bump = b.g.scale(bump, 16.0 / width.powi(4));
            if b.g.is_poisoned(bump) {
                return bump;
            }
            let bumps = b.g.reshape(bump, [samples, inputs * count]);
            let y = b.matmul("weight", bumps, units, 1.0);
            return rows::in_place(b, y, x);
        }
        let function = node.knobs.choice("function");
        let flat = rows::standardised(node, b, flat);
        let column = b.g.reshape(flat, [samples, inputs, 1]);
        let [rising, falling] = pair(b, column, grid, function);
        let features = combined(b.g, node.knobs.choice("combination"), rising, falling);
        let features = stretched(b.g, features, node.knobs.float("epsilon") as f32);
        let reduced = attended(b, features);
        if b.g.is_poisoned(reduced) {
            return reduced;
        }
        let reduced = b.g.reshape(reduced, [samples, inputs]);
        let base = activation::bend(b.g, function, flat);
        let sum = b.g.add(reduced, base);
        let y = b.matmul("weight", sum, units, 1.0);
        rows::in_place(b, y, x)
    }
}

/// `act(x − low_i)` and `act(high_i − x)` of `x [R, F, 1]`: `[R, F, g + k]` each.
fn pair(b: &mut Build, x: Value, grid: usize, function: &str) -> [Value; 2] {
    let count = grid + bases::DEGREE;
    let number = b.g.iota(count);
    let first = b.g.constant(-(bases::DEGREE as f32));
    let number = b.g.add(number, first);
    let start = b.g.scale(number, 1.0 / grid as f32);
    let width = b.g.constant((bases::DEGREE + 1) as f32 / grid as f32);
    let end = b.g.add(start, width);
    let low = rows::table(b, "low", &[1, count], Init::Constant(0.0));
    let low = b.g.add(low, start);
    let high = rows::table(b, "high", &[1, count], Init::Constant(0.0));
    let high = b.g.add(high, end);
    let (above, below) = (b.g.sub(x, low), b.g.sub(high, x));
    [above, below].map(|v| activation::bend(b.g, function, v))
}

fn combined(g: &mut Graph, how: &str, a: Value, b: Value) -> Value {
    let product = g.mul(a, b);
    match how {
        "sum" => g.add(a, b),
        "product" => product,
        "sum-product" => {
            let sum = g.add(a, b);
            g.add(sum, product)
        }
        "cubic-2" => {
            let square = g.square(product);
            g.mul(square, product)
        }
        "quad-2" | "cubic-1" => {
            let (own, other) = (g.square(a), g.square(b));
            let squares = g.add(own, other);
            if how == "quad-2" {
                return g.add(product, squares);
            }
            let sum = g.add(a, b);
            g.mul(sum, squares)
        }
        _ => g.square(product),
    }
}

/// The last axis brought to [0, 1]; to 0 where all of it is the same.
fn stretched(g: &mut Graph, x: Value, epsilon: f32) -> Value {
    let axis = g.shape(x).rank().saturating_sub(1);
    let top = g.max(x, &[axis]);
    let below = g.neg(x);
    let below = g.max(below, &[axis]);
    let bottom = g.neg(below);
    let above = g.sub(x, bottom);
    let extent = g.sub(top, bottom);
    let least = g.constant(epsilon);
    let extent = g.add(extent, least);
    g.div(above, extent)
}

/// `Σ_i softmax_i(f A + c) f_i` of `f [R, F, n]`: `[R, F, 1]`.
fn attended(b: &mut Build, f: Value) -> Value {
    if b.g.is_poisoned(f) {
        return f;
    }
    let [samples, inputs, n] = [0, 1, 2].map(|axis| b.g.shape(f)[axis]);
    let bound = (3.0 / n as f32).sqrt();
    let weight = rows::table(b, "attention", &[1, n, n], Init::Uniform { bound });
    let bias = rows::table(b, "attention bias", &[1, n], Init::Constant(0.0));
    let column = b.g.reshape(f, [samples, inputs, n, 1]);
    let terms = b.g.mul(column, weight);
    let scores = b.g.sum(terms, &[2]);
    let scores = b.g.reshape(scores, [samples, inputs, n]);
    let scores = b.g.add(scores, bias);
    let shares = b.g.softmax(scores);
    let taken = b.g.mul(shares, f);
    b.g.sum(taken, &[2])
}
