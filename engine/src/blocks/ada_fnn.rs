//! The adaptive basis layer: curves met through learned functions of time.
//!
//! c_k = ⟨β_k, X⟩ = ∫ β_k(t) X(t) dt ≈ Σ_j ω_j β_k(t_j) X(t_j),  t_j = j / (T − 1)
//!
//! with trapezoid weights ω and each β_k a small network from time to a number. Its two regularisers:
//! λ₁ / (K (K − 1)) · Σ_{i<j} |⟨β_i, β_j⟩| / (‖β_i‖ ‖β_j‖)  and  λ₂ · mean_k ∫ |β_k(t)| dt
//! (Yao, Mueller and Wang 2021), here over all pairs and all functions at every step.

use super::Block;
use super::series::series;
use crate::ir::{Graph, Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A curve `[B, T]` or `[B, T, 1]`, seen at T even moments of [0, 1], to `[B, functions]`.
pub struct AdaFnn;

static META: Meta = Meta {
    id: "ada-fnn",
    name: "Adaptive basis",
    help: "Describes a curve by its inner products with functions of time, which small networks learn.",
    source: "Yao, Mueller and Wang 2021 (AdaFNN)",
};

static KNOBS: [Knob; 5] = [
    Knob {
        id: "functions",
        name: "Functions",
        help: "How many basis functions there are.",
        kind: KnobKind::Int { default: 4, min: 1, max: 64 },
    },
    Knob {
        id: "hidden",
        name: "Hidden units",
        help: "Width of the layers of each function's network.",
        kind: KnobKind::Int { default: 16, min: 1, max: 256 },
    },
    Knob {
        id: "layers",
        name: "Layers",
        help: "Hidden layers of each function's network.",
        kind: KnobKind::Int { default: 2, min: 1, max: 6 },
    },
    Knob {
        id: "orthogonality",
        name: "Orthogonality",
        help: "Weight of the penalty on functions that point the same way.",
        kind: KnobKind::Float { default: 0.0, min: 0.0, max: 100.0, live: false },
    },
    Knob {
        id: "sparsity",
        name: "Sparsity",
        help: "Weight of the penalty on functions that are not 0 for most of the time.",
        kind: KnobKind::Float { default: 0.0, min: 0.0, max: 100.0, live: false },
    },
];

impl Entry for AdaFnn {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for AdaFnn {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        if let Some(fault) = super::outside_experts(b) {
            return fault;
        }
        let (x, places) = match series(b, x) {
            Ok(series) => series,
            Err(fault) => return fault,
        };
        if places < 2 {
            return b.fault(format!("a curve is not known from {places} value"), "give it samples of 2 values or more");
        }
        let functions = node.knobs.size("functions");
        let basis = basis(node, b, functions, places);
        if b.g.is_poisoned(basis) {
            return basis;
        }
        let moments = moments(b.g, places);
        let weighted = b.g.mul(basis, moments);
        let (orthogonality, sparsity) = (node.knobs.float("orthogonality"), node.knobs.float("sparsity"));
        if orthogonality > 0.0 && functions > 1 {
            let loss = likeness(b.g, basis, weighted);
            let loss = b.g.scale(loss, orthogonality as f32);
            b.penalise(loss);
        }
        if sparsity > 0.0 {
            let size = b.g.abs(basis);
            let area = b.g.mul(size, moments);
            let area = b.g.total(area);
            let loss = b.g.scale(area, sparsity as f32 / functions as f32);
            b.penalise(loss);
        }
        b.g.matmul_t(x, weighted, false, true)
    }
}

/// ω: `[T]`.
fn moments(g: &mut Graph, places: usize) -> Value {
    let (first, last, half) = (g.constant(0.0), g.constant((places - 1) as f32), g.constant(0.5));
    let number = g.iota(places);
    let (first, last) = (g.eq(number, first), g.eq(number, last));
    let end = g.add(first, last);
    let lacking = g.mul(end, half);
    let one = g.constant(1.0);
    let weight = g.sub(one, lacking);
    g.scale(weight, 1.0 / (places - 1) as f32)
}

/// β_k(t_j): `[K, T]`. The networks lie side by side like experts, each with the same T moments as its rows.
fn basis(node: &Node, b: &mut Build, functions: usize, places: usize) -> Value {
    let rows = functions * places;
    let number = b.g.iota(places);
    let time = b.g.scale(number, 1.0 / (places - 1) as f32);
    let time = b.g.reshape(time, [1, places]);
    let time = b.g.broadcast(time, [functions, places]);
    let time = b.g.reshape(time, [rows, 1]);
    let size = b.g.constant(places as f32);
    let sizes = b.g.broadcast(size, [functions]);
    let of_row = b.g.iota(functions);
    let of_row = b.g.reshape(of_row, [functions, 1]);
    let of_row = b.g.broadcast(of_row, [functions, places]);
    let of_row = b.g.reshape(of_row, [rows]);
    let (hidden, layers) = (node.knobs.size("hidden"), node.knobs.size("layers"));
    let values = b.grouped(functions, sizes, of_row, |b| {
        let last = (1..=layers).fold(time, |x, layer| {
            // Steep first layers with their bends all over [0, 1]: else every function begins as nearly a constant.
            let (gain, spread) = if layer == 1 { (16.0, 4.0) } else { (2.0, 0.5) };
            let y = b.matmul(&format!("layer {layer}"), x, hidden, gain);
            let bias = b.per_feature(&format!("bias {layer}"), hidden, Init::Uniform { bound: spread });
            let y = b.g.add(y, bias);
            b.g.tanh(y)
        });
        let y = b.matmul("value", last, 1, 1.0);
        let bias = b.per_feature("value bias", 1, Init::Constant(0.0));
        b.g.add(y, bias)
    });
    b.g.reshape(values, [functions, places])
}

/// 1 / (K (K − 1)) · Σ_{i<j} of the size of the cosine between β_i and β_j.
fn likeness(g: &mut Graph, basis: Value, weighted: Value) -> Value {
    let functions = g.shape(basis)[0];
    let products = g.matmul_t(weighted, basis, false, true);
    let square = g.mul(weighted, basis);
    let square = g.sum(square, &[1]);
    let tiny = g.constant(1e-12);
    let square = g.add(square, tiny);
    let length = g.sqrt(square);
    let across = g.reshape(length, [1, functions]);
    let lengths = g.mul(length, across);
    let cosine = g.div(products, lengths);
    let cosine = g.abs(cosine);
    let number = g.iota(functions);
    let column = g.reshape(number, [functions, 1]);
    let above = g.lt(column, number);
    let pairs = g.mul(cosine, above);
    let sum = g.total(pairs);
    g.scale(sum, 1.0 / (functions * (functions - 1)) as f32)
}
