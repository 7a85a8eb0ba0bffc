//! The 8 × 8 digits of Alpaydin and Kaynak 1998: 1,437 to train on, 360 to test, the split fixed and stratified.

use super::{Data, Dataset, Look, Source, bytes, pack};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knobs, Meta},
};

pub struct Digits;

impl Entry for Digits {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "digits",
            name: "Digits 8 × 8",
            help: "1,797 handwritten digits of 8 × 8 pixels: the smallest images worth a convolution.",
            source: "Alpaydin and Kaynak 1998, UCI Machine Learning Repository, by way of scikit-learn",
        }
    }
}

impl Dataset for Digits {
    fn source(&self) -> Source {
        Source::Asset("digits.sbd")
    }

    fn load(&self, files: &[&[u8]], _knobs: &Knobs, _seed: u32) -> Result<Data, Diagnostic> {
        pack::read(bytes::one(files)?, &[8, 8, 1], Look::Image { height: 8, width: 8 })
    }
}
