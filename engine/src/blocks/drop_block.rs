//! DropBlock: whole regions of an image that are absent at random.
//!
//! γ = (1 − keep) / b² · H W / ((H − b + 1)(W − b + 1))
//!
//! is the chance of each b × b square that fits into a channel's image to be absent; what is left is multiplied by
//! (number of values) / (number left), over the batch (Ghiasi, Lin and Le 2018, eq. 1 and algorithm 1). Squares overlap
//! now and then, so that slightly more than `keep` is left.

use super::Block;
use crate::ir::{Shape, Value};
use crate::net::{Build, Mode, Node};
use crate::ops::shape::Pad;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// While training, on an image `[B, H, W, C]`; otherwise it passes unchanged.
pub struct DropBlock;

static META: Meta = Meta {
    id: "drop-block",
    name: "DropBlock",
    help: "Silences squares of an image at random while training; single pixels would be guessed from neighbours.",
    source: "Ghiasi, Lin and Le 2018",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "rate",
        name: "Rate",
        help: "Share of the values that are silenced.",
        kind: KnobKind::Float { default: 0.1, min: 0.0, max: 0.9, live: false },
    },
    Knob {
        id: "size",
        name: "Size",
        help: "Side of the squares, in pixels.",
        kind: KnobKind::Int { default: 3, min: 1, max: 31 },
    },
    Knob {
        id: "ramp",
        name: "Ramp",
        help: "Over how many steps the rate rises from 0 to its value; 0 has it there at once.",
        kind: KnobKind::Int { default: 0, min: 0, max: 1_000_000 },
    },
];

impl Entry for DropBlock {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for DropBlock {
    fn takes(&self) -> super::Takes {
        super::Takes::Image
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [batch, height, width, channels]) = match super::image(b, x) {
            Ok(image) => image,
            Err(fault) => return fault,
        };
        let (size, rate) = (node.knobs.size("size"), node.knobs.float("rate") as f32);
        if height < size || width < size {
            let message = format!("a square of {size}×{size} does not fit into an image of {height}×{width}");
            return b.fault(message, "choose a smaller size");
        }
        if b.mode == Mode::Eval || rate == 0.0 {
            return x;
        }
        let (rows, columns) = (height - size + 1, width - size + 1);
        let each = (height * width) as f32 / ((size * size) as f32 * (rows * columns) as f32);
        let chance = chance(node, b, rate * each);
        let noise = b.uniform(&Shape::from([batch, rows, columns, channels]));
        let mut absent = b.g.lt(noise, chance);
        for axis in [1, 2] {
            absent = spread(b, absent, axis, size);
        }
        let one = b.g.constant(1.0);
        let mask = b.g.sub(one, absent);
        let left = b.g.mean_all(mask);
        // When nothing is left, nothing needs to be scaled.
        let tiny = b.g.constant(1e-6);
        let left = b.g.maximum(left, tiny);
        let y = b.g.mul(x, mask);
        b.g.div(y, left)
    }
}

/// `full`, or what the ramp has reached of it by this step.
fn chance(node: &Node, b: &mut Build, full: f32) -> Value {
    let ramp = node.knobs.int("ramp");
    if ramp == 0 {
        return b.g.constant(full);
    }
    let step = b.clock.steps(b.g);
    let reached = b.g.scale(step, 1.0 / ramp as f32);
    let one = b.g.constant(1.0);
    let reached = b.g.minimum(reached, one);
    b.g.scale(reached, full)
}

/// Each 1 of `marks` as `size` ones from its place on along `axis`, which grows by `size − 1`.
fn spread(b: &mut Build, marks: Value, axis: usize, size: usize) -> Value {
    let moved = |b: &mut Build, shift| {
        let pad = Pad { axis, before: shift, after: size - 1 - shift };
        b.g.push(pad, &[marks])
    };
    let first = moved(b, 0);
    (1..size).fold(first, |all, shift| {
        let more = moved(b, shift);
        b.g.maximum(all, more)
    })
}
