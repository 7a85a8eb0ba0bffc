//! Channels weighed by what the whole sample shows.
//!
//! Hu et al. 2018: squeeze `z_c = mean over places of x_c`, excite `s = σ(W₂ relu(W₁ z))` through `C / r` units, and
//! `y_c = s_c x_c`.

use super::{Block, Takes, heads, outside_experts};
use crate::ir::Value;
use crate::net::{Build, Node, Picture};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Gates for the channels of an image `[B, H, W, C]` or the features of a sequence `[B, T, D]`, one for each sample; the
/// shape stays.
pub struct SqueezeExcite;

static META: Meta = Meta {
    id: "squeeze-excite",
    name: "Squeeze and excite",
    help: "Opens or closes each channel by what the mean of all channels shows.",
    source: "Hu et al. 2018",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "reduction",
    name: "Reduction",
    help: "How many times narrower the layer between the means and the gates is.",
    kind: KnobKind::Int { default: 4, min: 1, max: 64 },
}];

impl Entry for SqueezeExcite {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for SqueezeExcite {
    fn takes(&self) -> Takes {
        Takes::Image
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        if let Some(fault) = outside_experts(b) {
            return fault;
        }
        let shape = b.g.shape(x).clone();
        if !matches!(shape.rank(), 3 | 4) {
            let mend = "put it behind `conv2d`, or behind blocks that give a sequence";
            return b.fault(format!("it needs an image [B×H×W×C] or a sequence [B×T×D], not {shape}"), mend);
        }
        let channels = shape.last();
        let places: Vec<usize> = (1..shape.rank() - 1).collect();
        let means = b.g.mean(x, &places);
        let hidden = channels.div_ceil(node.knobs.size("reduction"));
        let hidden = heads::project(b, "squeeze", means, hidden, true);
        let hidden = b.g.relu(hidden);
        let drive = heads::project(b, "excite", hidden, channels, true);
        let gates = b.g.sigmoid(drive);
        b.show(Picture::Gates, gates);
        b.g.mul(x, gates)
    }
}
