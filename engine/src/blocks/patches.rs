//! An image as a sequence of small squares.

use super::{Block, Takes, image};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// An image `[B, H, W, C]` to a sequence `[B, (H/p)·(W/p), p·p·C]`: its squares of side `p` from left to right and from
/// top to bottom, the pixels of each in the same order.
pub struct Patches;

static META: Meta = Meta {
    id: "patches",
    name: "Patches",
    help: "Cuts an image into squares and puts them in a row, so that it can be read as a sequence.",
    source: "Dosovitskiy et al. 2021",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "size",
    name: "Size",
    help: "Side of a square, in pixels.",
    kind: KnobKind::Int { default: 2, min: 1, max: 64 },
}];

impl Entry for Patches {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Patches {
    fn takes(&self) -> Takes {
        Takes::Image
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [batch, height, width, channels]) = match image(b, x) {
            Ok(image) => image,
            Err(fault) => return fault,
        };
        let size = node.knobs.size("size");
        if !height.is_multiple_of(size) || !width.is_multiple_of(size) {
            let message = format!("an image of {height}×{width} does not divide into squares of {size}×{size}");
            return b.fault(message, "choose a size that divides both sides");
        }
        let (rows, columns) = (height / size, width / size);
        let tiles = b.g.reshape(x, [batch, rows, size, columns, size, channels]);
        let tiles = b.g.transpose(tiles, &[0, 1, 3, 2, 4, 5]);
        b.g.reshape(tiles, [batch, rows * columns, size * size * channels])
    }
}
