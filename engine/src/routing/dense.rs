//! The soft mixture: every expert sees every sample.

use super::{Assignment, Routing, Rows};
use crate::net::Build;
use crate::registry::{Entry, Knobs, Meta};

/// `weights = softmax(x W)` over all experts.
pub struct Dense;

static META: Meta = Meta {
    id: "dense",
    name: "Dense mixture",
    help: "Every expert works on every sample; the router says how much each counts.",
    source: "Jacobs, Jordan, Nowlan and Hinton 1991",
};

impl Entry for Dense {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Routing for Dense {
    fn route(&self, _: &Knobs, b: &mut Build, rows: Rows, experts: usize) -> Assignment {
        let logits = b.matmul("router", rows.x, experts, 1.0);
        let weights = b.g.softmax(logits);
        let numbers = b.g.iota(experts);
        let shape = b.g.shape(weights).clone();
        let numbers = b.g.broadcast(numbers, shape);
        Assignment::by_row(numbers, weights, weights)
    }
}
