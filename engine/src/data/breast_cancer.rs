//! 569 tumours by thirty measures of their cells' nuclei: malignant or benign; a fifth for testing, the split fixed and stratified.

use super::{Data, Dataset, Look, Source, bytes, pack, split};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knobs, Meta},
};

const MEASURES: usize = 30;

pub struct BreastCancer;

impl Entry for BreastCancer {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "breast-cancer",
            name: "Breast cancer",
            help: "569 tumours by thirty measures of their cells' nuclei: malignant or benign.",
            source: "Street, Wolberg and Mangasarian 1993; UCI Machine Learning Repository, by way of scikit-learn",
        }
    }
}

impl Dataset for BreastCancer {
    fn source(&self) -> Source {
        Source::Asset("breast-cancer.sbd")
    }

    fn load(&self, files: &[&[u8]], _knobs: &Knobs, _seed: u32) -> Result<Data, Diagnostic> {
        let mut data = pack::read(bytes::one(files)?, &[MEASURES], Look::Table)?;
        split::standardise(&mut data.train, &mut data.test, MEASURES);
        Ok(data)
    }
}
