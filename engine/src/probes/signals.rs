//! What a rule itself goes by at each stage: goodness, energy, the errors it sends.

use super::{Measure, Probe, Recording};
use crate::registry::{Entry, Meta};

/// Each [`Signal`](crate::lesson::Signal) of the rule, under `name/stage`, on the batch of the next step: `[]` or `[n]`.
pub struct Signals;

static META: Meta = Meta {
    id: "signals",
    name: "The rule's signals",
    help: "What the rule itself goes by at each stage: goodness, energy, or the errors that it sends.",
    source: "Each rule's own paper",
};

impl Entry for Signals {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for Signals {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let batch = cx.batch(cx.learn.clock);
        let lesson = cx.rule.learn(&mut cx.learn, batch);
        let tensors: Vec<_> = lesson.signals.iter().map(|s| (format!("{}/{}", s.name, s.stage), s.value)).collect();
        (!tensors.is_empty()).then_some(Recording { before: lesson.before, tensors })
    }
}
