//! The measurements, one after the other: each is asked of the worker when the one before has been answered.

use engine::bench::{Measured, Missing, Report};
use engine::diagnostic::Diagnostic;
use engine::exec::Device;
use engine::protocol::{Command, EntryInfo, Event};
use engine::workloads::workloads;
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Asked;
use crate::catalogue::catalogue;
use crate::files::Files;
use crate::link::{Heard, Link};
use crate::tongue::t;

/// One measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub workload: String,
    pub what: &'static str,
    pub device: Device,
    pub state: State,
}

#[derive(Debug, Clone, PartialEq)]
pub enum State {
    Waiting,
    Running,
    Done(Box<Measured>),
    Missing(Vec<Diagnostic>),
}

impl Row {
    pub fn is_over(&self) -> bool {
        match self.state {
            State::Waiting | State::Running => false,
            State::Done(_) | State::Missing(_) => true,
        }
    }

    pub fn measured(&self) -> Option<&Measured> {
        match &self.state {
            State::Done(measured) => Some(measured),
            State::Waiting | State::Running | State::Missing(_) => None,
        }
    }
}

/// All of them, and the line to the worker.
#[derive(Clone, Copy)]
pub struct Series {
    pub rows: RwSignal<Vec<Row>>,
    datasets: StoredValue<Vec<EntryInfo>>,
    files: Files,
    link: StoredValue<Option<Link>, LocalStorage>,
}

impl Series {
    /// Starts the worker, and the first measurement when it says hello.
    pub fn start(asked: &Asked) -> Self {
        let known = workloads();
        let what = |id: &str| known.iter().find(|w| w.id == id).map_or("", |w| w.what);
        let row = |device, id: &String| Row { workload: id.clone(), what: what(id), device, state: State::Waiting };
        let rows = asked.devices.iter().flat_map(|&d| asked.workloads.iter().map(move |id| row(d, id))).collect();
        let series = Self {
            rows: RwSignal::new(rows),
            datasets: StoredValue::new(catalogue().datasets),
            files: Files::new(),
            link: StoredValue::new_local(None),
        };
        match Link::start(move |heard| series.hear(heard)) {
            Ok(link) => series.link.set_value(Some(link)),
            Err(why) => series.give_up(&t!("the browser would not start a worker: {why}", why)),
        }
        series
    }

    /// The results as JSON, once nothing is left to measure.
    pub fn report(self) -> Option<String> {
        self.rows.with(|rows| {
            let mut report = Report::new(window().navigator().user_agent().unwrap_or_default());
            for row in rows {
                match &row.state {
                    State::Waiting | State::Running => return None,
                    State::Done(measured) => report.results.push((**measured).clone()),
                    State::Missing(faults) => report.missing.push(Missing {
                        workload: row.workload.clone(),
                        device: row.device,
                        faults: faults.clone(),
                    }),
                }
            }
            serde_json::to_string_pretty(&report).ok()
        })
    }

    fn hear(self, heard: Heard) {
        match heard {
            Heard::Dead(why) => self.give_up(&t!("the engine stopped: {why}", why)),
            Heard::Event(event, _) | Heard::File(event, _) => self.take(event),
        }
    }

    fn take(self, event: Event) {
        match event {
            Event::Hello { build } if build == engine::session::BUILD => self.next(),
            Event::Hello { .. } => self.give_up(t("the engine is of another version: reload the page")),
            Event::Benched { measured: Some(measured), .. } => self.answer(State::Done(measured)),
            Event::Benched { measured: None, faults } => self.answer(State::Missing(faults)),
            Event::Failed { fault, .. } => self.answer(State::Missing(vec![fault])),
            // These belong to runs, and there is none.
            Event::Loaded { .. }
            | Event::Dialled { .. }
            | Event::Exported { .. }
            | Event::Refused { .. }
            | Event::Progress { .. }
            | Event::Evaluated { .. }
            | Event::Measured { .. }
            | Event::Kept { .. }
            | Event::Moved { .. }
            | Event::Packed { .. }
            | Event::Touched { .. }
            | Event::Diverged { .. }
            | Event::Verifying { .. }
            | Event::Found { .. }
            | Event::Shown { .. }
            | Event::Explained { .. }
            | Event::Put { .. }
            | Event::Answered { .. }
            | Event::Verified { .. } => {}
        }
    }

    /// Writes down how the present measurement ended, and starts the next one.
    fn answer(self, state: State) {
        self.rows.update(|rows| {
            if let Some(row) = rows.iter_mut().find(|r| r.state == State::Running) {
                row.state = state;
            }
        });
        self.next();
    }

    /// Nothing more can be measured.
    fn give_up(self, why: &str) {
        let fault = Diagnostic::new("", why, "");
        self.rows.update(|rows| {
            for row in rows.iter_mut().filter(|r| !r.is_over()) {
                row.state = State::Missing(vec![fault.clone()]);
            }
        });
    }

    fn next(self) {
        let next = self.rows.try_update(|rows| {
            let row = rows.iter_mut().find(|r| r.state == State::Waiting)?;
            row.state = State::Running;
            Some((row.workload.clone(), row.device))
        });
        let Some((workload, device)) = next.flatten() else { return };
        spawn_local(async move {
            match self.files(&workload).await {
                Ok(files) => self.link.with_value(|link| {
                    if let Some(link) = link {
                        link.send(&Command::Bench { workload, device }, &files);
                    }
                }),
                Err(fault) => self.answer(State::Missing(vec![fault])),
            }
        });
    }

    /// The files of the workload's dataset; none for a workload that does not exist, as the worker will say.
    async fn files(self, workload: &str) -> Result<Vec<Uint8Array>, Diagnostic> {
        let id = workloads().into_iter().find(|w| w.id == workload).map(|w| w.spec.data.id);
        let dataset = self.datasets.with_value(|all| all.iter().find(|d| Some(&d.id) == id.as_ref()).cloned());
        match dataset {
            Some(dataset) => self.files.of(&dataset).await,
            None => Ok(Vec::new()),
        }
    }
}
