//! Weights that do not learn.

use super::{Block, Holds};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Meta};

/// Its blocks in series, whose weights stay as they were initialised. Credit passes through them to what comes before,
/// and running statistics go on running.
pub struct Freeze;

static META: Meta = Meta {
    id: "freeze",
    name: "Freeze",
    help: "Keeps the weights of its blocks as they are initialised: random features.",
    source: "Rahimi and Recht 2007; Jaeger 2001",
};

impl Entry for Freeze {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn holds(&self) -> Holds {
        Holds::Blocks
    }
}

impl Block for Freeze {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        b.frozen(|b| b.chain(&node.children, x))
    }
}
