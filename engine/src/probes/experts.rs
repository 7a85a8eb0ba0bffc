//! What routers do: the share of each expert, how unsure the router is, and what is left out.

use super::exhibits::{exhibits, first, several};
use super::{Measure, Probe, Recording};
use crate::ir::Value;
use crate::net::Picture;
use crate::registry::{Entry, Meta};

/// For each route of the last step, `load PATH [E]`, `entropy PATH [1]` in nats, and `dropped PATH [1]`: the share that was
/// left out. Load and what is dropped sum to 1 where rows choose. And for each route of an evaluation of some test samples,
/// `reached PATH [E]`: the share of the weight that each expert has in what is made of them, summing to 1.
pub struct Experts;

static META: Meta = Meta {
    id: "experts",
    name: "Experts",
    help: "The share of the samples that each expert receives, the entropy of the router's choice, and the share that no \
           expert had room for.",
    source: "Shazeer et al. 2017; Fedus, Zoph and Shazeer 2022",
};

impl Entry for Experts {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for Experts {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        if cx.taps.is_empty() {
            return None;
        }
        let count = several(cx);
        let x = first(cx, count).x;
        let reached = exhibits(cx, x);
        let g = &mut *cx.learn.g;
        let mut values: Vec<(String, Value)> = cx
            .taps
            .iter()
            .flat_map(|(tap, [load, entropy, dropped])| {
                let load = g.read(*load);
                let entropy = g.read(*entropy);
                let entropy = g.reshape(entropy, [1]);
                let dropped = g.read(*dropped);
                let dropped = g.reshape(dropped, [1]);
                let named = |what: &str| format!("{what} {}", tap.path);
                [(named("load"), load), (named("entropy"), entropy), (named("dropped"), dropped)]
            })
            .collect();
        for exhibit in reached.into_iter().filter(|e| e.picture == Picture::Weights) {
            let shape = g.shape(exhibit.value).clone();
            let rows = g.reshape(exhibit.value, [shape.size() / shape.last().max(1), shape.last()]);
            let sums = g.sum(rows, &[0]);
            let sums = g.reshape(sums, [shape.last()]);
            let all = g.total(sums);
            let least = g.constant(1e-20);
            let all = g.maximum(all, least);
            values.push((format!("reached {}", exhibit.path), g.div(sums, all)));
        }
        Some(values.into())
    }
}
