//! The data of a spec, from the files that the page ships.

#![allow(clippy::unwrap_used)]

use engine::data::{DATASETS, Data, Source};
use engine::registry::{Knobs, find};
use engine::spec::Spec;

pub fn load(spec: &Spec) -> Data {
    let dataset = find(DATASETS, &spec.data.id, "data").unwrap();
    let knobs = Knobs::resolve(dataset.knobs(), &spec.data.settings, "data").unwrap();
    let asset: &[u8] = match dataset.source() {
        Source::Asset("digits.sbd") => include_bytes!("../../../assets/data/digits.sbd"),
        Source::Asset("mnist.sbd") => include_bytes!("../../../assets/data/mnist.sbd"),
        Source::Asset("series.sbd") => include_bytes!("../../../assets/data/series.sbd"),
        Source::Asset("shakespeare.sbd") => include_bytes!("../../../assets/data/shakespeare.sbd"),
        Source::Asset(other) => panic!("{other} is not among the tests' files"),
        Source::Generated | Source::Own(_) => &[],
    };
    dataset.load(if asset.is_empty() { &[] } else { std::slice::from_ref(&asset) }, &knobs, spec.seed).unwrap()
}
