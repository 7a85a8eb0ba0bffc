//! What passes through the stages, forward and back: how large the activations are, and how much each stage is taught.
//!
//! ```text
//! forward_s  = √(mean of y²)        over the batch's outputs y of stage s, all stages in series
//! learning_s = √(mean of u²)        over the directions u in which the rule moves the weights of stage s
//! ```

use std::collections::BTreeMap;

use super::{Measure, Probe, Recording};
use crate::ir::Value;
use crate::net::Mode;
use crate::registry::{Entry, Meta};

/// `forward [stages]` and `learning [stages]`, on the batch of the next step. A stage that has nothing to learn has 0.
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
        let passes = cx.learn.series(Mode::Eval, batch.x).passes;
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
        let learning: Vec<Value> = (1..=passes.len())
            .map(|stage| {
                let size = sums.get(&stage).map_or(zero, |&(sum, size)| {
                    let mean = g.scale(sum, 1.0 / size.max(1) as f32);
                    g.sqrt(mean)
                });
                g.reshape(size, [1])
            })
            .collect();
        let forward: Vec<Value> = passes
            .iter()
            .map(|pass| {
                let size = g.root_mean_square(pass.output);
                g.reshape(size, [1])
            })
            .collect();
        let tensors =
            vec![("forward".to_owned(), g.concat(&forward, 0)), ("learning".to_owned(), g.concat(&learning, 0))];
        Some(Recording { before: lesson.before, tensors })
    }
}
