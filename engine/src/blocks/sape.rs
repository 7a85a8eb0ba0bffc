//! SAPE: waves that come in one after the other, from low to high, as training goes on.
//!
//! e(x) = (x, α ⊙ sin 2πxB, α ⊙ cos 2πxB)
//! α_i = clip(m · step / steps − i, 0, 1), frequencies numbered upwards from 0   (Hertz et al. 2021)
//!
//! The paper also lets each region of space go on to higher frequencies only while its own loss is large. A block sees
//! no loss; this is the progression in time, the same everywhere.

use super::Block;
use super::fourier_features::{self, Phases};
use crate::ir::Value;
use crate::net::{Build, Node, Picture};
use crate::ops::scalar::Unary;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// `[.., n]` to `[.., n + 2m]`, m as in [`fourier_features`]: the coordinates themselves, which are there from the
/// beginning, masked sines, masked cosines.
pub struct Sape;

static META: Meta = Meta {
    id: "sape",
    name: "Progressive encoding",
    help: "Turns coordinates into waves, of which the low ones come first and the high ones later in training.",
    source: "Hertz et al. 2021 (SAPE)",
};

static KNOBS: [Knob; 4] = [
    fourier_features::FREQUENCIES,
    fourier_features::COUNT,
    fourier_features::SCALE,
    Knob {
        id: "steps",
        name: "Steps",
        help: "After how many training steps all frequencies are there.",
        kind: KnobKind::Int { default: 1000, min: 1, max: 1_000_000 },
    },
];

impl Entry for Sape {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Sape {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let Phases { phases, order, places } = match fourier_features::phases(node, b, x) {
            Ok(phases) => phases,
            Err(fault) => return fault,
        };
        let step = b.clock.steps(b.g);
        let progress = b.g.scale(step, places as f32 / node.knobs.int("steps") as f32);
        let (zero, one) = (b.g.constant(0.0), b.g.constant(1.0));
        let mask = b.g.sub(progress, order);
        let mask = b.g.maximum(mask, zero);
        let mask = b.g.minimum(mask, one);
        let batch = b.g.shape(x)[0];
        let width = b.g.shape(mask).last();
        let shown = b.g.broadcast(mask, [batch, width]);
        b.show(Picture::Gates, shown);
        let (sine, cosine) = (b.g.sin(phases), b.g.unary(Unary::Cos, phases));
        let (sine, cosine) = (b.g.mul(sine, mask), b.g.mul(cosine, mask));
        let axis = b.g.shape(x).rank().saturating_sub(1);
        b.g.concat(&[x, sine, cosine], axis)
    }
}
