//! Probes: what can be measured of a run. One file each in `probes/`, one line in [`PROBES`].

use crate::data::Data;
use crate::ir::{SlotId, Stmt, Value};
use crate::lab::{Registers, batch};
use crate::lesson::{Batch, Learn};
use crate::net::{Clock, Tap};
use crate::optim::Recipe;
use crate::registry::{Entry, registry};
use crate::rules::Rule;

mod alignment;
mod confusion;
mod density;
mod exhibits;
mod experts;
mod fit;
mod flow;
mod generated;
mod path;
mod plane;
mod samples;
mod sequences;
mod signal_to_noise;
mod signals;
mod update_size;
mod weights;

/// What a probe builds its measurement with.
pub struct Measure<'a> {
    pub learn: Learn<'a>,
    pub rule: &'static dyn Rule,
    pub data: &'a Data,
    /// How updates become steps.
    pub recipe: &'a Recipe,
    pub registers: Registers,
    /// Routes of a step, with the registers that hold their load, entropy and dropped share.
    pub taps: &'a [(Tap, [SlotId; 3])],
    /// Where an evaluation leaves its counts `[C, C]`, rows by class, columns by answer.
    pub confusion: Option<SlotId>,
}

/// What a probe measures.
pub struct Recording {
    /// Statements that run first, see [`Lesson::before`](crate::lesson::Lesson::before).
    pub before: Vec<Stmt>,
    /// The tensors, by name.
    pub tensors: Vec<(String, Value)>,
}

impl From<Vec<(String, Value)>> for Recording {
    fn from(tensors: Vec<(String, Value)>) -> Self {
        Self { before: Vec::new(), tensors }
    }
}

impl Measure<'_> {
    /// The batch that the run's rule looks at in the step of this clock.
    pub fn batch(&mut self, clock: Clock) -> Batch {
        let hold = self.rule.hold(self.learn.knobs);
        batch(self.learn.g, clock, self.registers.train, self.learn.task, hold)
    }
}

/// A measurement.
pub trait Probe: Entry {
    /// Builds what is measured; `None` when it does not fit this run.
    fn measure(&self, cx: &mut Measure) -> Option<Recording>;

    /// Whether it never changes while a run goes on.
    fn once(&self) -> bool {
        false
    }

    /// Whether it reads what the last evaluation left.
    fn after_evaluation(&self) -> bool {
        false
    }
}

registry! {
    PROBES: Probe, PROBE_ENTRIES;
    confusion::Confusion,
    samples::Samples,
    generated::Generated,
    sequences::Sequences,
    fit::Fit,
    fit::Forecasts,
    exhibits::Attention,
    exhibits::Assignments,
    exhibits::Regions,
    weights::Weights,
    plane::Surface,
    plane::Units,
    plane::Points,
    path::Path,
    experts::Experts,
    density::Density,
    alignment::Alignment,
    signal_to_noise::SignalToNoise,
    update_size::UpdateSize,
    signals::Signals,
    flow::Flow,
}
