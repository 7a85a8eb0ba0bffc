//! A gated linear recurrence, each channel on its own (the RG-LRU of De et al. 2024, as in TRecViT, Pătrăucean et al.
//! 2024):
//!
//! ```text
//! r_t = σ(x_t W_r + b_r),  i_t = σ(x_t W_i + b_i)
//! a_t = exp(−8 · softplus(Λ) ⊙ r_t)
//! h_t = a_t ⊙ h_{t−1} + √(1 − a_t²) ⊙ (i_t ⊙ x_t)
//! ```
//!
//! A linear recurrence needs no loop: a step composed with the one before it is again such a step, of twice the reach.
//! After ⌈log₂ T⌉ doublings every place has met all before it (Hillis and Steele 1986).

use super::{Block, Takes};
use crate::ir::{Graph, Init, Value};
use crate::net::{Build, Node, Picture};
use crate::ops::shape::Pad;
use crate::registry::{Entry, Knob, Meta};

/// A linear recurrence per channel with gates of the input alone: `[B, T, D]` to the same shape. The state is D numbers,
/// however long the sequence.
pub struct Lru;

static META: Meta = Meta {
    id: "lru",
    name: "Gated linear recurrence",
    help: "Every channel is a fading sum of what it met; the input decides how fast it fades.",
    source: "De et al. 2024; Pătrăucean et al. 2024; Orvieto et al. 2023",
};

/// How much faster than softplus(Λ) a channel fades at most: the constant c of the paper.
const FASTEST: f32 = 8.0;
/// Middle and reach of the initial Λ: a channel whose gate is open keeps 90% to 99.9% at a step.
const MIDDLE: f32 = -6.65;
const REACH: f32 = 2.33;

impl Entry for Lru {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &[]
    }
}

impl Block for Lru {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, _: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [_, len, features]) = match super::sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let gate = |b: &mut Build, name: &str| {
            let y = b.matmul(&format!("{name}-weight"), x, features, 1.0);
            let bias = b.param(&format!("{name}-bias"), vec![features], Init::Constant(0.0));
            let y = b.g.add(y, bias);
            b.g.sigmoid(y)
        };
        let (fade, write) = (gate(b, "fade"), gate(b, "write"));
        let lambda = b.param("lambda", vec![features], Init::Uniform { bound: REACH });
        let g = &mut *b.g;
        let middle = g.constant(MIDDLE);
        let lambda = g.add(lambda, middle);
        let rate = g.softplus(lambda);
        let rate = g.scale(rate, FASTEST);
        let rate = g.mul(rate, fade);
        let minus = g.neg(rate);
        let keep = g.exp(minus);
        // 1 − e^{−2u} as 2 tanh u / (1 + tanh u): where little fades, the difference would leave no digits.
        let tanh = g.tanh(rate);
        let one = g.constant(1.0);
        let below = g.add(tanh, one);
        let share = g.div(tanh, below);
        let share = g.scale(share, 2.0);
        let share = g.sqrt(share);
        let input = g.mul(write, x);
        let input = g.mul(share, input);
        let y = recur(g, keep, input, len);
        b.show(Picture::Gates, keep);
        y
    }
}

/// `h_t = a_t ⊙ h_{t−1} + u_t` from `h_0 = 0`, all of shape `[B, T, D]`.
fn recur(g: &mut Graph, mut a: Value, mut u: Value, len: usize) -> Value {
    let mut reach = 1;
    while reach < len {
        let late = |g: &mut Graph, x| {
            let early = g.slice(x, 1, 0, len - reach);
            g.push(Pad { axis: 1, before: reach, after: 0 }, &[early])
        };
        let before = late(g, u);
        let before = g.mul(a, before);
        u = g.add(u, before);
        if 2 * reach < len {
            let before = late(g, a);
            a = g.mul(a, before);
        }
        reach *= 2;
    }
    u
}
