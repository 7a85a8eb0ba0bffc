//! Convolution over images.

use super::{Block, init};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::ops::conv::{Conv2d as Op, Geometry};
use crate::ops::shape::Pad;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A small kernel over every place of an image `[B, H, W, C]`. With padding `same` the result has
/// `⌈extent / stride⌉` places along each side, zeros standing beyond the border (one more after than before where
/// they do not split evenly); with `valid` no window reaches over the border.
pub struct Conv2d;

static META: Meta = Meta {
    id: "conv2d",
    name: "Convolution",
    help: "Looks at every place of an image through the same small window of weights.",
    source: "LeCun et al. 1998",
};

static KNOBS: [Knob; 7] = [
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

/// Zeros before and after an axis of `extent` that give `⌈extent / stride⌉` places.
fn same(extent: usize, kernel: usize, stride: usize) -> [usize; 2] {
    let places = extent.div_ceil(stride).max(1);
    let zeros = ((places - 1) * stride + kernel).saturating_sub(extent);
    [zeros / 2, zeros - zeros / 2]
}

impl Block for Conv2d {
    fn takes(&self) -> super::Takes {
        super::Takes::Image
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (mut x, [_, height, width, inputs]) = match super::image(b, x) {
            Ok(image) => image,
            Err(fault) => return fault,
        };
        let knobs = &node.knobs;
        let (kernel, stride, groups) = (knobs.size("kernel"), knobs.size("stride"), knobs.size("groups"));
        let units = knobs.size("channels");
        if !inputs.is_multiple_of(groups) || !units.is_multiple_of(groups) {
            let message = format!("{inputs} channels to {units} do not divide into {groups} groups");
            return b.fault(message, "choose a number of groups that divides both");
        }
        let mut pad = [0; 2];
        if knobs.choice("padding") == "same" {
            for (i, extent) in [height, width].into_iter().enumerate() {
                let [before, after] = same(extent, kernel, stride);
                if before == after {
                    pad[i] = before;
                } else {
                    x = b.g.push(Pad { axis: i + 1, before, after }, &[x]);
                }
            }
        } else if height < kernel || width < kernel {
            let message = format!("a window of {kernel}×{kernel} does not fit into an image of {height}×{width}");
            return b.fault(message, "choose a smaller kernel or `same` padding");
        }
        let fan = kernel * kernel * inputs / groups;
        let gain = init::gain(knobs.choice("init"), fan, kernel * kernel * units / groups);
        let bound = (3.0 * gain / fan.max(1) as f32).sqrt();
        let weight = b.param("weight", vec![kernel, kernel, inputs / groups, units], Init::Uniform { bound });
        let y = b.g.push(Op { geometry: Geometry { stride: [stride; 2], pad, groups } }, &[x, weight]);
        if !knobs.bool("bias") {
            return y;
        }
        let bias = b.per_feature("bias", units, Init::Constant(0.0));
        b.g.add(y, bias)
    }
}
