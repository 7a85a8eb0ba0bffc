//! Layer normalisation: each sample's features to mean 0 and variance 1.

use super::{Block, EPSILON};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, Meta};

/// `(x − mean) / √(variance + ε) · scale + shift` over the last axis (the channels of a pixel, for images).
pub struct LayerNorm;

static META: Meta = Meta {
    id: "layer-norm",
    name: "Layer norm",
    help: "Brings the features of each sample to mean 0 and variance 1, then scales and shifts each by a weight.",
    source: "Ba, Kiros and Hinton 2016",
};

static KNOBS: [Knob; 1] = [EPSILON];

impl Entry for LayerNorm {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for LayerNorm {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let shape = b.g.shape(x).clone();
        if shape.rank() < 2 {
            return b.fault(format!("there are no features in {shape}"), "give it samples with features");
        }
        let axis = shape.rank() - 1;
        let mean = b.g.mean(x, &[axis]);
        let centred = b.g.sub(x, mean);
        let square = b.g.square(centred);
        let variance = b.g.mean(square, &[axis]);
        let y = super::over_root(b, centred, variance, node);
        let scale = b.per_feature("scale", shape.last(), Init::Constant(1.0));
        let shift = b.per_feature("shift", shape.last(), Init::Constant(0.0));
        let y = b.g.mul(y, scale);
        b.g.add(y, shift)
    }
}
