//! Pooling: windows over an image, each reduced to one pixel. What [`super::max_pool`] and [`super::avg_pool`] share.

use crate::ir::{Graph, Value};
use crate::net::{Build, Node};
use crate::ops::windows::Windows;
use crate::registry::{Knob, KnobKind};

pub static KNOBS: [Knob; 2] = [
    Knob {
        id: "size",
        name: "Size",
        help: "Side of the window, in pixels.",
        kind: KnobKind::Int { default: 2, min: 1, max: 31 },
    },
    Knob {
        id: "stride",
        name: "Stride",
        help: "How many pixels the window moves at a time; 0 takes the window's side.",
        kind: KnobKind::Int { default: 0, min: 0, max: 31 },
    },
];

/// `reduce(x, axes)` over the pixels of each window of the image `x [B, H, W, C]`: `[B, OH, OW, C]`. Windows that tile
/// the image are a matter of shape alone; others are laid out first. What does not fill a window is left out.
pub fn pool(node: &Node, b: &mut Build, x: Value, reduce: fn(&mut Graph, Value, &[usize]) -> Value) -> Value {
    let (x, [batch, height, width, channels]) = match super::image(b, x) {
        Ok(image) => image,
        Err(fault) => return fault,
    };
    let size = node.knobs.size("size");
    let stride = match node.knobs.size("stride") {
        0 => size,
        stride => stride,
    };
    if height < size || width < size {
        let message = format!("a window of {size}×{size} does not fit into an image of {height}×{width}");
        return b.fault(message, "choose a smaller window");
    }
    let (rows, columns) = ((height - size) / stride + 1, (width - size) / stride + 1);
    let y = if stride == size && height == rows * size && width == columns * size {
        let tiles = b.g.reshape(x, [batch, rows, size, columns, size, channels]);
        reduce(b.g, tiles, &[2, 4])
    } else {
        let windows = b.g.push(Windows { kernel: [size; 2], stride: [stride; 2] }, &[x]);
        reduce(b.g, windows, &[3])
    };
    b.g.reshape(y, [batch, rows, columns, channels])
}
