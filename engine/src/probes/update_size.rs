//! How large a step is beside the weights that it changes, stage by stage.

use std::collections::BTreeMap;

use super::{Measure, Probe, Recording};
use crate::ir::{Role, Value};
use crate::registry::{Entry, Meta};

/// `size [stages]`: `‖ΔW‖ / ‖W‖` over all weights of a stage together, `ΔW` being what the optimizer makes of the rule's
/// updates for the batch of the next step, and what the rule sets by itself. About 0.001 is usual for a healthy run; 0
/// for a stage that does not learn.
pub struct UpdateSize;

static META: Meta = Meta {
    id: "update-size",
    name: "Update size",
    help: "How large a step is beside the weights that it changes, stage by stage.",
    source: "Standard practice",
};

impl Entry for UpdateSize {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for UpdateSize {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let clock = cx.learn.clock;
        let batch = cx.batch(clock);
        let lesson = cx.rule.learn(&mut cx.learn, batch);
        let stages = cx.learn.net.stages.len();
        let g = &mut *cx.learn.g;
        let mut writes = cx.recipe.step_aged(g, clock, &lesson.updates, &lesson.ages);
        writes.extend(&lesson.writes);
        // Squared lengths of the change and of the weights, by stage.
        let mut sums: BTreeMap<usize, [Value; 2]> = BTreeMap::new();
        for (slot, next) in writes {
            if g.slot(slot).role != Role::Param {
                continue;
            }
            let Some(stage) = g.slot(slot).name.split('/').next().and_then(|s| s.parse().ok()) else { continue };
            let weight = g.read(slot);
            let change = g.sub(next, weight);
            let terms = [g.dot(change, change), g.dot(weight, weight)];
            let sum = match sums.get(&stage) {
                Some(old) => [g.add(old[0], terms[0]), g.add(old[1], terms[1])],
                None => terms,
            };
            sums.insert(stage, sum);
        }
        let (zero, least) = (g.constant(0.0), g.constant(1e-20));
        let parts: Vec<Value> = (1..=stages)
            .map(|stage| {
                let size = match sums.get(&stage) {
                    Some(&[change, weights]) => {
                        let (change, weights) = (g.sqrt(change), g.sqrt(weights));
                        let weights = g.maximum(weights, least);
                        g.div(change, weights)
                    }
                    None => zero,
                };
                g.reshape(size, [1])
            })
            .collect();
        Some(Recording { before: lesson.before, tensors: vec![("size".to_owned(), g.concat(&parts, 0))] })
    }
}
