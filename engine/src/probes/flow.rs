//! What passes through the stages, forward and back: how large the activations are, and how much each stage is taught.
//!
//! ```text
//! forward_s  = √(mean of y²)        over the batch's outputs y of stage s, all stages in series
//! learning_s = √(mean of u²)        over the directions u in which the rule moves the weights of stage s
//! ```

use std::collections::BTreeMap;

use super::{Measure, Probe, Recording};
use crate::ir::{Graph, Shape, Value};
use crate::lesson::Learn;
use crate::net::{Clock, Mode};
use crate::registry::{Entry, Meta};
use crate::sorting::collected;

/// `learning [stages]` and, where the rule joins the stages in series, `forward [stages]`, on the batch of the next step. A
/// stage that has nothing to learn has 0.
pub struct Flow;

static META: Meta = Meta {
    id: "flow",
    name: "Flow",
    help: "How large the activations that leave each stage are, and how large the changes that the rule asks of its weights.",
    source: "Standard practice",
};

impl Entry for Flow {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for Flow {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let batch = cx.batch(cx.learn.clock);
        let lesson = cx.rule.learn(&mut cx.learn, batch);
        let stages = cx.learn.net.stages.len();
        let forward =
            if in_series(&cx.learn, batch.x) { cx.learn.series(Mode::Eval, batch.x).passes } else { Vec::new() };
        let directions = cx.learn.directions(&lesson);
        let g = &mut *cx.learn.g;
        // Sum of squares, and how many weights, by stage.
        let mut sums: BTreeMap<usize, (Value, usize)> = BTreeMap::new();
        for (slot, u) in directions {
            let Some(stage) = g.slot(slot).name.split('/').next().and_then(|s| s.parse().ok()) else { continue };
            let (square, size) = (g.dot(u, u), g.shape(u).size());
            let sum = match sums.get(&stage) {
                Some(&(old, before)) => (g.add(old, square), before + size),
                None => (square, size),
            };
            sums.insert(stage, sum);
        }
        let zero = g.constant(0.0);
        let learning: Vec<Value> = (1..=stages)
            .map(|stage| {
                let size = sums.get(&stage).map_or(zero, |&(sum, size)| {
                    let mean = g.scale(sum, 1.0 / size.max(1) as f32);
                    g.sqrt(mean)
                });
                g.reshape(size, [1])
            })
            .collect();
        let forward: Vec<Value> = forward
            .iter()
            .map(|pass| {
                let size = g.root_mean_square(pass.output);
                g.reshape(size, [1])
            })
            .collect();
        let mut tensors = vec![("learning".to_owned(), g.concat(&learning, 0))];
        if !forward.is_empty() {
            tensors.push(("forward".to_owned(), g.concat(&forward, 0)));
        }
        Some(Recording { before: lesson.before, tensors })
    }
}

/// Whether the rule's weights are those of the stages in series: a read-out that hears several stages has others.
fn in_series(learn: &Learn, x: Value) -> bool {
    let mut apart = Graph::new();
    let (seed, step) = (apart.symbol(Shape::from([2])), apart.symbol(Shape::from([2])));
    let x = apart.symbol(learn.g.shape(x).clone());
    let mut build = learn.net.build(&mut apart, Mode::Eval, Clock { seed, step });
    learn.net.forward(&mut build, x);
    drop(build);
    let known: BTreeMap<&str, &Shape> =
        collected(learn.g.slot_ids().map(|id| (learn.g.slot(id).name.as_str(), &learn.g.slot(id).shape)));
    apart.slot_ids().all(|id| {
        let slot = apart.slot(id);
        known.get(slot.name.as_str()).is_none_or(|shape| **shape == slot.shape)
    })
}
