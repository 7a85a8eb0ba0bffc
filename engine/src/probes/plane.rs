//! Data in the plane: the points, what the network answers at each place, and what each hidden unit does there.

use super::{Measure, Probe, Recording};
use crate::data::{Answer, Look};
use crate::ir::{Graph, Value};
use crate::net::Mode;
use crate::ops::rows::Gather;
use crate::registry::{Entry, Meta};

/// The plane is looked at from −REACH to REACH on both axes.
const REACH: f32 = 1.2;
/// Places along each axis, for the answer and for the units.
const FINE: usize = 64;
const COARSE: usize = 24;
/// Training points shown.
const POINTS: usize = 500;
/// Hidden units shown of a stage.
const UNITS: usize = 64;

/// `probabilities [G·G, C]` over a square grid, row by row from the top left.
pub struct Surface;

static SURFACE: Meta = Meta {
    id: "surface",
    name: "Decision surface",
    help: "What the network answers at each place of the plane.",
    source: "After TensorFlow Playground (Smilkov et al. 2017)",
};

/// `stage N [G·G, U]` for each hidden stage: its first units' outputs over the grid.
pub struct Units;

static UNITS_META: Meta = Meta {
    id: "units",
    name: "Hidden units",
    help: "What each hidden unit computes at each place of the plane.",
    source: "After TensorFlow Playground (Smilkov et al. 2017)",
};

/// `x [N, 2]` and `y [N]`: training points, the first of them.
pub struct Points;

static POINTS_META: Meta =
    Meta { id: "points", name: "Points", help: "The training points, by class.", source: "Standard practice" };

impl Entry for Surface {
    fn meta(&self) -> &'static Meta {
        &SURFACE
    }
}

impl Entry for Units {
    fn meta(&self) -> &'static Meta {
        &UNITS_META
    }
}

impl Entry for Points {
    fn meta(&self) -> &'static Meta {
        &POINTS_META
    }
}

/// The middle of each cell of a grid: `[side · side, 2]`.
pub fn grid(g: &mut Graph, side: usize) -> Value {
    let cells = g.iota(side * side);
    let half = g.constant(0.5);
    let middle = g.add(cells, half);
    let rows = g.scale(middle, 1.0 / side as f32);
    let row = g.floor(rows);
    let before = g.scale(row, side as f32);
    let column = g.sub(middle, before);
    let cell = 2.0 * REACH / side as f32;
    let edge = g.constant(REACH);
    let x = g.scale(column, cell);
    let x = g.sub(x, edge);
    let down = g.add(row, half);
    let down = g.scale(down, cell);
    let y = g.sub(edge, down);
    let (x, y) = (g.reshape(x, [side * side, 1]), g.reshape(y, [side * side, 1]));
    g.concat(&[x, y], 1)
}

impl Probe for Surface {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        if cx.data.look != Look::Plane || cx.data.answer != Answer::Class {
            return None;
        }
        let x = grid(cx.learn.g, FINE);
        let logits = cx.rule.predict(&mut cx.learn, x);
        Some(Recording::from(vec![("probabilities".to_owned(), cx.learn.g.softmax(logits))]))
    }
}

impl Probe for Units {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        if cx.data.look != Look::Plane || cx.data.answer != Answer::Class {
            return None;
        }
        let x = grid(cx.learn.g, COARSE);
        let passes = cx.rule.forward(&mut cx.learn, Mode::Eval, x).passes;
        let g = &mut *cx.learn.g;
        let hidden = passes.len().saturating_sub(1);
        let values: Vec<(String, Value)> = passes[..hidden]
            .iter()
            .enumerate()
            .map(|(i, pass)| {
                let units = g.shape(pass.output).iter().skip(1).product();
                let flat = g.reshape(pass.output, [COARSE * COARSE, units]);
                (format!("stage {}", i + 1), g.slice(flat, 1, 0, units.min(UNITS)))
            })
            .collect();
        (!values.is_empty()).then(|| values.into())
    }
}

impl Probe for Points {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        if cx.data.look != Look::Plane || cx.data.answer != Answer::Class {
            return None;
        }
        let g = &mut *cx.learn.g;
        let shown = g.iota(cx.registers.train.len.min(POINTS));
        let (x, y) = (g.read(cx.registers.train.x), g.read(cx.registers.train.y));
        Some(Recording::from(vec![
            ("x".to_owned(), g.push(Gather, &[x, shown])),
            ("y".to_owned(), g.push(Gather, &[y, shown])),
        ]))
    }

    fn once(&self) -> bool {
        true
    }
}
