//! Families of functions of one number, for layers that learn a curve for every connection: each takes `x [.., 1]` to
//! the `count` functions' values `[.., count]`.

use std::f32::consts::{FRAC_PI_2, PI};

use crate::ir::{Graph, Value};
use crate::registry::{Knob, KnobKind};

/// Degree of the splines.
pub const DEGREE: usize = 3;

pub const GRID: Knob = Knob {
    id: "grid",
    name: "Grid",
    help: "Into how many intervals the range is divided, in each of which a curve bends on its own.",
    kind: KnobKind::Int { default: 5, min: 1, max: 64 },
};

pub const RANGE: Knob = Knob {
    id: "range",
    name: "Range",
    help: "How far from zero on both sides the grid reaches; inputs beyond it meet no spline.",
    kind: KnobKind::Float { default: 2.0, min: 0.01, max: 100.0, live: false },
};

/// Cubic B-splines on `count − 3` equal intervals of ±`range`, by the recursion of Cox and de Boor. With `u` counting
/// intervals from the first knot:
///
/// ```text
/// B_{i,0} = 1 where i ≤ u < i + 1, else 0      B_{i,k} = ((u − i) B_{i,k−1} + (i + k + 1 − u) B_{i+1,k−1}) / k
/// ```
pub fn splines(g: &mut Graph, x: Value, count: usize, range: f32) -> Value {
    let axis = g.shape(x).rank() - 1;
    let grid = count - DEGREE;
    let u = g.scale(x, grid as f32 / (2.0 * range));
    let middle = g.constant(grid as f32 / 2.0 + DEGREE as f32);
    let u = g.add(u, middle);
    let number = g.iota(count + DEGREE);
    let after = g.sub(u, number);
    let (zero, one) = (g.constant(0.0), g.constant(1.0));
    let (before, beyond) = (g.lt(after, zero), g.lt(after, one));
    let mut splines = g.sub(beyond, before);
    for k in 1..=DEGREE {
        let width = count + DEGREE - k;
        let after = g.slice(after, axis, 0, width);
        let whole = g.constant(k as f32 + 1.0);
        let left = g.sub(whole, after);
        let (own, next) = (g.slice(splines, axis, 0, width), g.slice(splines, axis, 1, width));
        let (rising, falling) = (g.mul(after, own), g.mul(left, next));
        let sum = g.add(rising, falling);
        splines = g.scale(sum, 1.0 / k as f32);
    }
    splines
}

/// Chebyshev's polynomials `T_0 … T_{count−1}` of `tanh x`, by `T_{n+1} = 2 t T_n − T_{n−1}`.
pub fn chebyshev(g: &mut Graph, x: Value, count: usize) -> Value {
    let axis = g.shape(x).rank() - 1;
    let t = g.tanh(x);
    let twice = g.scale(t, 2.0);
    let one = g.constant(1.0);
    let shape = g.shape(t).clone();
    let mut all = vec![g.broadcast(one, shape), t];
    while all.len() < count {
        let grown = g.mul(twice, all[all.len() - 1]);
        all.push(g.sub(grown, all[all.len() - 2]));
    }
    all.truncate(count);
    g.concat(&all, axis)
}

/// `(x − centre) / distance` for `count` centres at equal distances from −`range` to `range`.
fn spread(g: &mut Graph, x: Value, count: usize, range: f32) -> Value {
    let places = (count - 1).max(1) as f32;
    let scaled = g.scale(x, places / (2.0 * range));
    let middle = g.constant(places / 2.0);
    let scaled = g.add(scaled, middle);
    let number = g.iota(count);
    g.sub(scaled, number)
}

fn bell(g: &mut Graph, square: Value) -> Value {
    let half = g.scale(square, -0.5);
    g.exp(half)
}

/// `exp(−z²/2)` around each of `count` centres.
pub fn gaussians(g: &mut Graph, x: Value, count: usize, range: f32) -> Value {
    let z = spread(g, x, count, range);
    let square = g.square(z);
    bell(g, square)
}

/// Mexican hats `(1 − z²) exp(−z²/2)` around each of `count` centres.
pub fn wavelets(g: &mut Graph, x: Value, count: usize, range: f32) -> Value {
    let z = spread(g, x, count, range);
    let square = g.square(z);
    let bell = bell(g, square);
    let one = g.constant(1.0);
    let brim = g.sub(one, square);
    g.mul(brim, bell)
}

/// `sin` and `cos` of `n π x / range` by turns, n = 1, 1, 2, 2, …
pub fn waves(g: &mut Graph, x: Value, count: usize, range: f32) -> Value {
    let number = g.iota(count);
    // A quarter more keeps clear of a device's inexact product.
    let quarter = g.constant(0.25);
    let middle = g.add(number, quarter);
    let half = g.scale(middle, 0.5);
    let pair = g.floor(half);
    let one = g.constant(1.0);
    let order = g.add(pair, one);
    let twice = g.scale(pair, 2.0);
    let odd = g.sub(number, twice);
    let phase = g.scale(odd, FRAC_PI_2);
    let turn = g.scale(x, PI / range);
    let turn = g.mul(turn, order);
    let turn = g.add(turn, phase);
    g.sin(turn)
}
