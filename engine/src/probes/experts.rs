//! What routers do: the share of each expert, and how unsure the router is.

use super::{Measure, Probe, Recording};
use crate::ir::Value;
use crate::registry::{Entry, Meta};

/// For each route of the last step, `load PATH [E]` (summing to 1) and `entropy PATH [1]` in nats.
pub struct Experts;

static META: Meta = Meta {
    id: "experts",
    name: "Experts",
    help: "The share of the samples that each expert receives, and the entropy of the router's choice.",
    source: "Shazeer et al. 2017; Fedus, Zoph and Shazeer 2022",
};

impl Entry for Experts {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for Experts {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let g = &mut *cx.learn.g;
        let values: Vec<(String, Value)> = cx
            .taps
            .iter()
            .flat_map(|(tap, [load, entropy])| {
                let load = g.read(*load);
                let entropy = g.read(*entropy);
                let entropy = g.reshape(entropy, [1]);
                [(format!("load {}", tap.path), load), (format!("entropy {}", tap.path), entropy)]
            })
            .collect();
        (!values.is_empty()).then(|| values.into())
    }
}
