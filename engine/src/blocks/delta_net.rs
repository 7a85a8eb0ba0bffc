//! DeltaNet (Schlag et al. 2021; Yang et al. 2024): linear attention that replaces what it stored. The equations stand in
//! [`delta_rule`](super::delta_rule).

use super::delta_rule::{self, CHUNK, HEADS, NEGATIVE};
use super::{Block, Takes};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, Meta};

/// One write by the delta rule at each place, then a reading: `[B, T, D]` to the same shape. The short convolution that
/// the paper puts before it is a block of its own (`fsmn`), and so is the norm behind it.
pub struct DeltaNet;

static META: Meta = Meta {
    id: "delta-net",
    name: "DeltaNet",
    help: "Stores a value under a key at every place, replacing what stood there, and reads by a query.",
    source: "Schlag et al. 2021; Yang et al. 2024",
};

static KNOBS: [Knob; 3] = [HEADS, NEGATIVE, CHUNK];

impl Entry for DeltaNet {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for DeltaNet {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        delta_rule::layer(node, b, x, 1)
    }
}
