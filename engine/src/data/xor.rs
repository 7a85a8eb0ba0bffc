//! Exclusive or: the class says whether the signs of the two coordinates differ.

use super::{Data, Dataset, Source, plane};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, Knobs, Meta},
};

pub struct Xor;

impl Entry for Xor {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "xor",
            name: "XOR",
            help: "Four quadrants, opposite ones alike: the smallest task that no linear classifier solves.",
            source: "Signalbox; the task is that of Minsky and Papert 1969",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[plane::SAMPLES, plane::noise(0.05), plane::TRAIN];
        KNOBS
    }
}

impl Dataset for Xor {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        Ok(plane::generate(knobs, seed, ["same sign", "opposite sign"], |class, draws| {
            // A gap of 0.1 along the axes keeps the classes apart while there is no noise.
            let along = 0.05 + 0.95 * f64::from(draws.uniform());
            let across = 0.05 + 0.95 * f64::from(draws.uniform());
            let side = if draws.below(2) == 0 { 1.0 } else { -1.0 };
            [side * along, if class == 0 { side * across } else { -side * across }]
        }))
    }
}
