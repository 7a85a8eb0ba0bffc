//! What the first layer looks for.

use super::{Measure, Probe, Recording};
use crate::ir::Role;
use crate::registry::{Entry, Meta};

/// Units shown.
const SHOWN: usize = 64;

/// `weights [inputs, units]`: the first units of the first weight matrix of stage 1.
pub struct Weights;

static META: Meta = Meta {
    id: "weights",
    name: "First-layer weights",
    help: "The weights from the inputs to each unit of the first layer.",
    source: "Standard practice",
};

impl Entry for Weights {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for Weights {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let g = &mut *cx.learn.g;
        let inputs: usize = cx.data.input.iter().product();
        let first = g.slot_ids().find(|&id| {
            let slot = g.slot(id);
            slot.role == Role::Param && slot.name.starts_with("1/") && slot.shape.rank() == 2 && slot.shape[0] == inputs
        })?;
        let units = g.slot(first).shape[1];
        let weights = g.read(first);
        Some(Recording::from(vec![("weights".to_owned(), g.slice(weights, 1, 0, units.min(SHOWN)))]))
    }
}
