//! D'OH: all weights of a network as fixed random projections of one short vector.
//!
//! W = s P z,  P ~ N(0, 1) fixed, z learned, begun uniformly in ±1/√n   (Gordon et al. 2024)
//!
//! P is no register: its numbers follow from the seed and the weight's name, and are made anew wherever they are needed.
//! Since z has variance 1/(3n) at first, s = √3 times the deviation that the block asks of W gives it just that.

use super::{Block, Holds};
use crate::ir::{Graph, Init, Shape, Value};
use crate::net::{Build, Node, stream};
use crate::ops::random::{Distribution, Noise, halves};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Its blocks, with n numbers to learn in the place of all their weights. Weights that would all begin alike, as biases
/// do, begin with a small deviation from that instead, or they could not learn. What is frozen inside stays as it is.
pub struct RandomHypernetwork;

static META: Meta = Meta {
    id: "random-hypernetwork",
    name: "Random hypernetwork",
    help: "Makes all weights of its blocks from one short vector by fixed random projections; only the vector learns.",
    source: "Gordon et al. 2024 (D'OH)",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "latent",
        name: "Latent numbers",
        help: "How many numbers learn.",
        kind: KnobKind::Int { default: 64, min: 1, max: 8192 },
    },
    Knob {
        id: "spread",
        name: "Spread of biases",
        help: "Deviation, at first, of weights that would otherwise all begin alike.",
        kind: KnobKind::Float { default: 0.1, min: 0.0, max: 10.0, live: false },
    },
    Knob {
        id: "projection",
        name: "Projection",
        help: "Which random projections are taken: the seed from which they follow.",
        kind: KnobKind::Int { default: 0, min: 0, max: 65_535 },
    },
];

impl Entry for RandomHypernetwork {
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

impl Block for RandomHypernetwork {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let knobs = &node.knobs;
        let latent = knobs.size("latent");
        let bound = 1.0 / (latent as f32).sqrt();
        let z = b.param("latent", vec![latent, 1], Init::Uniform { bound });
        let (spread, seed) = (knobs.float("spread") as f32, knobs.size("projection") as u32);
        b.computed(
            move |g, name, shape, init| projected(g, name, shape, init, z, spread, seed),
            |b| b.chain(&node.children, x),
        )
    }
}

/// The weight of this name: what `init` asks for, out of z `[n, 1]`.
fn projected(g: &mut Graph, name: &str, shape: &Shape, init: Init, z: Value, spread: f32, seed: u32) -> Value {
    let latent = g.shape(z).first().copied().unwrap_or(1);
    let (middle, deviation) = moments(g, init, spread);
    let counter = halves(seed).map(|half| {
        let half = g.constant(half);
        g.reshape(half, [1])
    });
    let seed = g.concat(&counter, 0);
    let zero = g.constant(0.0);
    let step = g.broadcast(zero, [2]);
    let shape = shape.clone();
    let noise =
        Noise { distribution: Distribution::Normal, stream: stream(name), shape: [shape.size(), latent].into() };
    let projection = g.push(noise, &[seed, step]);
    let weight = g.matmul(projection, z);
    let weight = g.scale(weight, deviation * 3f32.sqrt());
    let weight = g.reshape(weight, shape);
    let middle = g.constant(middle);
    g.add(weight, middle)
}

/// Mean and deviation at first.
fn moments(g: &Graph, init: Init, spread: f32) -> (f32, f32) {
    match init {
        Init::Constant(c) => (c, spread),
        Init::Uniform { bound } => (0.0, bound / 3f32.sqrt()),
        Init::Normal { std } => (0.0, std),
        Init::As(other) => moments(g, g.slot(other).init, spread),
    }
}
