//! Recurrences laid out in the graph, place after place of a sequence.

use crate::ir::{Graph, Init, Shape, Value};
use crate::net::{Build, Node};
use crate::registry::{Knob, KnobKind};

/// How many units a recurrent layer has.
pub const UNITS: Knob = Knob {
    id: "units",
    name: "Units",
    help: "How many numbers it remembers; 0 takes as many as its input has features.",
    kind: KnobKind::Int { default: 0, min: 0, max: 4096 },
};

/// What of a recurrence is passed on.
pub const OUTPUT: Knob = Knob {
    id: "output",
    name: "Output",
    help: "sequence: what it holds at every place; last: what it holds after the last one alone.",
    kind: KnobKind::Choice { default: "sequence", options: &["sequence", "last"] },
};

/// From which end a sequence is read.
pub const DIRECTION: Knob = Knob {
    id: "direction",
    name: "Direction",
    help: "forward reads from the first place to the last, backward from the last to the first.",
    kind: KnobKind::Choice { default: "forward", options: &["forward", "backward"] },
};

/// The knob [`UNITS`], for an input of `features`.
pub fn units(node: &Node, features: usize) -> usize {
    match node.knobs.size("units") {
        0 => features,
        units => units,
    }
}

/// What stands at each place of `x [B, T, …]`: `T` times `[B, …]`.
pub fn places(g: &mut Graph, x: Value) -> Vec<Value> {
    let [batch, len, rest @ ..] = &**g.shape(x) else { return vec![x] };
    let (len, shape) = (*len, Shape([&[*batch][..], rest].concat()));
    // All of them before anything else is made of them: the derivative then meets them one after the other, and lays
    // down what came back to them once.
    let parts: Vec<Value> = (0..len).map(|t| g.slice(x, 1, t, 1)).collect();
    parts.into_iter().map(|part| g.reshape(part, shape.clone())).collect()
}

/// The inverse of [`places`].
pub fn sequence(g: &mut Graph, places: &[Value]) -> Value {
    let rows: Vec<Value> = places
        .iter()
        .map(|&x| {
            let mut shape = g.shape(x).clone();
            shape.0.insert(shape.rank().min(1), 1);
            g.reshape(x, shape)
        })
        .collect();
    g.concat(&rows, 1)
}

/// Zeros `shape`: how states begin.
pub fn zeros(g: &mut Graph, shape: impl Into<Shape>) -> Value {
    let zero = g.constant(0.0);
    g.broadcast(zero, shape)
}

/// Goes along the sequences `xs`, each `[B, T, …]`, with a `state`, of which `step` makes the next; the first part of
/// each is passed on, as the knobs [`OUTPUT`] and, where there is one, [`DIRECTION`] say.
pub fn along<const M: usize, const N: usize>(
    node: &Node,
    g: &mut Graph,
    xs: [Value; M],
    mut state: [Value; N],
    mut step: impl FnMut(&mut Graph, [Value; M], [Value; N]) -> [Value; N],
) -> Value {
    let backward = node.block.knobs().contains(&DIRECTION) && node.knobs.choice("direction") == "backward";
    let at = xs.map(|x| places(g, x));
    let len = at.first().map_or(0, Vec::len);
    let mut seen = Vec::with_capacity(len);
    for i in 0..len {
        let t = if backward { len - 1 - i } else { i };
        state = step(g, std::array::from_fn(|m| at[m][t]), state);
        seen.push(state[0]);
    }
    if node.knobs.choice("output") == "last" {
        return state[0];
    }
    if backward {
        seen.reverse();
    }
    sequence(g, &seen)
}

/// The weights of gates that look at the input and at the state: `x W + b` of all places at once, and `h U + c` at each.
/// As in PyTorch, all begin uniform in ±1/√units, and both have a bias.
pub struct Gates {
    /// `[B, T, gates · units]`.
    pub input: Value,
    weight: Value,
    bias: Value,
    units: usize,
}

impl Gates {
    /// For `x [B, T, D]`.
    pub fn new(b: &mut Build, x: Value, units: usize, gates: usize) -> Self {
        let (inputs, wide) = (b.g.shape(x).last(), gates * units);
        let bound = 1.0 / (units.max(1) as f32).sqrt();
        let input = b.matmul("input-weight", x, wide, inputs as f32 / (3 * units.max(1)) as f32);
        let bias = b.param("input-bias", vec![wide], Init::Uniform { bound });
        let input = b.g.add(input, bias);
        let weight = b.param("state-weight", vec![units, wide], Init::Uniform { bound });
        let bias = b.param("state-bias", vec![wide], Init::Uniform { bound });
        Self { input, weight, bias, units }
    }

    /// What the state `h [B, units]` says: `[B, gates · units]`.
    pub fn of_state(&self, g: &mut Graph, h: Value) -> Value {
        let y = g.matmul(h, self.weight);
        g.add(y, self.bias)
    }

    /// Gate number `k` of `all [B, gates · units]`: `[B, units]`.
    pub fn gate(&self, g: &mut Graph, all: Value, k: usize) -> Value {
        g.slice(all, 1, k * self.units, self.units)
    }

    /// Gate number `k` of the input's and the state's say together, before its curve.
    pub fn sum(&self, g: &mut Graph, input: Value, state: Value, k: usize) -> Value {
        let (x, h) = (self.gate(g, input, k), self.gate(g, state, k));
        g.add(x, h)
    }
}
