//! Max pooling over images.

use super::{Block, pool};
use crate::ir::{Graph, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, Meta};

/// The largest value of each window, channel by channel.
pub struct MaxPool;

static META: Meta = Meta {
    id: "max-pool",
    name: "Max pooling",
    help: "Keeps the largest value of each window of an image.",
    source: "Riesenhuber and Poggio 1999",
};

impl Entry for MaxPool {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &pool::KNOBS
    }
}

impl Block for MaxPool {
    fn takes(&self) -> super::Takes {
        super::Takes::Image
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        pool::pool(node, b, x, Graph::max)
    }
}
