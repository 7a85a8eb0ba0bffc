//! Two arms of an Archimedean spiral, half a turn apart.

use std::f64::consts::{PI, TAU};

use super::{Data, Dataset, Source, plane};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

const TURNS: Knob = Knob {
    id: "turns",
    name: "Turns",
    help: "How often each arm goes round.",
    kind: KnobKind::Float { default: 1.5, min: 0.5, max: 3.0, live: false },
};

pub struct Spiral;

impl Entry for Spiral {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "spiral",
            name: "Two spirals",
            help: "Two arms wound into each other: hard for small networks, and the more turns the harder.",
            source: "Signalbox; the task is that of Lang and Witbrock 1988",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[plane::SAMPLES, plane::noise(0.02), TURNS, plane::TRAIN];
        KNOBS
    }
}

impl Dataset for Spiral {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        let turns = knobs.float("turns");
        Ok(plane::generate(knobs, seed, ["first arm", "second arm"], |class, draws| {
            // The square root spreads the points evenly along the arm, whose length grows with the radius squared.
            let radius = f64::from(draws.uniform()).sqrt();
            plane::polar(radius, TAU * turns * radius + PI * f64::from(class))
        }))
    }
}
