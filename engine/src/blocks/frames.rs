//! A series as a sequence of short pieces.

use super::Block;
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A series `[B, T]` to a sequence `[B, T/p, p]`: its pieces of `p` values, one after the other.
pub struct Frames;

static META: Meta = Meta {
    id: "frames",
    name: "Frames",
    help: "Cuts a series of numbers into pieces, so that it can be read as a sequence.",
    source: "Waibel et al. 1989",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "size",
    name: "Size",
    help: "Values in a piece.",
    kind: KnobKind::Int { default: 1, min: 1, max: 256 },
}];

impl Entry for Frames {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Frames {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        if let Some(fault) = super::outside_experts(b) {
            return fault;
        }
        let shape = b.g.shape(x).clone();
        let [batch, values] = *shape else {
            let mend = "put it first, on a dataset whose samples are rows of numbers; `patches` cuts images";
            return b.fault(format!("it needs a series [B×T], not {shape}"), mend);
        };
        let size = node.knobs.size("size");
        if !values.is_multiple_of(size) {
            let message = format!("a series of {values} values does not divide into pieces of {size}");
            return b.fault(message, "choose a size that divides their number");
        }
        b.g.reshape(x, [batch, values / size, size])
    }
}
