//! Experts: every sample goes to a few of several copies of the same blocks.
//!
//! The samples are laid out by expert, so that each layer of all experts is one grouped matrix product over runs of
//! rows. Work is saved where few experts are chosen: rows = samples × chosen.

use super::{Block, Holds};
use crate::ir::Value;
use crate::net::{Build, Node, Tap};
use crate::ops::rows::{Gather, ScatterAdd};
use crate::ops::sort::ArgSort;
use crate::registry::{Entry, Knob, KnobKind, Meta};
use crate::routing::Assignment;

/// A routing and experts that share a form: `y = Σ weight · expert(x)` over the experts chosen for each sample. A
/// sample of several axes is flattened first.
pub struct Route;

static META: Meta = Meta {
    id: "route",
    name: "Route",
    help: "Sends every sample to some of several experts, and sums what they make of it.",
    source: "Jacobs et al. 1991; Shazeer et al. 2017",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "experts",
    name: "Experts",
    help: "How many copies of its blocks there are, each with weights of its own.",
    kind: KnobKind::Int { default: 4, min: 1, max: 64 },
}];

impl Entry for Route {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Route {
    fn holds(&self) -> Holds {
        Holds::Experts
    }
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        if let Some(fault) = super::outside_experts(b) {
            return fault;
        }
        let Some((routing, knobs)) = &node.routing else {
            return b.fault("there is no routing", "choose a routing");
        };
        let experts = node.knobs.size("experts");
        let x = b.flat(x);
        let choice = routing.route(knobs, b, x, experts);
        if b.g.is_poisoned(choice.experts) {
            return choice.experts;
        }
        let (y, load) = if b.g.shape(choice.experts).last() == experts {
            all(node, b, x, &choice, experts)
        } else {
            chosen(node, b, x, &choice, experts)
        };
        tap(b, load, choice.distribution);
        y
    }
}

/// Every sample to every expert: the samples repeated, expert after expert. Nothing needs to be sorted.
fn all(node: &Node, b: &mut Build, x: Value, choice: &Assignment, experts: usize) -> (Value, Value) {
    let &[batch, features] = &**b.g.shape(x) else { return (x, x) };
    let rows = b.g.reshape(x, [1, batch, features]);
    let rows = b.g.broadcast(rows, [experts, batch, features]);
    let rows = b.g.reshape(rows, [experts * batch, features]);
    let size = b.g.constant(batch as f32);
    let sizes = b.g.broadcast(size, [experts]);
    let numbers = b.g.iota(experts);
    let numbers = b.g.reshape(numbers, [experts, 1]);
    let of_row = b.g.broadcast(numbers, [experts, batch]);
    let of_row = b.g.reshape(of_row, [experts * batch]);
    let y = b.grouped(experts, sizes, of_row, |b| b.chain(&node.children, rows));
    if b.g.is_poisoned(y) {
        return (y, y);
    }
    let units = b.g.shape(y).last();
    let y = b.g.reshape(y, [experts, batch, units]);
    // The weight of each expert, in the experts' own order: `[E, B, 1]`.
    let hit = b.g.one_hot(choice.experts, experts);
    let weights = b.g.reshape(choice.weights, [batch, experts, 1]);
    let weights = b.g.mul(hit, weights);
    let weights = b.g.sum(weights, &[1]);
    let weights = b.g.reshape(weights, [batch, experts]);
    let weights = b.g.transpose(weights, &[1, 0]);
    let weights = b.g.reshape(weights, [experts, batch, 1]);
    let y = b.g.mul(y, weights);
    let y = b.g.sum(y, &[0]);
    let share = b.g.constant(1.0 / experts as f32);
    let load = b.g.broadcast(share, [experts]);
    (b.g.reshape(y, [batch, units]), load)
}

/// Every sample to its own `k` experts: the assignments sorted by expert, and the results summed back.
fn chosen(node: &Node, b: &mut Build, x: Value, choice: &Assignment, experts: usize) -> (Value, Value) {
    let &[batch, k] = &**b.g.shape(choice.experts) else { return (x, x) };
    let flat = b.g.reshape(choice.experts, [batch * k]);
    let order = b.g.push(ArgSort { descending: false }, &[flat]);
    // Assignment `t` belongs to sample ⌊t / k⌋; half a unit keeps clear of a device's inexact division.
    let half = b.g.constant(0.5);
    let middle = b.g.add(order, half);
    let token = b.g.scale(middle, 1.0 / k as f32);
    let token = b.g.floor(token);
    let rows = b.g.push(Gather, &[x, token]);
    let hit = b.g.one_hot(flat, experts);
    let sizes = b.g.sum(hit, &[0]);
    let sizes = b.g.reshape(sizes, [experts]);
    let of_row = b.g.push(Gather, &[flat, order]);
    let y = b.grouped(experts, sizes, of_row, |b| b.chain(&node.children, rows));
    if b.g.is_poisoned(y) {
        return (y, y);
    }
    let weights = b.g.reshape(choice.weights, [batch * k]);
    let weights = b.g.push(Gather, &[weights, order]);
    let weights = b.g.reshape(weights, [batch * k, 1]);
    let y = b.g.mul(y, weights);
    let y = b.g.push(ScatterAdd { rows: batch }, &[token, y]);
    let load = b.g.scale(sizes, 1.0 / (batch * k).max(1) as f32);
    (y, load)
}

/// Leaves what the views show: the share of each expert, and how unsure the router is.
fn tap(b: &mut Build, load: Value, distribution: Value) {
    // Zero times the logarithm of nothing would be no number.
    let least = b.g.constant(1e-30);
    let safe = b.g.maximum(distribution, least);
    let log = b.g.ln(safe);
    let terms = b.g.mul(distribution, log);
    let rows = b.g.sum(terms, &[1]);
    let mean = b.g.mean_all(rows);
    let entropy = b.g.neg(mean);
    let place = b.place();
    let before = b.taps.iter().filter(|t| t.path == place || t.path.starts_with(&format!("{place} (round "))).count();
    let path = if before == 0 { place } else { format!("{place} (round {})", before + 1) };
    b.taps.push(Tap { path, load, entropy });
}
