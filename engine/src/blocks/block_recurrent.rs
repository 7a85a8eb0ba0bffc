//! The cell of Block-Recurrent Transformers (Hutchins et al. 2022): a transformer layer that is applied along the
//! sequence, to a block of W tokens at a time, beside which it carries S state vectors. With norms before all products,
//!
//! ```text
//! tokens:  e ← e + [attend(Q_e^v, K_e, V_e) | attend(Q_s^v, K_s, V_s)] W_o,   e ← e + relu(e W₁ + b₁) W₂ + b₂
//! states:  h = [attend(Q_s^h, K_s, V_s) | attend(Q_e^h, K_e, V_e)],           z = h W_z + b_z
//!   fixed: c ← g ⊙ c + (1 − g) ⊙ z,   g = σ(b_g)
//!   lstm:  c ← σ(h W_f + b_f + 1) ⊙ c + σ(h W_i + b_i − 1) ⊙ tanh(z)
//! ```
//!
//! Keys and values of tokens (e) and of states (s) serve both directions, queries do not. A token sees itself and the
//! W − 1 tokens before it, across the border of its block. States go without a perceptron of their own: the paper's
//! "skip" cell, its best.

use super::{Block, Takes};
use crate::ir::{Graph, Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A recurrent transformer layer: `[B, T, D]` to the same shape, in time that grows with T alone. Positions within a
/// block are not its own matter: a block before it may add them.
pub struct BlockRecurrent;

static META: Meta = Meta {
    id: "block-recurrent",
    name: "Block-recurrent cell",
    help: "A transformer layer that goes along the sequence block by block, with vectors that remember.",
    source: "Hutchins et al. 2022",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "window",
        name: "Window",
        help: "Tokens of a block, and how far back a token looks.",
        kind: KnobKind::Int { default: 4, min: 1, max: 512 },
    },
    Knob {
        id: "states",
        name: "States",
        help: "How many vectors remember from block to block.",
        kind: KnobKind::Int { default: 4, min: 1, max: 512 },
    },
    Knob {
        id: "heads",
        name: "Heads",
        help: "Into how many parts attention cuts the features.",
        kind: KnobKind::Int { default: 2, min: 1, max: 64 },
    },
    Knob {
        id: "gate",
        name: "Gate",
        help: "How states are renewed: fixed by a learned share, lstm by gates that look at what is new.",
        kind: KnobKind::Choice { default: "fixed", options: &["fixed", "lstm"] },
    },
];

impl Entry for BlockRecurrent {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

/// Tokens or states, projected: `[B, heads, N, D / heads]` each.
#[derive(Clone, Copy)]
struct Heads {
    key: Value,
    value: Value,
    /// Asks among its own kind.
    own: Value,
    /// Asks the other kind.
    other: Value,
}

impl Block for BlockRecurrent {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [batch, len, features]) = match super::sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let [window, count, heads] = ["window", "states", "heads"].map(|id| node.knobs.size(id));
        if !features.is_multiple_of(heads) {
            let message = format!("{features} features do not divide into {heads} heads");
            return b.fault(message, "choose a number of heads that divides the features");
        }
        let normal = normal(b, "token-norm", x);
        let tokens = projected(b, "token", normal, heads);
        // States begin as nothing; what tells them apart is learned.
        let names = b.param("state-names", vec![count, features], Init::Normal { std: 1.0 });
        let zero = b.g.constant(0.0);
        let mut states = b.g.broadcast(zero, [batch, count, features]);
        let mut mixed = Vec::new();
        let mut before: Option<Heads> = None;
        for start in (0..len).step_by(window) {
            let width = window.min(len - start);
            let block = tokens.slice(b.g, start, width);
            let normal = self::normal(b, "state-norm", states);
            let named = b.g.add(normal, names);
            let held = projected(b, "state", named, heads);
            // Tokens: among themselves within the window, and to the states.
            let (key, value) = match before {
                None => (block.key, block.value),
                Some(last) => (b.g.concat(&[last.key, block.key], 2), b.g.concat(&[last.value, block.value], 2)),
            };
            let near = within(b.g, width, if before.is_some() { window } else { 0 }, window);
            let own = attend(b.g, block.own, key, value, Some(near));
            let other = attend(b.g, block.other, held.key, held.value, None);
            mixed.push(b.g.concat(&[own, other], 2));
            // States: among themselves, and to the tokens of the block.
            if start + width < len {
                let own = attend(b.g, held.own, held.key, held.value, None);
                let other = attend(b.g, held.other, block.key, block.value, None);
                let seen = b.g.concat(&[own, other], 2);
                states = renewed(node, b, states, seen);
            }
            before = Some(block);
        }
        let mixed = b.g.concat(&mixed, 1);
        let mixed = b.matmul("mix", mixed, features, 1.0);
        let y = b.g.add(x, mixed);
        let inner = self::normal(b, "inner-norm", y);
        let inner = affine(b, "inner", inner, 4 * features, 2.0, 0.0);
        let inner = b.g.relu(inner);
        let inner = affine(b, "outer", inner, features, 1.0, 0.0);
        b.g.add(y, inner)
    }
}

impl Heads {
    /// Places `start .. start + len`.
    fn slice(&self, g: &mut Graph, start: usize, len: usize) -> Self {
        let mut cut = |x| g.slice(x, 2, start, len);
        Self { key: cut(self.key), value: cut(self.value), own: cut(self.own), other: cut(self.other) }
    }
}

/// Keys, values and both queries of `x [B, N, D]`.
fn projected(b: &mut Build, name: &str, x: Value, heads: usize) -> Heads {
    let &[batch, len, features] = &**b.g.shape(x) else { return Heads { key: x, value: x, own: x, other: x } };
    let mut part = |what: &str| {
        let y = b.matmul(&format!("{name}-{what}"), x, features, 1.0);
        let y = b.g.reshape(y, [batch, len, heads, features / heads]);
        b.g.transpose(y, &[0, 2, 1, 3])
    };
    Heads { key: part("key"), value: part("value"), own: part("own-query"), other: part("other-query") }
}

/// `softmax(q kᵀ / √d) v` with its heads side by side again: `[B, N, D]`; where `allowed [N, M]` is 0 nothing is seen.
fn attend(g: &mut Graph, q: Value, k: Value, v: Value, allowed: Option<Value>) -> Value {
    let &[batch, heads, len, width] = &**g.shape(q) else { return q };
    let scores = g.matmul_t(q, k, false, true);
    let scores = g.scale(scores, 1.0 / (width.max(1) as f32).sqrt());
    let scores = match allowed {
        None => scores,
        Some(allowed) => {
            let never = g.constant(-1e9);
            g.select(allowed, scores, never)
        }
    };
    let share = g.softmax(scores);
    let y = g.matmul(share, v);
    let y = g.transpose(y, &[0, 2, 1, 3]);
    g.reshape(y, [batch, len, heads * width])
}

/// 1 where token `i` of a block may see place `j` of the `before` tokens before the block and its own `len`: itself and
/// the `window − 1` before it.
fn within(g: &mut Graph, len: usize, before: usize, window: usize) -> Value {
    let row = g.iota(len);
    let row = g.reshape(row, [len, 1]);
    let column = g.iota(before + len);
    let offset = g.constant(before as f32);
    let row = g.add(row, offset);
    // 0 for itself, then 1, 2, … backwards.
    let back = g.sub(row, column);
    let (now, far) = (g.constant(-0.5), g.constant(window as f32 - 0.5));
    let not_later = g.lt(now, back);
    let near = g.lt(back, far);
    g.mul(not_later, near)
}

/// The next states `[B, S, D]`, after what they saw, `[B, S, 2 D]`.
fn renewed(node: &Node, b: &mut Build, states: Value, seen: Value) -> Value {
    let features = b.g.shape(states).last();
    let new = affine(b, "new", seen, features, 1.0, 0.0);
    if node.knobs.choice("gate") == "fixed" {
        let keep = b.param("keep", vec![features], Init::Constant(0.0));
        let keep = b.g.sigmoid(keep);
        let change = b.g.sub(states, new);
        let kept = b.g.mul(keep, change);
        return b.g.add(new, kept);
    }
    let new = b.g.tanh(new);
    let write = affine(b, "write", seen, features, 1.0, -1.0);
    let keep = affine(b, "keep", seen, features, 1.0, 1.0);
    let (write, keep) = (b.g.sigmoid(write), b.g.sigmoid(keep));
    let (new, old) = (b.g.mul(write, new), b.g.mul(keep, states));
    b.g.add(old, new)
}

/// `x W + b + shift`, where `b` begins as 0.
fn affine(b: &mut Build, name: &str, x: Value, units: usize, gain: f32, shift: f32) -> Value {
    let y = b.matmul(&format!("{name}-weight"), x, units, gain);
    let bias = b.param(&format!("{name}-bias"), vec![units], Init::Constant(0.0));
    let y = b.g.add(y, bias);
    let shift = b.g.constant(shift);
    b.g.add(y, shift)
}

/// `x / √(mean x² + ε) · scale` over the last axis.
fn normal(b: &mut Build, name: &str, x: Value) -> Value {
    let shape = b.g.shape(x).clone();
    let scale = b.param(name, vec![shape.last()], Init::Constant(1.0));
    let square = b.g.square(x);
    let mean = b.g.mean(square, &[shape.rank() - 1]);
    let little = b.g.constant(1e-6);
    let safe = b.g.add(mean, little);
    let root = b.g.sqrt(safe);
    let y = b.g.div(x, root);
    b.g.mul(y, scale)
}
