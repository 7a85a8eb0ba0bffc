//! Root-mean-square normalisation: each sample's features to mean square 1.

use super::{Block, EPSILON};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, Meta};

/// `x / √(mean x² + ε) · scale` over the last axis (the channels of a pixel, for images).
pub struct RmsNorm;

static META: Meta = Meta {
    id: "rms-norm",
    name: "RMS norm",
    help: "Brings the features of each sample to mean square 1, then scales each by a weight.",
    source: "Zhang and Sennrich 2019",
};

static KNOBS: [Knob; 1] = [EPSILON];

impl Entry for RmsNorm {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for RmsNorm {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let shape = b.g.shape(x).clone();
        if shape.rank() < 2 {
            return b.fault(format!("there are no features in {shape}"), "give it samples with features");
        }
        let square = b.g.square(x);
        let mean = b.g.mean(square, &[shape.rank() - 1]);
        let y = super::over_root(b, x, mean, node);
        let scale = b.per_feature("scale", shape.last(), Init::Constant(1.0));
        b.g.mul(y, scale)
    }
}
