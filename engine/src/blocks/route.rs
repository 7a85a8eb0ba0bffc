//! Experts: every sample, or every place of a sequence, goes to a few of several copies of the same blocks.
//!
//! The rows are laid out by expert, so that each layer of all experts is one grouped matrix product over runs of rows.
//! Work is saved where few experts are chosen: rows = samples × chosen.

use super::{Block, Holds};
use crate::ir::{Init, Shape, Value};
use crate::net::{Build, Mode, Node, Picture, Tap};
use crate::ops::rows::{Gather, ScatterAdd};
use crate::ops::sort::ArgSort;
use crate::registry::{Entry, Knob, KnobKind, Meta};
use crate::routing::{Assignment, Choice, Rows};

/// A routing and experts that share a form: `y = Σ weight · expert(x)` over the experts chosen for each row. The rows are
/// the places of a sequence `[B, T, D]`; else the samples, flattened. A shared expert is added, or mixed in as
/// `σ(k) y + (1 − σ(k)) shared(x)`, with `k` learned from 1/2 on.
pub struct Route;

static META: Meta = Meta {
    id: "route",
    name: "Route",
    help: "Sends every sample, or every place of a sequence, to some of several experts, and sums what they make of it.",
    source: "Jacobs et al. 1991; Shazeer et al. 2017",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "experts",
        name: "Experts",
        help: "How many copies of its blocks there are, each with weights of its own.",
        kind: KnobKind::Int { default: 4, min: 1, max: 256 },
    },
    Knob {
        id: "shared",
        name: "Shared expert",
        help: "One more copy of its blocks works on everything, and is added to what the chosen experts make of it.",
        kind: KnobKind::Bool { default: false },
    },
    Knob {
        id: "mixing",
        name: "Mixed in",
        help: "The shared expert and the others are mixed by a share that is learned, instead of added: with a tree, its \
               master leaf (Charalampopoulos et al. 2024).",
        kind: KnobKind::Bool { default: false },
    },
];

impl Entry for Route {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
    fn holds(&self) -> Holds {
        Holds::Experts
    }
}

impl Block for Route {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        if let Some(fault) = super::outside_experts(b) {
            return fault;
        }
        let Some((routing, knobs)) = &node.routing else {
            return b.fault("there is no routing", "choose a routing");
        };
        let experts = node.knobs.size("experts");
        let lead = match **b.g.shape(x) {
            [batch, places, _] => vec![batch, places],
            _ => vec![b.g.shape(x).first().copied().unwrap_or(1)],
        };
        let places = lead.get(1).copied().unwrap_or(1);
        let count = lead.iter().product::<usize>();
        let features = b.g.shape(x).size() / count.max(1);
        let x = b.g.reshape(x, [count, features]);
        // Inside of a block that turns the sample, rows are no places.
        let tokens = b.tokens.filter(|&tokens| b.g.shape(tokens).size() == count);
        let tokens = tokens.map(|tokens| b.g.reshape(tokens, [count]));
        let assignment = routing.route(knobs, b, Rows { x, places, tokens }, experts);
        if b.g.is_poisoned(assignment.distribution) {
            return assignment.distribution;
        }
        if b.mode == Mode::Eval {
            shown(b, &assignment, &lead, experts);
        }
        let (y, [load, dropped]) = match assignment.choice {
            Choice::ByRow { experts: numbers, weights } => {
                let asked = b.g.shape(numbers).size();
                match assignment.limit {
                    None if b.g.shape(numbers).last() == experts => all(node, b, x, [numbers, weights]),
                    limit => chosen(node, b, x, [numbers, weights], experts, limit.unwrap_or(asked)),
                }
            }
            Choice::ByExpert { rows, weights } => choosing(node, b, x, [rows, weights]),
        };
        if b.g.is_poisoned(y) {
            return y;
        }
        tap(b, [load, dropped], assignment.distribution);
        let favourite = b.g.arg_max(assignment.distribution);
        let favourite = b.g.reshape(favourite, lead.clone());
        b.show(Picture::Experts(experts), favourite);
        let y = if node.knobs.bool("shared") {
            let shared = b.within("shared", |b| b.chain(&node.children, x));
            if node.knobs.bool("mixing") { mixed(b, y, shared) } else { b.g.add(y, shared) }
        } else {
            y
        };
        let units = b.g.shape(y).last();
        b.g.reshape(y, Shape([lead, vec![units]].concat()))
    }
}

/// `σ(k) y + (1 − σ(k)) shared`.
fn mixed(b: &mut Build, y: Value, shared: Value) -> Value {
    let k = b.param("mixing", vec![1], Init::Constant(0.5));
    let share = b.g.sigmoid(k);
    let off = b.g.sub(y, shared);
    let off = b.g.mul(off, share);
    b.g.add(shared, off)
}

/// What each expert makes of its own rows `[.., features]`, `each` of them, expert after expert.
fn even(node: &Node, b: &mut Build, rows: Value, experts: usize, each: usize) -> Value {
    let size = b.g.constant(each as f32);
    let sizes = b.g.broadcast(size, [experts]);
    let numbers = b.g.iota(experts);
    let numbers = b.g.reshape(numbers, [experts, 1]);
    let of_row = b.g.broadcast(numbers, [experts, each]);
    let of_row = b.g.reshape(of_row, [experts * each]);
    b.grouped(experts, sizes, of_row, |b| b.chain(&node.children, rows))
}

/// Every row to every expert, whose numbers and weights are `[R, E]` each: the rows repeated, expert after expert.
/// Nothing needs to be sorted.
fn all(node: &Node, b: &mut Build, x: Value, [numbers, weights]: [Value; 2]) -> (Value, [Value; 2]) {
    let (&[count, features], &[_, experts]) = (&**b.g.shape(x), &**b.g.shape(weights)) else { return (x, [x; 2]) };
    let rows = b.g.reshape(x, [1, count, features]);
    let rows = b.g.broadcast(rows, [experts, count, features]);
    let rows = b.g.reshape(rows, [experts * count, features]);
    let y = even(node, b, rows, experts, count);
    if b.g.is_poisoned(y) {
        return (y, [y; 2]);
    }
    let units = b.g.shape(y).last();
    let y = b.g.reshape(y, [experts, count, units]);
    // The weight of each expert, in the experts' own order: `[E, R, 1]`.
    let hit = b.g.one_hot(numbers, experts);
    let weights = b.g.reshape(weights, [count, experts, 1]);
    let weights = b.g.mul(hit, weights);
    let weights = b.g.sum(weights, &[1]);
    let weights = b.g.reshape(weights, [count, experts]);
    let weights = b.g.transpose(weights, &[1, 0]);
    let weights = b.g.reshape(weights, [experts, count, 1]);
    let y = b.g.mul(y, weights);
    let y = b.g.sum(y, &[0]);
    // Since all of them work on everything, what an expert gets is its part of the weight.
    let of_each = b.g.sum(weights, &[1, 2]);
    let whole = b.g.total(weights);
    let load = b.g.div(of_each, whole);
    let load = b.g.reshape(load, [experts]);
    let nothing = b.g.constant(0.0);
    (b.g.reshape(y, [count, units]), [load, nothing])
}

/// Every row to its own `k` experts, numbers and weights `[R, k]` each: the assignments sorted by expert, and the results
/// summed back. Those left out come last, beyond the `limit`.
fn chosen(
    node: &Node,
    b: &mut Build,
    x: Value,
    [numbers, weights]: [Value; 2],
    experts: usize,
    limit: usize,
) -> (Value, [Value; 2]) {
    let &[count, k] = &**b.g.shape(numbers) else { return (x, [x; 2]) };
    let flat = b.g.reshape(numbers, [count * k]);
    let order = b.g.push(ArgSort { descending: false }, &[flat]);
    let order = b.g.slice(order, 0, 0, limit);
    // Assignment `t` belongs to row ⌊t / k⌋; half a unit keeps clear of a device's inexact division.
    let half = b.g.constant(0.5);
    let middle = b.g.add(order, half);
    let row = b.g.scale(middle, 1.0 / k as f32);
    let row = b.g.floor(row);
    let rows = b.g.push(Gather, &[x, row]);
    let one = b.g.constant(1.0);
    let ones = b.g.broadcast(one, [count * k]);
    let sizes = b.g.push(ScatterAdd { rows: experts }, &[flat, ones]);
    let of_row = b.g.push(Gather, &[flat, order]);
    let y = b.grouped(experts, sizes, of_row, |b| b.chain(&node.children, rows));
    if b.g.is_poisoned(y) {
        return (y, [y; 2]);
    }
    let weights = b.g.reshape(weights, [count * k]);
    let weights = b.g.push(Gather, &[weights, order]);
    let weights = b.g.reshape(weights, [limit, 1]);
    let y = b.g.mul(y, weights);
    let y = b.g.push(ScatterAdd { rows: count }, &[row, y]);
    let share = 1.0 / (count * k).max(1) as f32;
    let load = b.g.scale(sizes, share);
    // Counted in whole numbers, so that nothing dropped is 0 without rounding.
    let asked = b.g.constant((count * k) as f32);
    let taken = b.g.total(sizes);
    let left = b.g.sub(asked, taken);
    let dropped = b.g.scale(left, share);
    (y, [load, dropped])
}

/// Every expert to its own `c` rows, numbers and weights `[E, c]` each.
fn choosing(node: &Node, b: &mut Build, x: Value, [numbers, weights]: [Value; 2]) -> (Value, [Value; 2]) {
    let (&[count, _], &[experts, each]) = (&**b.g.shape(x), &**b.g.shape(numbers)) else { return (x, [x; 2]) };
    let numbers = b.g.reshape(numbers, [experts * each]);
    let rows = b.g.push(Gather, &[x, numbers]);
    let y = even(node, b, rows, experts, each);
    if b.g.is_poisoned(y) {
        return (y, [y; 2]);
    }
    let weights = b.g.reshape(weights, [experts * each, 1]);
    let y = b.g.mul(y, weights);
    let y = b.g.push(ScatterAdd { rows: count }, &[numbers, y]);
    let share = b.g.constant(1.0 / experts as f32);
    let load = b.g.broadcast(share, [experts]);
    let one = b.g.constant(1.0);
    let ones = b.g.broadcast(one, [experts * each]);
    let taken = b.g.push(ScatterAdd { rows: count }, &[numbers, ones]);
    let idle = b.g.lt(taken, one);
    let dropped = b.g.mean_all(idle);
    (y, [load, dropped])
}

/// Shows how much each expert counts for each row, and what the router thinks of it. The rows are `lead`, `[B]` or `[B, T]`.
fn shown(b: &mut Build, assignment: &Assignment, lead: &[usize], experts: usize) {
    let count = lead.iter().product::<usize>();
    let weights = match assignment.choice {
        Choice::ByRow { experts: numbers, weights } => {
            let k = b.g.shape(numbers).last();
            let hit = b.g.one_hot(numbers, experts);
            let weights = b.g.reshape(weights, [count, k, 1]);
            let weights = b.g.mul(hit, weights);
            b.g.sum(weights, &[1])
        }
        Choice::ByExpert { rows, weights } => {
            let each = b.g.shape(rows).last();
            let first = b.g.scale(rows, experts as f32);
            let number = b.g.iota(experts);
            let number = b.g.reshape(number, [experts, 1]);
            let place = b.g.add(first, number);
            let [place, weights] = [place, weights].map(|v| b.g.reshape(v, [experts * each]));
            b.g.push(ScatterAdd { rows: count * experts }, &[place, weights])
        }
    };
    let shape = Shape([lead, &[experts]].concat());
    for (picture, value) in [(Picture::Weights, weights), (Picture::Chances, assignment.distribution)] {
        let value = b.g.reshape(value, shape.clone());
        b.show(picture, value);
    }
}

/// Leaves what the views show: the share of each expert, what is left out, and how unsure the router is.
fn tap(b: &mut Build, [load, dropped]: [Value; 2], distribution: Value) {
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
    b.taps.push(Tap { path, load, entropy, dropped });
}
