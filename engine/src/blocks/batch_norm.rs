//! Batch normalisation: each feature to mean 0 and variance 1 over the batch.

use super::{Block, EPSILON};
use crate::ir::{Init, Value};
use crate::net::{Build, Mode, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// `(x − mean) / √(variance + ε) · scale + shift`, each feature of the last axis on its own: over the batch, and over
/// the pixels of an image. While training the batch's own statistics count, and running ones follow them (the variance
/// unbiased); in evaluation the running ones count.
pub struct BatchNorm;

static META: Meta = Meta {
    id: "batch-norm",
    name: "Batch norm",
    help: "Brings each feature to mean 0 and variance 1 over the batch; outside of training by running statistics.",
    source: "Ioffe and Szegedy 2015",
};

/// The knob of blocks that keep running statistics.
pub const MOMENTUM: Knob = Knob {
    id: "momentum",
    name: "Momentum",
    help: "Share of each batch in the running statistics.",
    kind: KnobKind::Float { default: 0.1, min: 0.0, max: 1.0, live: false },
};

static KNOBS: [Knob; 2] = [MOMENTUM, EPSILON];

impl Entry for BatchNorm {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for BatchNorm {
    fn couples_samples(&self) -> bool {
        true
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        if let Some(fault) = super::outside_experts(b) {
            return fault;
        }
        let shape = b.g.shape(x).clone();
        if shape.rank() < 2 {
            return b.fault(format!("there are no features in {shape}"), "give it samples with features");
        }
        normalise(node, b, x, b.mode == Mode::Train)
    }
}

/// `x [.., F]` by the statistics of the batch, which the running ones then follow, or by the running ones.
pub fn normalise(node: &Node, b: &mut Build, x: Value, by_batch: bool) -> Value {
    let shape = b.g.shape(x).clone();
    let features = shape.last();
    let (mean_slot, running_mean) = b.state("mean", vec![features], Init::Constant(0.0));
    let (variance_slot, running_variance) = b.state("variance", vec![features], Init::Constant(1.0));
    let (mean, variance) = if by_batch {
        let axes: Vec<usize> = (0..shape.rank() - 1).collect();
        let mean = b.g.mean(x, &axes);
        let centred = b.g.sub(x, mean);
        let square = b.g.square(centred);
        let variance = b.g.mean(square, &axes);
        let (mean, variance) = (b.g.reshape(mean, [features]), b.g.reshape(variance, [features]));
        let samples = shape.size() as f32 / features.max(1) as f32;
        let unbiased = b.g.scale(variance, samples / (samples - 1.0).max(1.0));
        let share = node.knobs.float("momentum") as f32;
        for (slot, old, new) in [(mean_slot, running_mean, mean), (variance_slot, running_variance, unbiased)] {
            let change = b.g.sub(new, old);
            let change = b.g.scale(change, share);
            let next = b.g.add(old, change);
            b.keep(slot, next);
        }
        (mean, variance)
    } else {
        (running_mean, running_variance)
    };
    let centred = b.g.sub(x, mean);
    let y = super::over_root(b, centred, variance, node);
    let scale = b.per_feature("scale", features, Init::Constant(1.0));
    let shift = b.per_feature("shift", features, Init::Constant(0.0));
    let y = b.g.mul(y, scale);
    b.g.add(y, shift)
}
