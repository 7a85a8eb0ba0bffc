//! One row of features for a whole sequence.

use super::{Block, Takes, sequence};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A sequence `[B, T, D]` to rows `[B, D]`: over all places the mean or the maximum of each feature, or one place alone.
pub struct PoolSequence;

static META: Meta = Meta {
    id: "pool-sequence",
    name: "Pool sequence",
    help: "Makes one row of features out of a sequence.",
    source: "first: Devlin et al. 2019; mean and maximum: Collobert et al. 2011",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "how",
    name: "How",
    help: "mean or max of each feature over all places; first or last: that place alone.",
    kind: KnobKind::Choice { default: "mean", options: &["mean", "max", "first", "last"] },
}];

impl Entry for PoolSequence {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for PoolSequence {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [batch, places, width]) = match sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let one = match node.knobs.choice("how") {
            "max" => b.g.max(x, &[1]),
            "first" => b.g.slice(x, 1, 0, 1),
            "last" => b.g.slice(x, 1, places.saturating_sub(1), 1),
            _ => b.g.mean(x, &[1]),
        };
        b.g.reshape(one, [batch, width])
    }
}
