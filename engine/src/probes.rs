//! Probes: what can be measured of a run. One file each in `probes/`, one line in [`PROBES`].

use crate::data::Data;
use crate::ir::{SlotId, Value};
use crate::lab::Registers;
use crate::net::Tap;
use crate::registry::Entry;
use crate::rules::{Learn, Rule};

mod alignment;
mod confusion;
mod experts;
mod plane;
mod samples;
mod weights;

/// What a probe builds its measurement with.
pub struct Measure<'a> {
    pub learn: Learn<'a>,
    pub rule: &'static dyn Rule,
    pub data: &'a Data,
    pub registers: Registers,
    /// Routes of a step, with the registers that hold their load and entropy.
    pub taps: &'a [(Tap, [SlotId; 2])],
    /// Where an evaluation leaves its counts `[C, C]`, rows by class, columns by answer.
    pub confusion: SlotId,
}

/// A measurement.
pub trait Probe: Entry {
    /// Builds what is measured, by name; `None` when it does not fit this run.
    fn measure(&self, cx: &mut Measure) -> Option<Vec<(String, Value)>>;

    /// Whether it never changes while a run goes on.
    fn once(&self) -> bool {
        false
    }

    /// Whether it reads what the last evaluation left.
    fn after_evaluation(&self) -> bool {
        false
    }
}

pub const PROBES: &[&dyn Probe] = &[
    &confusion::Confusion,
    &samples::Samples,
    &weights::Weights,
    &plane::Surface,
    &plane::Units,
    &plane::Points,
    &experts::Experts,
    &alignment::Alignment,
];
