//! Synapses with a weight and a delay each, both learned (DCLS-Delays, Hammouamri et al. 2023): a convolution along the
//! sequence whose kernel has one bump for every pair of input and unit,
//!
//! ```text
//! y_t = Σ_i Σ_n k_i[n] x_i[t − L + n],   k_i[n] = w_i · exp(−½ ((n − (L − d_i)) / σ)²) / Σ_m exp(…),   0 ≤ n ≤ L
//! ```
//!
//! where the delay `d` lies in `[0, L]`. The bump's width σ shrinks exponentially from L/2 to 0.23 over the first steps,
//! so that a delay first hears of places far from its own. Outside of training delays are whole numbers.

use super::unroll::{self, UNITS};
use super::{Block, Takes};
use crate::ir::{Graph, Init, Shape, Value};
use crate::net::{Build, Mode, Node};
use crate::ops::conv::{Conv2d, Geometry};
use crate::ops::shape::Pad;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Weighted sums of `[B, T, D]`, every input heard at a delay of its own: `[B, T, units]`; before the first place there
/// are zeros.
pub struct Delays;

static META: Meta = Meta {
    id: "delays",
    name: "Delays",
    help: "Every unit is a weighted sum of its inputs, each heard a learned number of places late.",
    source: "Hammouamri et al. 2023; Khalfaoui-Hassani et al. 2023",
};

static KNOBS: [Knob; 4] = [
    UNITS,
    Knob {
        id: "longest",
        name: "Longest delay",
        help: "Places that an input may be late at most; 0 has no delays.",
        kind: KnobKind::Int { default: 4, min: 0, max: 64 },
    },
    Knob {
        id: "learn",
        name: "Learn delays",
        help: "Whether delays are learned, or stay the random whole numbers that they begin with.",
        kind: KnobKind::Bool { default: true },
    },
    Knob {
        id: "narrowing",
        name: "Narrowing",
        help: "Steps after which a learned delay hears of no other place than its own.",
        kind: KnobKind::Int { default: 1000, min: 1, max: 10_000_000 },
    },
];

/// The width of a bump that is as good as one place.
const NARROW: f32 = 0.23;

impl Entry for Delays {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Delays {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [batch, len, features]) = match super::sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let units = unroll::units(node, features);
        let longest = node.knobs.size("longest");
        let bound = (3.0 / features.max(1) as f32).sqrt();
        let weight = b.param("weight", vec![features, units], Init::Uniform { bound });
        if longest == 0 {
            let rows = b.g.reshape(x, [batch * len, features]);
            let y = b.g.matmul(rows, weight);
            return b.g.reshape(y, [batch, len, units]);
        }
        let kernel = kernel(node, b, weight, longest);
        let late = b.g.push(Pad { axis: 1, before: longest, after: 0 }, &[x]);
        let column = b.g.reshape(late, [batch, longest + len, 1, features]);
        let conv = Conv2d { geometry: Geometry { stride: [1; 2], pad: [0; 2], groups: 1 } };
        let y = b.g.push(conv, &[column, kernel]);
        b.g.reshape(y, [batch, len, units])
    }
}

/// `[L + 1, 1, D, U]` for `weight [D, U]`.
fn kernel(node: &Node, b: &mut Build, weight: Value, longest: usize) -> Value {
    let shape = b.g.shape(weight).0.clone();
    let learn = node.knobs.bool("learn");
    // Counted in half the longest delay, so that a step of the optimizer moves delays faster than weights: the paper
    // gives them a rate of their own.
    let declare = |b: &mut Build| b.param("delay", shape.clone(), Init::Uniform { bound: 1.0 });
    let half = longest as f32 / 2.0;
    let delay = if learn { declare(b) } else { b.frozen(declare) };
    let whole = !learn || b.mode == Mode::Eval;
    let steps = if whole { None } else { Some(b.clock.steps(b.g)) };
    let g = &mut *b.g;
    let (zero, one, top) = (g.constant(0.0), g.constant(1.0), g.constant(longest as f32));
    let delay = g.add(delay, one);
    let delay = g.scale(delay, half);
    let delay = g.maximum(delay, zero);
    let delay = g.minimum(delay, top);
    let taps = g.iota(longest + 1);
    let taps = g.reshape(taps, [longest + 1, 1, 1]);
    let bump = match steps {
        None => {
            let middle = g.constant(0.5);
            let delay = g.add(delay, middle);
            let delay = g.floor(delay);
            let place = g.sub(top, delay);
            g.eq(taps, place)
        }
        Some(steps) => {
            let sigma = width(g, steps, half, node.knobs.int("narrowing") as f32);
            let place = g.sub(top, delay);
            let from = g.sub(taps, place);
            let from = g.div(from, sigma);
            let square = g.square(from);
            let down = g.scale(square, -0.5);
            let bump = g.exp(down);
            let all = g.sum(bump, &[0]);
            g.div(bump, all)
        }
    };
    let kernel = g.mul(bump, weight);
    g.reshape(kernel, Shape([&[longest + 1, 1], &*shape].concat()))
}

/// The width of the bumps after `steps []`: from `first`, by equal factors, to [`NARROW`] after `narrowing` steps.
fn width(g: &mut Graph, steps: Value, first: f32, narrowing: f32) -> Value {
    let slope = (NARROW / first).ln() / narrowing;
    let power = g.scale(steps, slope);
    let shrink = g.exp(power);
    let sigma = g.scale(shrink, first);
    let least = g.constant(NARROW);
    g.maximum(sigma, least)
}
