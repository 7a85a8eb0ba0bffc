//! An image to a row of numbers.

use super::Block;
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Meta};

/// `[B, …]` to `[B, features]`, in row-major order.
pub struct Flatten;

static META: Meta = Meta {
    id: "flatten",
    name: "Flatten",
    help: "Lays all values of a sample in one row.",
    source: "Row-major order; no paper",
};

impl Entry for Flatten {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Block for Flatten {
    fn build(&self, _: &Node, b: &mut Build, x: Value) -> Value {
        b.flat(x)
    }
}
