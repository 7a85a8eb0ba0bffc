//! A convolution and its batch norm as one block, in the four modes in which the pair can learn.
//!
//! train:  y = γ (w∗x − mean) / √(var + ε) + β, statistics of the batch
//! eval:   the same, by running statistics that stay as they are
//! tune:   w′ = w γ / √(var + ε), b′ = β − γ mean / √(var + ε), y = w′∗x + b′; w, γ and β learn through w′ and b′
//! deploy: the same, and w′ and b′ learn themselves   (You et al. 2024)
//!
//! Eval, tune and deploy give the same values; eval and tune the same gradients too, but tune convolves once and keeps
//! no w∗x for the way back. All four share their registers, w, γ, β, mean and var, so that one goes on from what another
//! learned. Deploy therefore learns w′ as w times a factor c = γ / √(var + ε) that stands still: to move w′ by −η ∂w′ is to
//! move w by −η ∂w′ / c, and that is the derivative w gets. For plain descent this is exact; a rule that scales its steps
//! by the size of the gradient sees w in the place of w′.

use super::convolve::{self, Window};
use super::{Block, EPSILON, batch_norm, init};
use crate::ir::{Init, Value};
use crate::net::{Build, Mode, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// On an image `[B, H, W, C]`; the convolution has no bias of its own.
pub struct ConvBn;

static META: Meta = Meta {
    id: "conv-bn",
    name: "Convolution with batch norm",
    help: "A convolution and its batch norm in one, to compare the four ways in which the pair can be trained.",
    source: "You et al. 2024 (Efficient ConvBN Blocks)",
};

static KNOBS: [Knob; 8] = [
    Knob {
        id: "mode",
        name: "Mode",
        help: "train: statistics of the batch; eval: running ones that stay; tune: as eval, folded into the weights \
               first; deploy: the folded weights learn themselves.",
        kind: KnobKind::Choice { default: "train", options: &["train", "eval", "tune", "deploy"] },
    },
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
    init::KNOB,
    batch_norm::MOMENTUM,
    EPSILON,
];

impl Entry for ConvBn {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for ConvBn {
    fn takes(&self) -> super::Takes {
        super::Takes::Image
    }

    fn couples_samples(&self) -> bool {
        true
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [_, height, width, inputs]) = match super::image(b, x) {
            Ok(image) => image,
            Err(fault) => return fault,
        };
        let knobs = &node.knobs;
        let (kernel, stride, units) = (knobs.size("kernel"), knobs.size("stride"), knobs.size("channels"));
        let window = Window {
            kernel: [kernel; 2],
            stride: [stride; 2],
            dilation: [1; 2],
            zeros: [height, width].map(|extent| convolve::zeros(knobs.choice("padding"), extent, kernel, stride)),
            groups: 1,
        };
        if let Some(fault) = window.refuse(b, [height, width], inputs, units) {
            return fault;
        }
        let weight = window.weight(b, "weight", inputs, units, knobs.choice("init"));
        let mode = knobs.choice("mode");
        if mode == "train" || mode == "eval" {
            let y = window.slide(b, x, weight);
            if b.g.is_poisoned(y) {
                return y;
            }
            return batch_norm::normalise(node, b, y, mode == "train" && b.mode == Mode::Train);
        }
        let (_, mean) = b.state("mean", vec![units], Init::Constant(0.0));
        let (_, variance) = b.state("variance", vec![units], Init::Constant(1.0));
        let scale = |b: &mut Build| b.per_feature("scale", units, Init::Constant(1.0));
        let scale = if mode == "deploy" { b.frozen(scale) } else { scale(b) };
        let shift = b.per_feature("shift", units, Init::Constant(0.0));
        let factor = super::over_root(b, scale, variance, node);
        let folded = b.g.mul(weight, factor);
        let folded = if mode == "deploy" { itself(b, folded, weight, factor) } else { folded };
        let y = window.slide(b, x, folded);
        let middle = b.g.mul(mean, factor);
        let bias = b.g.sub(shift, middle);
        b.g.add(y, bias)
    }
}

/// `folded`, whose derivative reaches `weight` divided by `factor`: as if `folded` were the register. Where the factor
/// is 0 no weight moves what is folded.
fn itself(b: &mut Build, folded: Value, weight: Value, factor: Value) -> Value {
    let fixed = b.g.detach(folded);
    let still = b.g.detach(weight);
    let change = b.g.sub(weight, still);
    let one = b.g.constant(1.0);
    let divisor = b.g.select(factor, factor, one);
    let change = b.g.div(change, divisor);
    b.g.add(fixed, change)
}
