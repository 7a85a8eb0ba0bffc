//! Kolmogorov–Arnold layers that choose the space of their curves ("Activation Space Selectable Kolmogorov–Arnold
//! Networks").
//!
//! ```text
//! y_q = Σ_p Σ_k s_pk φ^k_qp(x_p)      s_p = softmax(a_p / τ)
//! ```
//!
//! Every input has a pool of spaces k: B-splines, Chebyshev polynomials, Gaussians, wavelets and waves, each with as many
//! functions, and weights `s` over them. With `settle-steps = T` the temperature falls as `τ = 0.05^(t / T)` and from step
//! T on the best space alone counts, which is the pruned network. How the authors push the selection to one side is not
//! known to us: the falling temperature is our choice. With 0 all spaces stay mixed.

use super::{Block, bases, rows};
use crate::ir::{Graph, Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// `[.., F]` to `[.., units]` with a curve out of a pool of spaces for every pair. Works on the last axis.
pub struct SelectableKan;

const SPACES: usize = 5;

/// The temperature just before the selection is final.
const COLDEST: f32 = 0.05;

static META: Meta = Meta {
    id: "s-kan",
    name: "Selectable KAN layer",
    help: "Every connection bends its input by a learned curve; every input learns which kind of curve serves it.",
    source: "\"Activation Space Selectable Kolmogorov–Arnold Networks\"",
};

static KNOBS: [Knob; 4] = [
    rows::UNITS,
    bases::GRID,
    bases::RANGE,
    Knob {
        id: "settle-steps",
        name: "Steps to settle",
        help: "After how many steps one kind of curve is left to each input; 0 leaves all of them.",
        kind: KnobKind::Int { default: 0, min: 0, max: 1_000_000 },
    },
];

impl Entry for SelectableKan {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for SelectableKan {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let inputs = match rows::inputs(b, x) {
            Ok(inputs) => inputs,
            Err(fault) => return fault,
        };
        let units = rows::size(node, "units", inputs);
        let count = node.knobs.size("grid") + bases::DEGREE;
        let range = node.knobs.float("range") as f32;
        let flat = rows::rows(b, x);
        let samples = b.g.shape(flat)[0];
        let selection = rows::table(b, "selection", &[inputs, SPACES], Init::Constant(0.0));
        let now = b.clock.steps(b.g);
        let selection = selected(b.g, selection, now, node.knobs.size("settle-steps"));
        if b.g.is_poisoned(selection) {
            return selection;
        }
        let each = b.g.shape(selection)[0];
        let selection = b.g.reshape(selection, [each, inputs, SPACES, 1]);
        let column = b.g.reshape(flat, [samples, inputs, 1, 1]);
        let spaces: [Value; SPACES] = [
            bases::splines(b.g, column, count, range),
            bases::chebyshev(b.g, column, count),
            bases::gaussians(b.g, column, count, range),
            bases::wavelets(b.g, column, count, range),
            bases::waves(b.g, column, count, range),
        ];
        let pool = b.g.concat(&spaces, 2);
        let weighed = b.g.mul(pool, selection);
        let weighed = b.g.reshape(weighed, [samples, inputs * SPACES * count]);
        let y = b.matmul("coefficients", weighed, units, SPACES as f32);
        rows::in_place(b, y, x)
    }
}

/// Weights over the last axis of `scores` at step `now []`: see the head of this file.
fn selected(g: &mut Graph, scores: Value, now: Value, steps: usize) -> Value {
    if steps == 0 || g.is_poisoned(scores) {
        return g.softmax(scores);
    }
    let end = g.constant(steps as f32);
    let early = g.lt(now, end);
    let time = g.minimum(now, end);
    let warmth = g.scale(time, -COLDEST.ln() / steps as f32);
    let sharpness = g.exp(warmth);
    let sharp = g.mul(scores, sharpness);
    let mixed = g.softmax(sharp);
    let best = g.arg_max(scores);
    let alone = g.one_hot(best, SPACES);
    g.select(early, mixed, alone)
}
