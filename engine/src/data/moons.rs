//! Two interleaving half circles, brought to ±1.

use std::f64::consts::PI;

use super::{Data, Dataset, Source, plane};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, Knobs, Meta},
};

pub struct Moons;

impl Entry for Moons {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "moons",
            name: "Two moons",
            help: "Two half circles, each reaching into the other: a curved border parts them.",
            source: "Signalbox; the shape is scikit-learn's make_moons (Pedregosa and others 2011)",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[plane::SAMPLES, plane::noise(0.07), plane::TRAIN];
        KNOBS
    }
}

impl Dataset for Moons {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        Ok(plane::generate(knobs, seed, ["upper", "lower"], |class, draws| {
            let [cos, sin] = plane::polar(1.0, PI * f64::from(draws.uniform()));
            let [x, y] = if class == 0 { [cos, sin] } else { [1.0 - cos, 0.5 - sin] };
            // The pair spans −1 to 2 and −0.5 to 1: centre it and halve its width.
            [(x - 0.5) / 1.5, (y - 0.25) / 1.5]
        }))
    }
}
