//! How many hidden units are at work: what MoEfication can make use of.

use super::exhibits::{exhibits, first, several};
use super::{Measure, Probe, Recording};
use crate::net::Picture;
use crate::registry::{Entry, Meta};

/// For each rectifier, `active PATH []`: the share of its values, over some test samples, that are above 0.
pub struct Density;

static META: Meta = Meta {
    id: "density",
    name: "Active units",
    help: "Which share of the hidden units behind each rectifier is active for a test sample.",
    source: "Zhang et al. 2022 (MoEfication); Li et al. 2023 (The Lazy Neuron Phenomenon)",
};

impl Entry for Density {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for Density {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let count = several(cx);
        let x = first(cx, count).x;
        let mut tensors = Vec::new();
        for exhibit in exhibits(cx, x) {
            if exhibit.picture == Picture::Rectified {
                let g = &mut *cx.learn.g;
                let zero = g.constant(0.0);
                let active = g.lt(zero, exhibit.value);
                tensors.push((format!("active {}", exhibit.path), g.mean_all(active)));
            }
        }
        (!tensors.is_empty()).then(|| tensors.into())
    }
}
