//! Blocks made of blocks: what those share that are a fixed arrangement of others.

use super::{Block, activation, layer_norm, linear, rms_norm};
use crate::net::Node;
use crate::registry::{Knob, KnobKind, Knobs, Setting};

pub const EXPAND: Knob = Knob {
    id: "expand",
    name: "Expand",
    help: "How many times wider the hidden layer of the feed-forward part is than its input.",
    kind: KnobKind::Int { default: 4, min: 1, max: 16 },
};

/// `block` at its defaults, holding `children`.
pub fn part(block: &'static dyn Block, children: Vec<Node>) -> Node {
    Node { block, knobs: Knobs::defaults(block.knobs()), routing: None, children }
}

/// `node` with one knob set.
pub fn set(mut node: Node, id: &'static str, value: impl Into<Setting>) -> Node {
    node.knobs = node.knobs.with(id, value);
    node
}

/// A linear layer with initial weights of variance `init`, as its knob names it.
pub fn linear(units: usize, init: &str) -> Node {
    set(set(part(&linear::Linear, vec![]), "units", units as i64), "init", init)
}

/// Through a hidden layer of `hidden` units and a curve to `units` units.
pub fn feed_forward(hidden: usize, units: usize, function: &str) -> Vec<Node> {
    let bend = set(part(&activation::Activation, vec![]), "function", function);
    vec![linear(hidden, "he"), bend, linear(units, "lecun")]
}

/// The normalisation of this name, `none` being nothing.
pub fn norm(name: &str) -> Option<Node> {
    match name {
        "layer" => Some(part(&layer_norm::LayerNorm, vec![])),
        "rms" => Some(part(&rms_norm::RmsNorm, vec![])),
        _ => None,
    }
}

/// `first` and then the others.
pub fn behind(first: impl IntoIterator<Item = Node>, others: impl IntoIterator<Item = Node>) -> Vec<Node> {
    first.into_iter().chain(others).collect()
}
