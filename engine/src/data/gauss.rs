//! Two normal clouds around (−0.5, −0.5) and (0.5, 0.5): the noise alone is their width.

use super::{Data, Dataset, Source, plane};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, Knobs, Meta},
};

pub struct Gauss;

impl Entry for Gauss {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "gauss",
            name: "Two clouds",
            help: "Two round clouds: a straight line parts them as well as anything can.",
            source: "Signalbox; linear discriminant analysis (Fisher 1936) is optimal here",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[plane::SAMPLES, plane::noise(0.2), plane::TRAIN];
        KNOBS
    }
}

impl Dataset for Gauss {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        Ok(plane::generate(knobs, seed, ["lower left", "upper right"], |class, _| {
            let centre = if class == 0 { -0.5 } else { 0.5 };
            [centre, centre]
        }))
    }
}
