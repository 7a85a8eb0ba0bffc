//! Depthwise separable convolution: first over places, each channel by itself, then over channels, each place by itself.
//!
//! K² · C + C · O weights where a convolution has K² · C · O; on sequences, in time and channels, K · C + C · O
//! (Chollet 2017; Kriman et al. 2020, section 3.1).

use super::convolve::{self, Window};
use super::{Block, conv1d, init};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// On images `[B, H, W, C]` and on sequences `[B, T, C]`. `causal` padding is for sequences.
pub struct SeparableConv;

static META: Meta = Meta {
    id: "separable-conv",
    name: "Separable convolution",
    help: "Looks at places through a window for each channel, then mixes the channels: few weights for wide windows.",
    source: "Chollet 2017; in time and channels after Kriman et al. 2020 (QuartzNet)",
};

static KNOBS: [Knob; 7] = [
    Knob {
        id: "channels",
        name: "Channels",
        help: "Channels of the result; 0 takes as many as come in.",
        kind: KnobKind::Int { default: 0, min: 0, max: 1024 },
    },
    Knob {
        id: "kernel",
        name: "Kernel",
        help: "Side of the window on images, its taps on sequences.",
        kind: KnobKind::Int { default: 3, min: 1, max: 128 },
    },
    Knob {
        id: "stride",
        name: "Stride",
        help: "How many places the window moves at a time.",
        kind: KnobKind::Int { default: 1, min: 1, max: 16 },
    },
    convolve::DILATION,
    conv1d::PADDING,
    Knob {
        id: "bias",
        name: "Bias",
        help: "Adds a constant to every channel.",
        kind: KnobKind::Bool { default: true },
    },
    init::KNOB,
];

impl Entry for SeparableConv {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for SeparableConv {
    fn takes(&self) -> super::Takes {
        super::Takes::Image
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let flat = b.g.shape(x).rank() == 3;
        let image = if flat {
            super::sequence(b, x).map(|(x, [batch, places, inputs])| {
                let extents = [batch, 1, places, inputs];
                (b.g.reshape(x, extents), extents)
            })
        } else {
            super::image(b, x)
        };
        let (x, [batch, height, width, inputs]) = match image {
            Ok(image) => image,
            Err(fault) => return fault,
        };
        let knobs = &node.knobs;
        let padding = knobs.choice("padding");
        if padding == "causal" && !flat {
            return b.fault("an image has no before and after", "choose `same` or `valid` padding");
        }
        let tall = |extent| if flat { 1 } else { extent };
        let (kernel, stride, dilation) = (knobs.size("kernel"), knobs.size("stride"), knobs.size("dilation"));
        let (kernel, stride, dilation) = ([tall(kernel), kernel], [tall(stride), stride], [tall(dilation), dilation]);
        let axis =
            |i: usize, extent| convolve::zeros(padding, extent, convolve::span(kernel[i], dilation[i]), stride[i]);
        let window = Window { kernel, stride, dilation, zeros: [axis(0, height), axis(1, width)], groups: inputs };
        if let Some(fault) = window.refuse(b, [height, width], inputs, inputs) {
            return fault;
        }
        let units = match knobs.size("channels") {
            0 => inputs,
            units => units,
        };
        let weight = window.weight(b, "depthwise", inputs, inputs, "lecun");
        let y = window.slide(b, x, weight);
        let y = b.matmul("pointwise", y, units, init::gain(knobs.choice("init"), inputs, units));
        if b.g.is_poisoned(y) {
            return y;
        }
        let places = b.g.shape(y)[2];
        let y = if flat { b.g.reshape(y, [batch, places, units]) } else { y };
        if !knobs.bool("bias") {
            return y;
        }
        let bias = b.per_feature("bias", units, Init::Constant(0.0));
        b.g.add(y, bias)
    }
}
