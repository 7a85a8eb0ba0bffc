//! Blocks in series.

use super::{Block, Holds};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Meta};

/// Its blocks one after the other, as one block.
pub struct Chain;

static META: Meta = Meta {
    id: "chain",
    name: "Chain",
    help: "Holds blocks in series, so that they count as one.",
    source: "Function composition; no paper",
};

impl Entry for Chain {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn holds(&self) -> Holds {
        Holds::Blocks
    }
}

impl Block for Chain {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        b.chain(&node.children, x)
    }
}
