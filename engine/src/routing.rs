//! Routing strategies: which expert sees which input. One file each in `routing/`, one line in [`ROUTINGS`].

use crate::ir::Value;
use crate::net::Build;
use crate::registry::{Entry, Knobs, registry};

mod balance;
mod capacity;
mod dense;
mod expert_choice;
mod hash;
mod importance;
mod kinds;
mod load;
pub mod relevance;
mod top_k;
mod tree;

/// What is to be assigned: one row a sample, or one a place of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    /// `[R, features]`, sample after sample.
    pub x: Value,
    /// Rows of one sample.
    pub places: usize,
    /// The token that each row was made of `[R]`, where samples are tokens.
    pub tokens: Option<Value>,
}

/// Who works on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Each row has its own experts: their numbers `[R, k]`, and how much each counts in the sum of their outputs
    /// `[R, k]`. The number of experts in the place of an expert's number leaves that assignment out. Where `k` is the
    /// number of experts, every row has all of them.
    ByRow { experts: Value, weights: Value },
    /// Each expert has its own rows: their numbers `[E, c]`, and how much it counts in each `[E, c]`.
    ByExpert { rows: Value, weights: Value },
}

/// A routing's decision for a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    pub choice: Choice,
    /// The most assignments of rows that are not left out, where the routing sees to it.
    pub limit: Option<usize>,
    /// The router's distribution over all experts `[R, E]`, for the views.
    pub distribution: Value,
}

impl Assignment {
    /// Of a routing that has noted a fault.
    pub fn fault(poison: Value) -> Self {
        Self::by_row(poison, poison, poison)
    }

    /// Rows have their own `experts [R, k]`, with `weights [R, k]`; the router's `distribution [R, E]`.
    pub fn by_row(experts: Value, weights: Value, distribution: Value) -> Self {
        Self { choice: Choice::ByRow { experts, weights }, limit: None, distribution }
    }
}

/// A routing strategy.
pub trait Routing: Entry {
    /// Assigns `rows` to `experts` experts. Auxiliary losses go through [`Build::penalise`]; after a fault, see
    /// [`Assignment::fault`].
    fn route(&self, knobs: &Knobs, b: &mut Build, rows: Rows, experts: usize) -> Assignment;
}

registry! {
    ROUTINGS: Routing, ROUTING_ENTRIES;
    dense::Dense,
    top_k::TopK,
    importance::Importance,
    expert_choice::ExpertChoice,
    hash::Hash,
    tree::Tree,
    relevance::Relevance,
}

/// The fault of `k` experts for each row of fewer.
fn too_many(b: &mut Build, k: usize, experts: usize) -> Option<Assignment> {
    let fault =
        |b: &mut Build| b.fault(format!("{k} experts for each sample of only {experts}"), "lower k or add experts");
    (k > experts).then(|| Assignment::fault(fault(b)))
}
