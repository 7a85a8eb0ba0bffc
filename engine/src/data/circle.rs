//! A disc of radius 0.5 inside a ring from 0.7 to 1, both filled evenly.

use std::f64::consts::TAU;

use super::{Data, Dataset, Source, plane};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, Knobs, Meta},
};

pub struct Circle;

impl Entry for Circle {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "circle",
            name: "Circle",
            help: "A disc inside a ring: no straight line parts them, one hidden layer does.",
            source: "Signalbox; the task is that of TensorFlow Playground (Smilkov and others 2017)",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[plane::SAMPLES, plane::noise(0.05), plane::TRAIN];
        KNOBS
    }
}

impl Dataset for Circle {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        Ok(plane::generate(knobs, seed, ["inner", "outer"], |class, draws| {
            let (inner, outer): (f64, f64) = if class == 0 { (0.0, 0.5) } else { (0.7, 1.0) };
            // Even over the area: the square of the radius is what is uniform.
            let square = inner * inner + (outer * outer - inner * inner) * f64::from(draws.uniform());
            plane::polar(square.sqrt(), TAU * f64::from(draws.uniform()))
        }))
    }
}
