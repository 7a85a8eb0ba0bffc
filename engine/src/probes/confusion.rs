//! Which classes are taken for which.

use super::{Measure, Probe, Recording};
use crate::registry::{Entry, Meta};

/// `counts [C, C]` of the test samples of the last evaluation: rows by true class, columns by answer.
pub struct Confusion;

static META: Meta = Meta {
    id: "confusion",
    name: "Confusion matrix",
    help: "How often each class of the test samples is taken for each other.",
    source: "Standard practice",
};

impl Entry for Confusion {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for Confusion {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let counts = cx.learn.g.read(cx.confusion?);
        Some(Recording::from(vec![("counts".to_owned(), counts)]))
    }

    fn after_evaluation(&self) -> bool {
        true
    }
}
