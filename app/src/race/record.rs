//! What the browser keeps of a race: each of its runs among the past ones, as of that race.

use engine::exec::Device;
use engine::session::BUILD;
use engine::spec::{Spec, text};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Contender, Race};
use crate::shelf::{self, Raced, Record};
use crate::state::keep;

/// The race as its runs name it.
#[derive(Debug, Clone, Default)]
pub(super) struct Books {
    id: String,
    spec: String,
}

impl Books {
    /// Those of a race that begins.
    pub(super) fn new(spec: &Spec) -> Self {
        Self { id: keep::name(), spec: text::write(spec) }
    }

    /// A run that has ended; `None` if it came to nothing.
    fn record(&self, run: &Contender, lane: String) -> Option<Record> {
        Some(Record {
            id: keep::name(),
            tab: keep::tab(),
            build: BUILD.to_owned(),
            spec: text::write(&run.entrant.spec),
            saved: js_sys::Date::now(),
            step: run.readings.last()?.step,
            playing: false,
            device: Some(Device::Cpu),
            scores: run.scores,
            // A run of a race is short, and the same whenever it is run again.
            state: false,
            race: Some(Raced { id: self.id.clone(), lane, spec: self.spec.clone() }),
            files: Vec::new(),
            touches: Vec::new(),
            begun: None,
        })
    }
}

impl Race {
    /// Keeps a run that has ended.
    pub(super) fn keep(self, run: usize) {
        let kept = self.runs.with_untracked(|all| {
            let run = all.get(run)?;
            let lane = self.names.with_untracked(|n| n.get(run.entrant.lane).cloned()).unwrap_or_default();
            let record = self.books.with_value(|books| books.record(run, lane))?;
            Some((record, run.curve.thinned(keep::POINTS)))
        });
        let Some((record, curve)) = kept else { return };
        spawn_local(async move {
            let kept = shelf::keep(&record, &curve, None).await;
            self.lab.tell_kept(kept);
        });
    }
}
