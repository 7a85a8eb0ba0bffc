//! Kolmogorov–Arnold layers (Liu et al. 2024): a learned curve for every connection, and plain sums at the units.
//!
//! ```text
//! y_q = Σ_p ( w_qp silu(x_p) + Σ_i c_qpi B_i(x_p) )
//! ```
//!
//! `B_i` are cubic B-splines on a uniform grid that does not move. Beyond the grid the base branch alone answers: put a
//! norm before the layer, so that its inputs lie on the grid.

use super::{Block, activation, bases, rows};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, Meta};

/// `[.., F]` to `[.., units]` with a spline for every pair of input and unit. Works on the last axis.
pub struct Kan;

static META: Meta = Meta {
    id: "kan",
    name: "KAN layer",
    help: "Every connection bends its input by a learned spline; the units only add.",
    source: "Liu et al. 2024",
};

static KNOBS: [Knob; 3] = [rows::UNITS, bases::GRID, bases::RANGE];

impl Entry for Kan {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Kan {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let inputs = match rows::inputs(b, x) {
            Ok(inputs) => inputs,
            Err(fault) => return fault,
        };
        let units = rows::size(node, "units", inputs);
        let count = node.knobs.size("grid") + bases::DEGREE;
        let flat = rows::rows(b, x);
        let samples = b.g.shape(flat)[0];
        let column = b.g.reshape(flat, [samples, inputs, 1]);
        let splines = bases::splines(b.g, column, count, node.knobs.float("range") as f32);
        let splines = b.g.reshape(splines, [samples, inputs * count]);
        let curved = b.matmul("spline", splines, units, 1.0);
        let base = activation::bend(b.g, "silu", flat);
        let base = b.matmul("base", base, units, 1.0);
        let y = b.g.add(curved, base);
        rows::in_place(b, y, x)
    }
}
