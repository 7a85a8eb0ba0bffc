//! A way past the blocks.

use super::{Block, Holds};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Meta};

/// `x + f(x)`, where `f` is its blocks in series.
pub struct Residual;

static META: Meta = Meta {
    id: "residual",
    name: "Residual",
    help: "Adds what its blocks make of the input to the input itself.",
    source: "He et al. 2016",
};

impl Entry for Residual {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Block for Residual {
    fn holds(&self) -> Holds {
        Holds::Blocks
    }
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let y = b.chain(&node.children, x);
        if b.g.is_poisoned(y) {
            return y;
        }
        let (from, to) = (b.g.shape(x).clone(), b.g.shape(y).clone());
        if from != to {
            let message = format!("its blocks turn {from} into {to}, which cannot be added to the input");
            return b.fault(message, "let the last of its blocks give the shape of its input");
        }
        b.g.add(x, y)
    }
}
