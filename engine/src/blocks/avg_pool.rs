//! Average pooling over images.

use super::{Block, pool};
use crate::ir::{Graph, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, Meta};

/// The mean of each window, channel by channel.
pub struct AvgPool;

static META: Meta = Meta {
    id: "avg-pool",
    name: "Average pooling",
    help: "Replaces each window of an image by its mean.",
    source: "LeCun et al. 1998",
};

impl Entry for AvgPool {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &pool::KNOBS
    }
}

impl Block for AvgPool {
    fn takes(&self) -> super::Takes {
        super::Takes::Image
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        pool::pool(node, b, x, Graph::mean)
    }
}
