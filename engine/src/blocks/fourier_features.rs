//! Coordinates as waves, so that a network can follow fine detail.
//!
//! γ(x) = (sin 2πxB, cos 2πxB)
//!
//! B random: each frequency drawn from N(0, σ²) in every coordinate (Tancik et al. 2020, eq. 5). B geometric: each
//! coordinate by itself with frequencies σ, 2σ, 4σ, … (Mildenhall et al. 2020, eq. 4, has σ = ½).

use std::f32::consts::TAU;

use super::Block;
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::ops::scalar::Unary;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// `[.., n]` to `[.., 2m]` with m random frequencies, or to `[.., 2nm]` with m geometric ones: sines, then cosines. The
/// frequencies do not learn.
pub struct FourierFeatures;

static META: Meta = Meta {
    id: "fourier-features",
    name: "Fourier features",
    help: "Turns coordinates into sines and cosines of many frequencies, which do not learn.",
    source: "Tancik et al. 2020; Mildenhall et al. 2020",
};

pub const FREQUENCIES: Knob = Knob {
    id: "frequencies",
    name: "Frequencies",
    help: "random: drawn from a normal distribution, in all directions; geometric: each coordinate by itself, every \
           frequency twice the one before.",
    kind: KnobKind::Choice { default: "random", options: &["random", "geometric"] },
};

pub const COUNT: Knob = Knob {
    id: "count",
    name: "Number",
    help: "How many frequencies there are, for each coordinate where they are geometric; up to 24 of these.",
    kind: KnobKind::Int { default: 8, min: 1, max: 512 },
};

pub const SCALE: Knob = Knob {
    id: "scale",
    name: "Scale",
    help: "In waves per unit: how much random frequencies spread, or the lowest of geometric ones.",
    kind: KnobKind::Float { default: 0.5, min: 0.001, max: 1000.0, live: false },
};

static KNOBS: [Knob; 3] = [FREQUENCIES, COUNT, SCALE];

/// Beyond this many doublings a wave is finer than 32-bit coordinates.
const DOUBLINGS: usize = 24;

/// The phases of coordinates under frequencies.
pub struct Phases {
    /// 2πxB: `[.., m]`.
    pub phases: Value,
    /// Place of each in the order of rising frequency, from 0 on: `[m]`.
    pub order: Value,
    /// How many places that order has.
    pub places: usize,
}

/// The phases that the three knobs above ask for, or the fault.
pub fn phases(node: &Node, b: &mut Build, x: Value) -> Result<Phases, Value> {
    let shape = b.g.shape(x).clone();
    let (coordinates, count) = (shape.last(), node.knobs.size("count"));
    if shape.rank() < 2 {
        return Err(b.fault(format!("there are no coordinates in {shape}"), "give it samples with features"));
    }
    let scale = node.knobs.float("scale") as f32;
    let mut out = shape.0.clone();
    out.pop();
    if node.knobs.choice("frequencies") == "random" {
        let frequencies = b.frozen(|b| b.param("frequencies", vec![coordinates, count], Init::Normal { std: scale }));
        let rows = b.g.reshape(x, [shape.size() / coordinates.max(1), coordinates]);
        let waves = b.g.matmul(rows, frequencies);
        out.push(count);
        let waves = b.g.reshape(waves, out);
        let phases = b.g.scale(waves, TAU);
        let square = b.g.square(frequencies);
        let square = b.g.sum(square, &[0]);
        let across = b.g.reshape(square, [1, count]);
        let down = b.g.reshape(square, [count, 1]);
        let lower = b.g.lt(across, down);
        let order = b.g.sum(lower, &[1]);
        let order = b.g.reshape(order, [count]);
        return Ok(Phases { phases, order, places: count });
    }
    if count > DOUBLINGS {
        let message = format!("{count} doublings are more than the {DOUBLINGS} that coordinates can follow");
        return Err(b.fault(message, "choose fewer frequencies"));
    }
    let rates: Vec<Value> = (0..count as i32)
        .map(|j| {
            let rate = b.g.constant(TAU * scale * 2f32.powi(j));
            b.g.reshape(rate, [1])
        })
        .collect();
    let rates = b.g.concat(&rates, 0);
    let column = b.g.reshape(x, [&shape[..], &[1]].concat());
    let phases = b.g.mul(column, rates);
    out.push(coordinates * count);
    let phases = b.g.reshape(phases, out);
    let number = b.g.iota(count);
    let order = b.g.broadcast(number, [coordinates, count]);
    let order = b.g.reshape(order, [coordinates * count]);
    Ok(Phases { phases, order, places: count })
}

impl Entry for FourierFeatures {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for FourierFeatures {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let Phases { phases, .. } = match phases(node, b, x) {
            Ok(phases) => phases,
            Err(fault) => return fault,
        };
        let (sine, cosine) = (b.g.sin(phases), b.g.unary(Unary::Cos, phases));
        let axis = b.g.shape(sine).rank().saturating_sub(1);
        b.g.concat(&[sine, cosine], axis)
    }
}
