//! How far apart two places are, made to count in their score.
//!
//! Rotary (Su et al. 2021, equation 34): the pair `(x_k, x_(k + d/2))` of a query or key at place `t` is turned by the
//! angle `t / 10000^(2k/d)`, so that a product of two depends on the difference of their places alone. ALiBi (Press et
//! al. 2022): `score − m_h |i − j|` with slopes `m_h = 2^(−8h/H)`, `h = 1 … H`.

use crate::ir::{Graph, Value};
use crate::ops::scalar::Unary;

/// `x [B, H, T, d]` turned by place; `d` is even.
pub fn rotary(g: &mut Graph, x: Value) -> Value {
    let &[_, _, places, each] = &**g.shape(x) else { return x };
    let half = each / 2;
    let pair = g.iota(half);
    let log = g.scale(pair, -2.0 * 10_000f32.ln() / each.max(1) as f32);
    let pace = g.exp(log);
    let place = g.iota(places);
    let place = g.reshape(place, [places, 1]);
    let angle = g.mul(place, pace);
    let (sine, cosine) = (g.sin(angle), g.unary(Unary::Cos, angle));
    let (a, b) = (g.slice(x, 3, 0, half), g.slice(x, 3, half, half));
    let (ac, bs) = (g.mul(a, cosine), g.mul(b, sine));
    let (as_, bc) = (g.mul(a, sine), g.mul(b, cosine));
    let (first, second) = (g.sub(ac, bs), g.add(as_, bc));
    g.concat(&[first, second], 3)
}

/// What ALiBi adds to the scores of `heads` heads over `places` places: `[H, T, T]`.
pub fn alibi(g: &mut Graph, heads: usize, places: usize) -> Value {
    let head = g.iota(heads);
    let one = g.constant(1.0);
    let head = g.add(head, one);
    let log = g.scale(head, -8.0 * std::f32::consts::LN_2 / heads.max(1) as f32);
    let slope = g.exp(log);
    let slope = g.reshape(slope, [heads, 1, 1]);
    let key = g.iota(places);
    let query = g.reshape(key, [places, 1]);
    let apart = g.sub(query, key);
    let apart = g.abs(apart);
    let fall = g.mul(slope, apart);
    g.neg(fall)
}
