//! Routing strategies: which expert sees which input. One file each in `routing/`, one line in [`ROUTINGS`].

use crate::ir::Value;
use crate::net::Build;
use crate::registry::{Entry, Knobs};

mod dense;
mod top_k;

/// The experts of each row of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// Expert numbers `[B, k]`.
    pub experts: Value,
    /// How much each counts in the sum of their outputs `[B, k]`.
    pub weights: Value,
    /// The router's distribution over all experts `[B, E]`, for the views.
    pub distribution: Value,
}

/// A routing strategy.
pub trait Routing: Entry {
    /// Assigns the rows of `x [B, features]` to `experts` experts. Auxiliary losses go through [`Build::penalise`].
    fn route(&self, knobs: &Knobs, b: &mut Build, x: Value, experts: usize) -> Assignment;
}

pub const ROUTINGS: &[&dyn Routing] = &[&dense::Dense, &top_k::TopK];
