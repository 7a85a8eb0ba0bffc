//! How much of a rule's update says the same from batch to batch, stage by stage.

use std::collections::BTreeMap;

use super::{Measure, Probe, Recording};
use crate::ir::{Init, Role, Slot, SlotId, Stmt, Value};
use crate::lesson::Lesson;
use crate::net::Clock;
use crate::registry::{Entry, Meta};

/// `ratio [stages]`: with the updates `u`, `v` that the rule makes of two independent batches, `⟨u, v⟩` estimates the
/// squared length of their mean and `|u − v|²/2` their variance; the ratio of the two. Above 1 a step goes mostly where
/// the mean goes. Noise of the rule's own counts as noise. Stages that do not learn have 0.
pub struct SignalToNoise;

static META: Meta = Meta {
    id: "signal-to-noise",
    name: "Signal to noise",
    help: "The part of each stage's update that two batches agree on, over the part that they do not.",
    source: "Standard practice",
};

impl Entry for SignalToNoise {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for SignalToNoise {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let clock = cx.learn.clock;
        let first = learn(cx, clock);
        // Another seed: another order of the samples, and other noise.
        let index = cx.learn.g.iota(2);
        let one = cx.learn.g.constant(1.0);
        let low = cx.learn.g.lt(index, one);
        let seed = cx.learn.g.add(clock.seed, low);
        let second = learn(cx, Clock { seed, ..clock });
        let ours = cx.learn.directions(&first);
        let theirs = cx.learn.directions(&second);
        let g = &mut *cx.learn.g;
        let mut before = first.before;
        let mut updates: Vec<Value> = ours.iter().map(|u| u.1).collect();
        if !before.is_empty() {
            // Both lessons use the same scratch registers: what the first came to is kept aside.
            let kept: Vec<(SlotId, Value)> = ours
                .iter()
                .map(|&(slot, direction)| {
                    let name = format!("probe/signal-to-noise/{}", g.slot(slot).name);
                    let shape = g.shape(direction).clone();
                    (g.declare(Slot { name, role: Role::Metric, shape, init: Init::Constant(0.0) }), direction)
                })
                .collect();
            updates = kept.iter().map(|k| g.read(k.0)).collect();
            before.push(Stmt::Tick(kept));
            before.extend(second.before);
        }
        // By stage: inner product, and squared difference.
        let mut sums: BTreeMap<usize, [Value; 2]> = BTreeMap::new();
        for (u, (slot, v)) in updates.into_iter().zip(theirs) {
            let Some(stage) = g.slot(slot).name.split('/').next().and_then(|s| s.parse().ok()) else { continue };
            let difference = g.sub(u, v);
            let terms = [g.dot(u, v), g.dot(difference, difference)];
            let sum = match sums.get(&stage) {
                Some(old) => [g.add(old[0], terms[0]), g.add(old[1], terms[1])],
                None => terms,
            };
            sums.insert(stage, sum);
        }
        let zero = g.constant(0.0);
        let least = g.constant(1e-30);
        let parts: Vec<Value> = (1..=cx.learn.net.stages.len())
            .map(|stage| {
                let ratio = match sums.get(&stage) {
                    Some(&[signal, difference]) => {
                        let signal = g.maximum(signal, zero);
                        let noise = g.scale(difference, 0.5);
                        let noise = g.maximum(noise, least);
                        g.div(signal, noise)
                    }
                    None => zero,
                };
                g.reshape(ratio, [1])
            })
            .collect();
        Some(Recording { before, tensors: vec![("ratio".to_owned(), g.concat(&parts, 0))] })
    }
}

/// What the rule learns at another clock.
fn learn(cx: &mut Measure, clock: Clock) -> Lesson {
    let own = std::mem::replace(&mut cx.learn.clock, clock);
    let batch = cx.batch(clock);
    let lesson = cx.rule.learn(&mut cx.learn, batch);
    cx.learn.clock = own;
    lesson
}
