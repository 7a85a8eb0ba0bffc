//! What the blocks share that work on the last axis alone.

use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Knob, KnobKind};

/// The knob of how many features a block gives.
pub const UNITS: Knob = Knob {
    id: "units",
    name: "Units",
    help: "How many features to give; 0 gives as many as come in.",
    kind: KnobKind::Int { default: 0, min: 0, max: 4096 },
};

pub const BIAS: Knob =
    Knob { id: "bias", name: "Bias", help: "Adds a constant to every unit.", kind: KnobKind::Bool { default: true } };

/// How many features `x [B, …, F]` has, or the fault that it has none.
pub fn inputs(b: &mut Build, x: Value) -> Result<usize, Value> {
    let shape = b.g.shape(x).clone();
    if shape.rank() < 2 || shape.size() == 0 {
        return Err(b.fault(format!("there are no features in {shape}"), "give it samples with features"));
    }
    Ok(shape.last())
}

/// The knob `id`, or `default` where it is 0.
pub fn size(node: &Node, id: &str, default: usize) -> usize {
    match node.knobs.size(id) {
        0 => default,
        size => size,
    }
}

/// `y [.., units]` with a constant of its own added to every unit, where the knob says so.
pub fn biased(node: &Node, b: &mut Build, y: Value) -> Value {
    if !node.knobs.bool("bias") || b.g.is_poisoned(y) {
        return y;
    }
    let units = b.g.shape(y).last();
    let bias = b.per_feature("bias", units, Init::Constant(0.0));
    b.g.add(y, bias)
}

/// `x [.., F]` to mean 0 and variance 1 over its last axis; by the knob `epsilon`.
pub fn standardised(node: &Node, b: &mut Build, x: Value) -> Value {
    let axis = b.g.shape(x).rank().saturating_sub(1);
    let mean = b.g.mean(x, &[axis]);
    let centred = b.g.sub(x, mean);
    let square = b.g.square(centred);
    let variance = b.g.mean(square, &[axis]);
    super::over_root(b, centred, variance, node)
}

/// `x [B, …, F]` as rows `[R, F]`: inside experts it is that already.
pub fn rows(b: &mut Build, x: Value) -> Value {
    let shape = b.g.shape(x).clone();
    let width = shape.last();
    b.g.reshape(x, [shape.size() / width.max(1), width])
}

/// A table `[extents]` of weights for rows `[R, …]`: `[1, extents]`, or `[R, extents]` with each row its expert's.
pub fn table(b: &mut Build, name: &str, extents: &[usize], init: Init) -> Value {
    let flat = b.per_feature(name, extents.iter().product(), init);
    if b.g.is_poisoned(flat) {
        return flat;
    }
    let shape = b.g.shape(flat).clone();
    let each = if shape.rank() == 1 { 1 } else { shape[0] };
    b.g.reshape(flat, [&[each], extents].concat())
}

/// Rows `y [R, U]` in the places of `x [B, …, F]`: `[B, …, U]`.
pub fn in_place(b: &mut Build, y: Value, x: Value) -> Value {
    if b.g.is_poisoned(y) {
        return y;
    }
    let units = b.g.shape(y).last();
    let mut shape = b.g.shape(x).clone();
    if let Some(last) = shape.0.last_mut() {
        *last = units;
    }
    b.g.reshape(y, shape)
}
