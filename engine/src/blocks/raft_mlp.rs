//! Places mixed along the height of an image and then along its width, with features in rafts (Tatsunami and Taki 2022):
//!
//! ```text
//! u = x + mix_height(n(x))       v = u + mix_width(n(u))       y = v + MLP(n(v))
//! ```
//!
//! A mix sees `r · H` numbers, of all places of a column and one feature of each of `r` rafts, so that it costs
//! `2 e (r H)²` weights in the place of the mixer's `2 e (H W)²`. With one raft the sides are mixed each by itself.

use super::mlp_mixer::{self, TOKENS};
use super::parts::EXPAND;
use super::{Block, Takes, image};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// One layer on an image `[B, H, W, C]`, which keeps its shape.
pub struct RaftMlp;

static META: Meta = Meta {
    id: "raft-mlp",
    name: "RaftMLP",
    help: "Small networks mix the columns of an image, then its rows, then the channels of every pixel.",
    source: "Tatsunami and Taki 2022",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "rafts",
        name: "Rafts",
        help: "Groups of channels that are mixed together with the places; it divides the channels.",
        kind: KnobKind::Int { default: 2, min: 1, max: 64 },
    },
    TOKENS,
    EXPAND,
];

impl Entry for RaftMlp {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for RaftMlp {
    fn takes(&self) -> Takes {
        Takes::Image
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [batch, height, width, channels]) = match image(b, x) {
            Ok(image) => image,
            Err(fault) => return fault,
        };
        let (rafts, expand) = (node.knobs.size("rafts"), node.knobs.size(TOKENS.id));
        let columns = mlp_mixer::tokens("height", rafts, rafts * height, expand);
        let rows = mlp_mixer::tokens("width", rafts, rafts * width, expand);
        let pixels = mlp_mixer::channels(channels, node.knobs.size(EXPAND.id));
        let mixed = b.chain(&[columns, rows], x);
        if b.g.is_poisoned(mixed) {
            return mixed;
        }
        // As a sequence: a linear layer takes an image as a whole.
        let mixed = b.g.reshape(mixed, [batch, height * width, channels]);
        let y = b.node(2, &pixels, mixed);
        b.g.reshape(y, [batch, height, width, channels])
    }
}
