//! Coordinate-aware modulation: grids over space scale and shift what a network makes of a place.
//!
//! F̃ = γ(x) (F − μ) / √(σ² + ε) + β(x)   (Lee et al. 2024)
//!
//! γ and β are one number each at every place x, interpolated between the points of two small grids, whose weights
//! begin so that γ = 1 and β = 0; μ and σ² are those of a sample's own features.

use super::{Block, EPSILON, Holds};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Its blocks turn coordinates x `[.., n]` into features F `[.., F]`, which it modulates. Since it reads its grids at
/// its own input, one `cam` inside another modulates an earlier layer at the same coordinates. Places beyond the grid
/// read its border.
pub struct Cam;

static META: Meta = Meta {
    id: "cam",
    name: "Coordinate-aware modulation",
    help: "Scales and shifts what its blocks make of coordinates, by grids of weights read at these coordinates.",
    source: "Lee et al. 2024 (CAM)",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "grid",
        name: "Grid",
        help: "Points of the grids along each coordinate.",
        kind: KnobKind::Int { default: 6, min: 2, max: 128 },
    },
    Knob {
        id: "extent",
        name: "Extent",
        help: "The grids reach from minus this to this in each coordinate.",
        kind: KnobKind::Float { default: 1.0, min: 0.001, max: 1000.0, live: false },
    },
    Knob {
        id: "normalise",
        name: "Normalise",
        help: "Brings each sample's features to mean 0 and variance 1 before they are scaled.",
        kind: KnobKind::Bool { default: true },
    },
    EPSILON,
];

/// The most points a grid may have.
const POINTS: usize = 1 << 14;

impl Entry for Cam {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
    fn holds(&self) -> Holds {
        Holds::Blocks
    }
}

impl Block for Cam {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let shape = b.g.shape(x).clone();
        let grid = node.knobs.size("grid");
        let points = grid.saturating_pow(shape.last() as u32);
        if shape.rank() < 2 || points > POINTS {
            let message = format!("a grid of {grid} points along each of {} coordinates is too large", shape.last());
            return b.fault(message, "give it coordinates of a line or a plane, or choose a coarser grid");
        }
        let features = b.chain(&node.children, x);
        if b.g.is_poisoned(features) {
            return features;
        }
        let made = b.g.shape(features).clone();
        let lead = shape.rank() - 1;
        if made.rank() != shape.rank() || made[..lead] != shape[..lead] {
            let message = format!("its blocks turn {shape} into {made}, whose places are not those of the coordinates");
            return b.fault(message, "let its blocks change the last extent alone");
        }
        let share = shares(node, b, x);
        let mut column = shape.0.clone();
        column[lead] = 1;
        let scale = b.matmul("scale", share, 1, 0.0);
        let shift = b.matmul("shift", share, 1, 0.0);
        let (scale, shift) = (b.g.reshape(scale, column.clone()), b.g.reshape(shift, column));
        let features = if node.knobs.bool("normalise") {
            let mean = b.g.mean(features, &[lead]);
            let centred = b.g.sub(features, mean);
            let square = b.g.square(centred);
            let variance = b.g.mean(square, &[lead]);
            super::over_root(b, centred, variance, node)
        } else {
            features
        };
        // The shares of a place sum to 1: grids that begin at 0 and a 1 beside them are grids that begin at 1.
        let one = b.g.constant(1.0);
        let scale = b.g.add(one, scale);
        let y = b.g.mul(features, scale);
        b.g.add(y, shift)
    }
}

/// The share of each grid point at each place, linear along every coordinate: `[places, points]`.
fn shares(node: &Node, b: &mut Build, x: Value) -> Value {
    let (grid, extent) = (node.knobs.size("grid"), node.knobs.float("extent") as f32);
    let g = &mut *b.g;
    let shape = g.shape(x).clone();
    let places = shape.size() / shape.last().max(1);
    let rows = g.reshape(x, [places, shape.last()]);
    let (zero, one, last) = (g.constant(0.0), g.constant(1.0), g.constant((grid - 1) as f32));
    let low = g.constant(-extent);
    let point = g.iota(grid);
    let mut shares = g.broadcast(one, [places, 1]);
    for coordinate in 0..shape.last() {
        let at = g.slice(rows, 1, coordinate, 1);
        let at = g.sub(at, low);
        let at = g.scale(at, (grid - 1) as f32 / (2.0 * extent));
        let at = g.maximum(at, zero);
        let at = g.minimum(at, last);
        let away = g.sub(at, point);
        let away = g.abs(away);
        let near = g.sub(one, away);
        let near = g.relu(near);
        let points = g.shape(shares).last();
        let before = g.reshape(shares, [places, points, 1]);
        let along = g.reshape(near, [places, 1, grid]);
        let product = g.mul(before, along);
        shares = g.reshape(product, [places, points * grid]);
    }
    shares
}
