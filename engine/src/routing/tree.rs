//! A binary tree of decisions, with an expert at each leaf: fast feedforward (Belcak and Wattenhofer 2023).
//!
//! The `L = 2ᵈ` experts are leaves under `L − 1` nodes. Node `(m, n)` of level `m` decides by `c = σ(z)`, `z = w·x + b`,
//! between its children `2n` and `2n + 1` of the next level:
//!
//! ```text
//! training      f(m, n) = c f(m+1, 2n+1) + (1 − c) f(m+1, 2n):  a leaf's weight is the product along its path
//! evaluation    the one leaf that is reached by going to 2n + 1 where c ≥ 1/2
//! hardening     h · mean over rows and nodes of the entropy of c
//! balance       α · L Σᵢ fᵢ mean(Pᵢ)      fᵢ: share of the rows whose hard path ends in leaf i; Pᵢ: its soft weight
//! ```
//!
//! The balance is Charalampopoulos et al. 2024; their master leaf is the route's shared expert, mixed by a learned share.
//! A leak swaps `c` and `1 − c` at random nodes while training.
//!
//! Evaluation may follow the hard path for all but the last `s` levels, and mix the `2ˢ` leaves under the node that it has
//! reached then: with `s = d` that is the function that was trained, with `s = 0` the paper's. (To stop short of the leaves
//! has no meaning here: a node has no output of its own, and the mean of its leaves' weights is no expert of theirs.)

use super::top_k::picked;
use super::{Assignment, Routing, Rows, balance};
use crate::ir::{Init, Value};
use crate::net::{Build, Mode};
use crate::ops::rows::Gather;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// The leaves of a tree of soft decisions that harden.
pub struct Tree;

static META: Meta = Meta {
    id: "tree",
    name: "Tree",
    help: "Decisions one after the other lead to one expert of 2, 4, 8 …; while training all are mixed by how likely the \
           tree leads to each.",
    source: "Belcak and Wattenhofer 2023 (fast feedforward); Charalampopoulos et al. 2024",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "hardening",
        name: "Hardening",
        help: "Weight of the loss that makes decisions certain, so that evaluation, which follows one path, agrees with \
               training. It is a mean over all decisions, so that the few at the top of a deep tree need much of it; \
               alone it tends to collapse the tree to few leaves.",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 10.0, live: false },
    },
    Knob {
        id: "balance",
        name: "Balance",
        help: "Weight of the loss that is least when all leaves are reached equally often (Charalampopoulos et al. 2024).",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 10.0, live: false },
    },
    Knob {
        id: "leak",
        name: "Region leak",
        help: "While training, the share of decisions that are swapped at random, so that leaves see what lies beyond \
               their region.",
        kind: KnobKind::Float { default: 0.0, min: 0.0, max: 0.5, live: false },
    },
    Knob {
        id: "soft",
        name: "Soft levels",
        help: "In evaluation, how many of the last decisions stay soft: 0 follows one path to one leaf, each level more mixes \
               twice as many leaves, and all of them give the function that was trained.",
        kind: KnobKind::Int { default: 0, min: 0, max: 8 },
    },
];

impl Entry for Tree {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
    fn dials(&self) -> &'static [&'static str] {
        &["soft"]
    }
}

impl Routing for Tree {
    fn route(&self, knobs: &Knobs, b: &mut Build, rows: Rows, experts: usize) -> Assignment {
        if !experts.is_power_of_two() || experts < 2 {
            let below = (1 << experts.max(2).ilog2()).to_string();
            let mend = format!("choose {below} or {} experts", 2 << experts.max(2).ilog2());
            return Assignment::fault(b.fault(format!("a tree has 2, 4, 8 … leaves, not {experts}"), mend));
        }
        let (depth, soft) = (experts.ilog2() as usize, knobs.size("soft"));
        if soft > depth {
            let message = format!("a tree of {experts} leaves has {depth} levels, of which {soft} cannot be soft");
            return Assignment::fault(b.fault(message, "lower the soft levels or add leaves"));
        }
        let &[count, features] = &**b.g.shape(rows.x) else { return Assignment::fault(rows.x) };
        let bound = (3.0 / features.max(1) as f32).sqrt();
        let weight = b.param("node", vec![experts - 1, features], Init::Uniform { bound });
        let bias = b.param("bias", vec![experts - 1], Init::Constant(0.0));
        let nodes = Nodes { x: rows.x, weight, bias };
        let z = nodes.first(b, experts - 1);
        let mut c = b.g.sigmoid(z);
        if b.mode == Mode::Train && knobs.float("leak") > 0.0 {
            c = leaked(b, c, knobs.float("leak") as f32);
        }
        let weights = mixture(b, c, experts);
        match b.mode {
            Mode::Train => {
                penalise(b, knobs, nodes, [z, c, weights]);
                let numbers = b.g.iota(experts);
                let numbers = b.g.broadcast(numbers, [count, experts]);
                Assignment::by_row(numbers, weights, weights)
            }
            Mode::Eval => {
                let hard = depth - soft;
                let at_once = nodes.first(b, AT_ONCE.min(experts - 1));
                let node = nodes.descent(b, at_once, hard);
                let node = b.g.reshape(node, [count, 1]);
                if soft == 0 {
                    let one = b.g.constant(1.0);
                    let one = b.g.broadcast(one, [count, 1]);
                    return Assignment::by_row(node, one, weights);
                }
                let under = 1 << soft;
                let first = b.g.scale(node, under as f32);
                let offset = b.g.iota(under);
                let leaves = b.g.add(first, offset);
                let likely = picked(b, weights, leaves);
                // A hard path is the likelier one at every node: the sum is no less than 2⁻ᵈ.
                let all = b.g.sum(likely, &[1]);
                let shares = b.g.div(likely, all);
                Assignment::by_row(leaves, shares, weights)
            }
        }
    }
}

/// Weights of the leaves `[R, L]` under decisions `c [R, L − 1]`, level after level.
fn mixture(b: &mut Build, c: Value, leaves: usize) -> Value {
    let count = b.g.shape(c)[0];
    let one = b.g.constant(1.0);
    let mut weights = b.g.broadcast(one, [count, 1]);
    for level in 0..leaves.ilog2() {
        let nodes = 1 << level;
        let c = b.g.slice(c, 1, nodes - 1, nodes);
        let right = b.g.mul(weights, c);
        let left = b.g.sub(weights, right);
        let [left, right] = [left, right].map(|side| b.g.reshape(side, [count, nodes, 1]));
        let both = b.g.concat(&[left, right], 2);
        weights = b.g.reshape(both, [count, 2 * nodes]);
    }
    weights
}

/// Nodes of which all logits come from one product, in evaluation: six levels. Levels double, and of a deeper one only
/// the node on each row's path is looked up.
const AT_ONCE: usize = 63;

/// The decisions: rows `[R, F]`, weights `[L − 1, F]` and biases `[L − 1]`, level after level.
#[derive(Clone, Copy)]
struct Nodes {
    x: Value,
    weight: Value,
    bias: Value,
}

impl Nodes {
    /// Logits of the first `count` nodes: `[R, count]`.
    fn first(self, b: &mut Build, count: usize) -> Value {
        let weight = b.g.slice(self.weight, 0, 0, count);
        let bias = b.g.slice(self.bias, 0, 0, count);
        let z = b.g.matmul_t(self.x, weight, false, true);
        b.g.add(z, bias)
    }

    /// Which node of level `levels`, or leaf of the last, is reached by so many hard decisions `[R]`, given the logits
    /// `[R, n]` of the first nodes.
    fn descent(self, b: &mut Build, first: Value, levels: usize) -> Value {
        let &[count, known] = &**b.g.shape(first) else { return first };
        let all = (1 << levels) - 1;
        let table = b.g.reshape(first, [count * known]);
        let rows = b.g.iota(count);
        let rows = b.g.scale(rows, known as f32);
        let zero = b.g.constant(0.0);
        let one = b.g.constant(1.0);
        let mut at = b.g.broadcast(zero, [count]);
        let mut level = 0;
        while level < all {
            let offset = b.g.constant(level as f32);
            let node = b.g.add(at, offset);
            let z = if level < known {
                let place = b.g.add(rows, node);
                b.g.push(Gather, &[table, place])
            } else {
                self.looked_up(b, node)
            };
            let left = b.g.lt(z, zero);
            let right = b.g.sub(one, left);
            let twice = b.g.scale(at, 2.0);
            at = b.g.add(twice, right);
            level = 2 * level + 1;
        }
        at
    }

    /// Logits of one `node [R]` for each row.
    fn looked_up(self, b: &mut Build, node: Value) -> Value {
        let count = b.g.shape(node).size();
        let weight = b.g.push(Gather, &[self.weight, node]);
        let product = b.g.mul(self.x, weight);
        let sum = b.g.sum(product, &[1]);
        let sum = b.g.reshape(sum, [count]);
        let bias = b.g.push(Gather, &[self.bias, node]);
        b.g.add(sum, bias)
    }
}

/// `c` and `1 − c` swapped at a share of the nodes.
fn leaked(b: &mut Build, c: Value, share: f32) -> Value {
    let shape = b.g.shape(c).clone();
    let noise = b.uniform(&shape);
    let share = b.g.constant(share);
    let swapped = b.g.lt(noise, share);
    let one = b.g.constant(1.0);
    let other = b.g.sub(one, c);
    b.g.select(swapped, other, c)
}

/// Adds the hardening and the balancing loss of logits `z`, decisions `c [R, L − 1]` and leaf weights `[R, L]`.
fn penalise(b: &mut Build, knobs: &Knobs, nodes: Nodes, [z, c, weights]: [Value; 3]) {
    let harden = knobs.float("hardening") as f32;
    if harden > 0.0 {
        // H(σ(z)) = softplus(z) − z σ(z), safe at any size of z; a swap does not change it.
        let whole = b.g.softplus(z);
        let c = if knobs.float("leak") > 0.0 { b.g.sigmoid(z) } else { c };
        let part = b.g.mul(z, c);
        let entropy = b.g.sub(whole, part);
        let mean = b.g.mean_all(entropy);
        let loss = b.g.scale(mean, harden);
        b.penalise(loss);
    }
    let even = knobs.float("balance") as f32;
    if even > 0.0 {
        let leaves = b.g.shape(weights).last();
        let leaf = nodes.descent(b, z, leaves.ilog2() as usize);
        let hit = b.g.one_hot(leaf, leaves);
        let share = b.g.mean(hit, &[0]);
        let share = b.g.reshape(share, [leaves]);
        let loss = balance::agreement(b, share, weights);
        let loss = b.g.scale(loss, even);
        b.penalise(loss);
    }
}
