//! Where in its sequence a row of features stands: `y_t = x_t + p_t`.
//!
//! Sinusoidal (Vaswani et al. 2017, section 3.5): `p_(t, 2k) = sin(t / 10000^(2k/D))`, `p_(t, 2k+1)` its cosine.

use super::{Block, Takes, sequence};
use crate::ir::{Graph, Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A sequence `[B, T, D]` with a row for each place added to it: learned `[T, D]`, or waves of different lengths.
pub struct Position;

static META: Meta = Meta {
    id: "position",
    name: "Position",
    help: "Adds to every place of a sequence a row of numbers that tells where it stands.",
    source: "Vaswani et al. 2017; learned: Gehring et al. 2017",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "kind",
    name: "Kind",
    help: "learned: a row of weights for each place; sinusoidal: waves of different lengths, without weights.",
    kind: KnobKind::Choice { default: "learned", options: &["learned", "sinusoidal"] },
}];

impl Entry for Position {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

/// Waves for `places` places and `width` features: `[places, width]`.
fn waves(g: &mut Graph, places: usize, width: usize) -> Value {
    let feature = g.iota(width);
    // ⌊feature / 2⌋; half a unit keeps clear of a device's inexact division.
    let half = g.constant(0.5);
    let middle = g.add(feature, half);
    let pair = g.scale(middle, 0.5);
    let pair = g.floor(pair);
    let twice = g.scale(pair, 2.0);
    let odd = g.sub(feature, twice);
    let log = g.scale(twice, -(10_000f32.ln()) / width.max(1) as f32);
    let pace = g.exp(log);
    let place = g.iota(places);
    let place = g.reshape(place, [places, 1]);
    let angle = g.mul(place, pace);
    let turn = g.scale(odd, std::f32::consts::FRAC_PI_2);
    let angle = g.add(angle, turn);
    g.sin(angle)
}

impl Block for Position {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [_, places, width]) = match sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let rows = match node.knobs.choice("kind") {
            "sinusoidal" => waves(b.g, places, width),
            _ => b.param("rows", vec![places, width], Init::Normal { std: 0.02 }),
        };
        b.g.add(x, rows)
    }
}
