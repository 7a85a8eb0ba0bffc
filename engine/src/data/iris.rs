//! Anderson's irises, as Fisher 1936 gives them: 120 to train on, 30 to test, the split fixed and stratified.

use super::{Data, Dataset, Look, Source, bytes, pack, split};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knobs, Meta},
};

pub struct Iris;

impl Entry for Iris {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "iris",
            name: "Iris",
            help: "150 flowers of three species by four measures, scaled to mean 0 and variance 1 by the training split.",
            source: "Fisher 1936, by way of scikit-learn",
        }
    }
}

impl Dataset for Iris {
    fn source(&self) -> Source {
        Source::Asset("iris.sbd")
    }

    fn load(&self, files: &[&[u8]], _knobs: &Knobs, _seed: u32) -> Result<Data, Diagnostic> {
        let mut data = pack::read(bytes::one(files)?, &[4], Look::Table)?;
        split::standardise(&mut data.train, &mut data.test, 4);
        Ok(data)
    }
}
