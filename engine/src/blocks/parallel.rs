//! Blocks side by side.

use super::{Block, Holds};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Each of its blocks on the same input; their results summed, multiplied, or put side by side along the last axis.
pub struct Parallel;

static META: Meta = Meta {
    id: "parallel",
    name: "Parallel",
    help: "Gives every one of its blocks the same input, and sums, multiplies or joins what they make of it.",
    source: "Szegedy et al. 2015",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "join",
    name: "Join",
    help: "sum adds the results; product multiplies them; concat puts their features side by side.",
    kind: KnobKind::Choice { default: "sum", options: &["sum", "product", "concat"] },
}];

impl Entry for Parallel {
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

impl Block for Parallel {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let ways: Vec<Value> = node.children.iter().enumerate().map(|(i, child)| b.node(i, child, x)).collect();
        let Some(&first) = ways.first() else { return x };
        if let Some(&poison) = ways.iter().find(|&&y| b.g.is_poisoned(y)) {
            return poison;
        }
        let join = node.knobs.choice("join");
        let concat = join == "concat";
        let shape = b.g.shape(first).clone();
        let kept = if concat { shape.rank().saturating_sub(1) } else { shape.rank() };
        for (i, &y) in ways.iter().enumerate() {
            let other = b.g.shape(y).clone();
            if other.rank() != shape.rank() || other[..kept] != shape[..kept] {
                let message = format!("its block 1 gives {shape}, its block {} gives {other}", i + 1);
                return b.fault(message, "let all of its blocks give the same shape");
            }
        }
        match join {
            "concat" => b.g.concat(&ways, kept),
            "product" => ways[1..].iter().fold(first, |product, &y| b.g.mul(product, y)),
            _ => ways[1..].iter().fold(first, |sum, &y| b.g.add(sum, y)),
        }
    }
}
