//! Channels that a predictor leaves out for each sample: fire together, wire together (Elkerdawy et al. 2022).
//!
//! With `o = layer(x)` and `GAP` the mean over places, the predictor says which channels will count (section 3):
//!
//! ```text
//! m = σ(GAP(x) W + b)      y = o · [m > 1/2]
//! ```
//!
//! It learns by itself: its target is 1 for the fewest channels whose heat `Σ |o|` makes up the share `r` of the whole,
//! and the binary cross-entropy reaches the predictor alone, as the task's loss reaches the layer alone.

use super::{Block, Holds};
use crate::ir::{Init, Value};
use crate::net::{Build, Mode, Node, Picture};
use crate::ops::reduce::CumSum;
use crate::ops::rows::Gather;
use crate::ops::sort::ArgSort;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Its blocks, with channels of the last axis masked sample by sample.
pub struct MaskGate;

static META: Meta = Meta {
    id: "mask-gate",
    name: "Mask gate",
    help: "Predicts from the input which channels of its blocks' output will fire, and silences the others.",
    source: "Elkerdawy et al. 2022 (Fire Together Wire Together)",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "mass",
        name: "Mass",
        help: "The share of a sample's summed activity that the channels which are kept have to make up.",
        kind: KnobKind::Float { default: 0.9, min: 0.0, max: 1.0, live: false },
    },
    Knob {
        id: "weight",
        name: "Weight",
        help: "Weight of the predictor's own loss.",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 10.0, live: false },
    },
];

impl Entry for MaskGate {
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

impl Block for MaskGate {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let y = b.chain(&node.children, x);
        if b.g.is_poisoned(y) {
            return y;
        }
        let shape = b.g.shape(y).clone();
        let (samples, channels) = (shape.first().copied().unwrap_or(1), shape.last());
        if shape.rank() < 2 || b.g.shape(x).rank() < 2 {
            return b.fault(format!("there are no channels in {shape}"), "give it samples with features");
        }
        let seen = b.g.detach(x);
        let seen = over_places(b, seen, samples);
        // Channels are open at first.
        let z = b.matmul("predictor", seen, channels, 1.0);
        let bias = b.per_feature("predictor bias", channels, Init::Constant(1.0));
        let z = b.g.add(z, bias);
        let zero = b.g.constant(0.0);
        let open = b.g.lt(zero, z);
        b.show(Picture::Gates, open);
        if b.mode == Mode::Train {
            let target = target(b, y, node.knobs.float("mass") as f32);
            // −t ln σ(z) − (1 − t) ln(1 − σ(z)) = softplus(z) − t z.
            let whole = b.g.softplus(z);
            let part = b.g.mul(target, z);
            let terms = b.g.sub(whole, part);
            let mean = b.g.mean_all(terms);
            let loss = b.g.scale(mean, node.knobs.float("weight") as f32);
            b.penalise(loss);
        }
        let mut to = vec![1; shape.rank()];
        (to[0], to[shape.rank() - 1]) = (samples, channels);
        let open = b.g.reshape(open, to);
        b.g.mul(y, open)
    }
}

/// The mean of `x [B, …, C]` over its places: `[B, C]`.
fn over_places(b: &mut Build, x: Value, samples: usize) -> Value {
    let shape = b.g.shape(x).clone();
    let places: Vec<usize> = (1..shape.rank() - 1).collect();
    let mean = b.g.mean(x, &places);
    b.g.reshape(mean, [samples, shape.last()])
}

/// 1 for the fewest channels of each sample of `y [B, …, C]` whose heat makes up the share `mass`: `[B, C]`.
fn target(b: &mut Build, y: Value, mass: f32) -> Value {
    let y = b.g.detach(y);
    let heat = b.g.abs(y);
    let samples = b.g.shape(y)[0];
    let heat = over_places(b, heat, samples);
    let channels = b.g.shape(heat).last();
    let order = b.g.push(ArgSort { descending: true }, &[heat]);
    let rank = b.g.push(ArgSort { descending: false }, &[order]);
    let sorted = of_rows(b, heat, order);
    let before = b.g.push(CumSum { axis: 1, reverse: false, exclusive: true }, &[sorted]);
    let whole = b.g.sum(heat, &[1]);
    let enough = b.g.scale(whole, mass);
    let wanted = b.g.lt(before, enough);
    let target = of_rows(b, wanted, rank);
    let target = b.g.reshape(target, [samples, channels]);
    b.g.detach(target)
}

/// The elements `index [B, C]` of each row of `table [B, C]`.
fn of_rows(b: &mut Build, table: Value, index: Value) -> Value {
    let &[rows, width] = &**b.g.shape(table) else { return table };
    let first = b.g.iota(rows);
    let first = b.g.scale(first, width as f32);
    let first = b.g.reshape(first, [rows, 1]);
    let place = b.g.add(first, index);
    let flat = b.g.reshape(table, [rows * width]);
    b.g.push(Gather, &[flat, place])
}
