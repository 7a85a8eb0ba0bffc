//! Transforms: a trained network to another network and its weights. One file each in `transforms/`, one line in
//! [`TRANSFORMS`].
//!
//! A transform computes on the host, between runs: it takes the network apart ([`parts`]), may look at what the network
//! does with training samples ([`trained`]), and puts another one together. What must stay so while training goes on,
//! such as which weights are pruned, is part of the new network: a block, a mask.

use crate::data::Data;
use crate::diagnostic::Diagnostic;
use crate::registry::{Entry, Knob, KnobKind, Knobs, find, registry};
use crate::spec::resolve::resolve;
use crate::spec::text::canonical;
use crate::spec::{Choice, Spec};
use crate::weights::Weights;

mod attention_removal;
mod descent;
mod experts;
pub mod feed_forward;
mod flex_round;
mod fuse_feed_forward;
mod icbs;
mod low_rank;
mod magnitude;
mod masks;
mod moefy;
mod multi_pruner;
mod n_m;
pub mod parts;
mod spectral;
pub mod trained;

use parts::Network;
use trained::Trained;

/// What came of a transform.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    pub spec: Spec,
    pub weights: Weights,
    /// What was counted or measured on the way, each with its name.
    pub figures: Vec<Figure>,
}

/// A named number: `weights kept, share`.
pub type Figure = (String, f64);

/// A change of a trained network.
pub trait Transform: Entry {
    /// Whether the new network answers every sample as the old one did, but for rounding.
    fn keeps_function(&self, knobs: &Knobs) -> bool;

    /// The new network.
    ///
    /// # Errors
    /// What of the network does not fit, with its place and the mend.
    fn apply(&self, knobs: &Knobs, trained: &Trained) -> Result<Changed, Diagnostic>;
}

registry! {
    TRANSFORMS: Transform, TRANSFORM_ENTRIES;
    magnitude::Magnitude,
    icbs::Icbs,
    n_m::NOfM,
    multi_pruner::MultiPruner,
    attention_removal::AttentionRemoval,
    fuse_feed_forward::FuseFeedForward,
    moefy::Moefy,
    experts::Experts,
    flex_round::FlexRound,
    low_rank::LowRank,
}

/// Applies the transform that `by` names to the network of `spec` with `weights`.
///
/// # Errors
/// Every fault of `by` and `spec`, or what of the network does not fit, with its place and the mend.
pub fn transform(spec: &Spec, data: &Data, weights: &Weights, by: &Choice) -> Result<Changed, Vec<Diagnostic>> {
    let entry = find(TRANSFORMS, &by.id, "transform").map_err(|fault| vec![fault])?;
    let knobs = Knobs::resolve(entry.knobs(), &by.settings, "transform")?;
    resolve(spec)?;
    let trained = Trained { spec, data, weights };
    let mut changed = entry.apply(&knobs, &trained).map_err(|fault| vec![fault.within("transform")])?;
    changed.spec = canonical(&changed.spec);
    resolve(&changed.spec)?;
    Ok(changed)
}

impl Changed {
    /// `network` in the place of the one that `trained` has.
    pub fn new(trained: &Trained, network: Network, figures: Vec<Figure>) -> Self {
        let (stages, weights) = network.together();
        Self { spec: Spec { stages, ..trained.spec.clone() }, weights, figures }
    }
}

/// The knobs of an entry of `registry`, with their defaults where nothing is set.
fn knobs_of<T: Entry + ?Sized>(registry: &[&'static T], choice: &Choice) -> Option<Knobs> {
    let entry = find(registry, &choice.id, "").ok()?;
    Knobs::resolve(entry.knobs(), &choice.settings, "").ok()
}

/// A figure by its name.
fn figure(name: &str, value: f64) -> Figure {
    (name.to_owned(), value)
}

/// The knob of the transforms that look at samples.
const SAMPLES: Knob = Knob {
    id: "samples",
    name: "Samples",
    help: "How many training samples to look at.",
    kind: KnobKind::Int { default: 256, min: 1, max: 4096 },
};
