//! Blocks that work along the places of a sample in the place of its features.
//!
//! Tolstikhin et al. 2021 (MLP-Mixer): token mixing is `X ↦ f(Xᵀ)ᵀ`, the same `f` for every feature. Tatsunami and Taki
//! 2022 (RaftMLP): along one side of an image alone, and with the features cut into `r` rafts, whose number joins the
//! places: `f` works on vectors of `r · H` numbers, one for each of the other side's places and `C / r` features.

use super::{Block, Holds, Takes, outside_experts};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Turns a sequence `[B, T, D]` or an image `[B, H, W, C]` so that its places lie along the last axis, applies its
/// blocks, and turns the result back. A sequence, and a side of an image, may become longer or shorter by them.
pub struct Across;

static META: Meta = Meta {
    id: "across",
    name: "Across places",
    help: "Applies its blocks along the places of a sequence or an image, to every feature alike.",
    source: "Tolstikhin et al. 2021; rafts: Tatsunami and Taki 2022",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "along",
        name: "Along",
        help: "all places at once, or those of an image's height or width alone.",
        kind: KnobKind::Choice { default: "all", options: &["all", "height", "width"] },
    },
    Knob {
        id: "rafts",
        name: "Rafts",
        help: "Groups of features that are mixed together with the places.",
        kind: KnobKind::Int { default: 1, min: 1, max: 64 },
    },
];

impl Entry for Across {
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

impl Block for Across {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        if let Some(fault) = outside_experts(b) {
            return fault;
        }
        let shape = b.g.shape(x).clone();
        let rafts = node.knobs.size("rafts");
        let (batch, sides, features) = match (&**b.g.shape(x), node.knobs.choice("along")) {
            (&[batch, places, features], "all") => (batch, [places, 1], features),
            (&[batch, height, width, features], "all") => (batch, [height * width, 1], features),
            (&[batch, height, width, features], _) => (batch, [height, width], features),
            (_, "all") => {
                let mend = "put `embedding` before it where samples are tokens, or choose a dataset of images";
                return b.fault(format!("it needs a sequence [B×T×D] or an image [B×H×W×C], not {shape}"), mend);
            }
            _ => {
                let mend = "work along all places, or choose a dataset of images";
                return b.fault(format!("it needs an image [B×H×W×C] with a height and a width, not {shape}"), mend);
            }
        };
        if !features.is_multiple_of(rafts) {
            let mend = "choose a number of rafts that divides the features";
            return b.fault(format!("{features} features do not divide into {rafts} rafts"), mend);
        }
        let each = features / rafts;
        // Which of the two sides is worked along, and which lies beside it.
        let (along, beside) = if node.knobs.choice("along") == "width" { (1, 0) } else { (0, 1) };
        let apart = b.g.reshape(x, [batch, sides[0], sides[1], rafts, each]);
        let order = [0, 1 + beside, 4, 3, 1 + along];
        let turned = b.g.transpose(apart, &order);
        let (rows, length) = (sides[beside] * each, rafts * sides[along]);
        let turned = b.g.reshape(turned, [batch, rows, length]);
        let y = b.chain(&node.children, turned);
        if b.g.is_poisoned(y) {
            return y;
        }
        let to = b.g.shape(y).clone();
        let (rank, longer) = (to.rank(), to.last());
        // All places of an image have a height and a width to go back to.
        let whole = shape.rank() == 4 && node.knobs.choice("along") == "all";
        if rank != 3 || to[..2] != [batch, rows] || !longer.is_multiple_of(rafts) || (whole && longer != length) {
            let message = format!("its blocks turn [{batch}×{rows}×{length}] into {to}, which cannot be turned back");
            return b.fault(message, format!("let the last of its blocks give {length} features"));
        }
        let mut back = [0; 5];
        for (i, axis) in order.into_iter().enumerate() {
            back[axis] = i;
        }
        let y = b.g.reshape(y, [batch, sides[beside], each, rafts, longer / rafts]);
        let y = b.g.transpose(y, &back);
        let mut out = shape;
        if longer != length {
            out.0[1 + along] = longer / rafts;
        }
        b.g.reshape(y, out)
    }
}
