//! Convolution over images.

use super::convolve::{self, Window};
use super::{Block, init};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A small kernel over every place of an image `[B, H, W, C]`. With padding `same` the result has
/// `⌈extent / stride⌉` places along each side, zeros standing beyond the border (one more after than before where
/// they do not split evenly); with `valid` no window reaches over the border.
pub struct Conv2d;

static META: Meta = Meta {
    id: "conv2d",
    name: "Convolution",
    help: "Looks at every place of an image through the same small window of weights.",
    source: "LeCun et al. 1998; dilation after Yu and Koltun 2016",
};

static KNOBS: [Knob; 8] = [
    Knob {
        id: "channels",
        name: "Channels",
        help: "How many different windows; each gives one channel of the result.",
        kind: KnobKind::Int { default: 16, min: 1, max: 1024 },
    },
    Knob {
        id: "kernel",
        name: "Kernel",
        help: "Side of the window, in pixels.",
        kind: KnobKind::Int { default: 3, min: 1, max: 31 },
    },
    Knob {
        id: "stride",
        name: "Stride",
        help: "How many pixels the window moves at a time.",
        kind: KnobKind::Int { default: 1, min: 1, max: 16 },
    },
    Knob {
        id: "padding",
        name: "Padding",
        help: "same: zeros beyond the border keep the extent; valid: windows stay inside.",
        kind: KnobKind::Choice { default: "same", options: &["same", "valid"] },
    },
    convolve::DILATION,
    Knob {
        id: "groups",
        name: "Groups",
        help: "Cuts the channels into groups that do not mix.",
        kind: KnobKind::Int { default: 1, min: 1, max: 1024 },
    },
    Knob {
        id: "bias",
        name: "Bias",
        help: "Adds a constant to every channel.",
        kind: KnobKind::Bool { default: true },
    },
    init::KNOB,
];

impl Entry for Conv2d {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Conv2d {
    fn takes(&self) -> super::Takes {
        super::Takes::Image
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [_, height, width, inputs]) = match super::image(b, x) {
            Ok(image) => image,
            Err(fault) => return fault,
        };
        let knobs = &node.knobs;
        let (kernel, stride, dilation) = (knobs.size("kernel"), knobs.size("stride"), knobs.size("dilation"));
        let units = knobs.size("channels");
        let span = convolve::span(kernel, dilation);
        let window = Window {
            kernel: [kernel; 2],
            stride: [stride; 2],
            dilation: [dilation; 2],
            zeros: [height, width].map(|extent| convolve::zeros(knobs.choice("padding"), extent, span, stride)),
            groups: knobs.size("groups"),
        };
        if let Some(fault) = window.refuse(b, [height, width], inputs, units) {
            return fault;
        }
        let weight = window.weight(b, "weight", inputs, units, knobs.choice("init"));
        let y = window.slide(b, x, weight);
        if !knobs.bool("bias") {
            return y;
        }
        let bias = b.per_feature("bias", units, Init::Constant(0.0));
        b.g.add(y, bias)
    }
}
