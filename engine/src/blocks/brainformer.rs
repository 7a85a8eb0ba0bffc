//! A stack as [`super::transformer`] writes it, with one letter more: `m`, for `x + blocks(n(x))` with the blocks that it
//! holds, such as a mixture of experts. Zhou et al. 2023 (Brainformers) search among orders of `s`, `f` and `m`, and find
//! few `s`. Every `m` has weights of its own.

use super::{Block, Holds, Takes, transformer};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Layers on a sequence `[B, T, D]`, which keeps its shape; the blocks held must keep it too.
pub struct Brainformer;

static META: Meta = Meta {
    id: "brainformer",
    name: "Brainformer",
    help: "A stack of attention, feed-forward and held blocks in the order that its letters say.",
    source: "Zhou et al. 2023",
};

static KNOBS: [Knob; 9] = transformer::knobs(Knob {
    id: "order",
    name: "Order",
    help: "A letter for each layer: s attention, f feed-forward, m the blocks held, p attention beside a feed-forward, h \
           shaped attention without a skip, q that beside a feed-forward.",
    kind: KnobKind::Text { default: "sfm", letters: "sfmphq", most: 24 },
});

impl Entry for Brainformer {
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

impl Block for Brainformer {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        transformer::stack(node, b, x)
    }
}
