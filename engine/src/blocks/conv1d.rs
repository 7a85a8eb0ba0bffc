//! Convolution along sequences.

use super::convolve::{self, Window};
use super::{Block, init};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A small kernel over every place of a sequence `[B, T, D]`. With padding `same` and `causal` the result has
/// `⌈T / stride⌉` places; a causal one sees nothing that comes after its place, a `valid` one nothing beyond the ends.
/// With 0 groups each channel is a group of its own (depthwise).
pub struct Conv1d;

static META: Meta = Meta {
    id: "conv1d",
    name: "Convolution in time",
    help: "Looks at every place of a sequence through the same short window of weights.",
    source: "Waibel et al. 1989; dilated and causal after van den Oord et al. 2016",
};

static KNOBS: [Knob; 8] = [
    Knob {
        id: "channels",
        name: "Channels",
        help: "How many different windows; each gives one feature of the result. 0 takes as many as come in.",
        kind: KnobKind::Int { default: 0, min: 0, max: 1024 },
    },
    Knob {
        id: "kernel",
        name: "Kernel",
        help: "Taps of the window.",
        kind: KnobKind::Int { default: 3, min: 1, max: 128 },
    },
    Knob {
        id: "stride",
        name: "Stride",
        help: "How many places the window moves at a time.",
        kind: KnobKind::Int { default: 1, min: 1, max: 16 },
    },
    convolve::DILATION,
    PADDING,
    Knob {
        id: "groups",
        name: "Groups",
        help: "Cuts the channels into groups that do not mix; 0 makes every channel a group of its own.",
        kind: KnobKind::Int { default: 1, min: 0, max: 1024 },
    },
    Knob {
        id: "bias",
        name: "Bias",
        help: "Adds a constant to every channel.",
        kind: KnobKind::Bool { default: true },
    },
    init::KNOB,
];

/// The knob of windows that may also look back alone.
pub const PADDING: Knob = Knob {
    id: "padding",
    name: "Padding",
    help: "same: zeros beyond both ends keep the extent; causal: zeros before the beginning alone, so that no place \
           sees what comes after it; valid: windows stay inside.",
    kind: KnobKind::Choice { default: "same", options: &["same", "causal", "valid"] },
};

impl Entry for Conv1d {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Conv1d {
    fn takes(&self) -> super::Takes {
        super::Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [batch, places, inputs]) = match super::sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let knobs = &node.knobs;
        let (kernel, stride, dilation) = (knobs.size("kernel"), knobs.size("stride"), knobs.size("dilation"));
        let or_inputs = |given| if given == 0 { inputs } else { given };
        let (units, groups) = (or_inputs(knobs.size("channels")), or_inputs(knobs.size("groups")));
        let span = convolve::span(kernel, dilation);
        let window = Window {
            kernel: [1, kernel],
            stride: [1, stride],
            dilation: [1, dilation],
            zeros: [[0, 0], convolve::zeros(knobs.choice("padding"), places, span, stride)],
            groups,
        };
        if let Some(fault) = window.refuse(b, [1, places], inputs, units) {
            return fault;
        }
        let weight = window.weight(b, "weight", inputs, units, knobs.choice("init"));
        let image = b.g.reshape(x, [batch, 1, places, inputs]);
        let y = window.slide(b, image, weight);
        if b.g.is_poisoned(y) {
            return y;
        }
        let places = b.g.shape(y)[2];
        let y = b.g.reshape(y, [batch, places, units]);
        if !knobs.bool("bias") {
            return y;
        }
        let bias = b.per_feature("bias", units, Init::Constant(0.0));
        b.g.add(y, bias)
    }
}
