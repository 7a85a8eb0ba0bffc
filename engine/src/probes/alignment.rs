//! How far a rule's update points the way of the gradient: the cosine between the two, stage by stage.

use std::collections::BTreeMap;

use super::{Measure, Probe, Recording};
use crate::ir::Value;
use crate::registry::{Entry, Meta};

/// `cosine [stages]`: 1 where the rule does what backpropagation does, 0 where they are at right angles. On the batch
/// of the next step; the reference differentiates the task's loss through whatever the rule detached. Stages that the
/// loss does not depend on, or that do not learn, have 0.
pub struct Alignment;

static META: Meta = Meta {
    id: "alignment",
    name: "Alignment with backprop",
    help: "The cosine between each stage's update and the gradient that backpropagation would give.",
    source: "Lillicrap et al. 2016",
};

impl Entry for Alignment {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for Alignment {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let batch = cx.batch(cx.learn.clock);
        let lesson = cx.rule.learn(&mut cx.learn, batch);
        let reference = cx.learn.reference(&lesson, batch.target);
        let directions = cx.learn.directions(&lesson);
        let g = &mut *cx.learn.g;
        // Inner product, and both squared lengths, by stage.
        let mut sums: BTreeMap<usize, [Value; 3]> = BTreeMap::new();
        for ((slot, u), exact) in directions.into_iter().zip(reference) {
            let Some(stage) = g.slot(slot).name.split('/').next().and_then(|s| s.parse().ok()) else { continue };
            let terms = [g.dot(u, exact), g.dot(u, u), g.dot(exact, exact)];
            let sum = match sums.get(&stage) {
                Some(old) => [0, 1, 2].map(|i| g.add(old[i], terms[i])),
                None => terms,
            };
            sums.insert(stage, sum);
        }
        let least = g.constant(1e-30);
        let zero = g.constant(0.0);
        let parts: Vec<Value> = (1..=cx.learn.net.stages.len())
            .map(|stage| {
                let cosine = match sums.get(&stage) {
                    Some(&[inner, a, b]) => {
                        let (a, b) = (g.sqrt(a), g.sqrt(b));
                        let lengths = g.mul(a, b);
                        let lengths = g.maximum(lengths, least);
                        g.div(inner, lengths)
                    }
                    None => zero,
                };
                g.reshape(cosine, [1])
            })
            .collect();
        Some(Recording { before: lesson.before, tensors: vec![("cosine".to_owned(), g.concat(&parts, 0))] })
    }
}
