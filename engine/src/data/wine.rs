//! 178 wines of three growers by thirteen measures of their chemistry; a fifth for testing, the split fixed and stratified.

use super::{Data, Dataset, Look, Source, bytes, pack, split};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knobs, Meta},
};

const MEASURES: usize = 13;

pub struct Wine;

impl Entry for Wine {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "wine",
            name: "Wine",
            help: "178 wines of three growers by thirteen measures of their chemistry.",
            source: "Forina et al., PARVUS; UCI Machine Learning Repository, by way of scikit-learn",
        }
    }
}

impl Dataset for Wine {
    fn source(&self) -> Source {
        Source::Asset("wine.sbd")
    }

    fn load(&self, files: &[&[u8]], _knobs: &Knobs, _seed: u32) -> Result<Data, Diagnostic> {
        let mut data = pack::read(bytes::one(files)?, &[MEASURES], Look::Table)?;
        split::standardise(&mut data.train, &mut data.test, MEASURES);
        Ok(data)
    }
}
