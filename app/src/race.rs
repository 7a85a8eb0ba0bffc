//! The race: lanes of the experiment side by side, each run in a worker of its own, as many at once as the machine has
//! cores; the others wait.

use std::collections::VecDeque;

use engine::exec::Device;
use engine::protocol::{Command, Event};
use engine::race::{self, Entrant};
use engine::spec::{Lane, Spec};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::link::{Heard, Link};
use crate::state::Lab;
use crate::ui::format::Mark;
use crate::ui::frame::now;

/// Rules of a first race, beside the one that is chosen.
const RIVALS: [&str; 3] = ["backprop", "direct-feedback-alignment", "forward-forward"];
/// Seeds of a first race.
const SEEDS: u32 = 3;
/// Workers at once, at most: each holds the data and a page's worth of memory.
const WORKERS: usize = 8;

/// The race, to be copied freely.
#[derive(Clone, Copy)]
pub struct Race {
    lab: Lab,
    /// Every run of the race that was started last, lanes within seeds; empty before the first.
    pub runs: RwSignal<Vec<Contender>>,
    /// Names of the lanes of that race.
    pub names: RwSignal<Vec<String>>,
    /// Whether runs are going on or waiting.
    pub going: RwSignal<bool>,
    waiting: StoredValue<VecDeque<usize>>,
    links: StoredValue<Vec<(usize, Link)>, LocalStorage>,
}

/// One run of a race.
#[derive(Debug, Clone, PartialEq)]
pub struct Contender {
    pub entrant: Entrant,
    pub standing: Standing,
    pub readings: Vec<Reading>,
    /// Floating-point operations of one step.
    pub work: u64,
    /// How good its answers are is told as this, once it is known.
    pub mark: Option<Mark>,
    /// When it began to train, by the page's clock.
    began: f64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Waiting,
    Running,
    Done,
    /// Why it ended early.
    Failed(String),
}

/// An evaluation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    pub step: u64,
    /// Since it began, evaluations included.
    pub seconds: f64,
    /// On the test split.
    pub accuracy: f64,
    pub loss: Option<f64>,
}

impl Race {
    pub fn new(lab: Lab) -> Self {
        Self {
            lab,
            runs: RwSignal::default(),
            names: RwSignal::default(),
            going: RwSignal::new(false),
            waiting: StoredValue::default(),
            links: StoredValue::new_local(Vec::new()),
        }
    }

    /// The race of the component that asks.
    pub fn get() -> Self {
        expect_context()
    }

    /// How good the answers of its runs are is told as this.
    pub fn mark(self) -> Mark {
        self.runs.with(|runs| runs.iter().find_map(|r| r.mark)).unwrap_or_else(|| self.lab.mark())
    }

    /// Whether the experiment has lanes.
    pub fn open(self) -> bool {
        self.lab.spec.with(|s| !s.lanes.is_empty())
    }

    /// Lays out a first race: the chosen rule and its rivals, over a few seeds.
    pub fn lay_out(self) {
        self.lab.edit(|s| {
            let rivals = RIVALS.iter().filter(|id| **id != s.rule.id).take(2);
            let others = rivals.map(|id| Lane { rule: Some(engine::spec::Choice::new(id)), ..Lane::default() });
            s.lanes = std::iter::once(Lane::default()).chain(others).collect();
            s.seeds = SEEDS;
        });
    }

    /// Ends the race and takes the lanes away.
    pub fn close(self) {
        self.stop();
        self.runs.set(Vec::new());
        self.lab.edit(|s| {
            let usual = Spec::new(s.data.clone(), Vec::new());
            (s.lanes, s.seeds, s.steps) = (usual.lanes, usual.seeds, usual.steps);
        });
    }

    /// Starts every lane with every seed. The lab pauses, so that it takes no time from them.
    pub fn start(self) {
        self.stop();
        let spec = self.lab.spec.get_untracked();
        let (Ok(lanes), Ok(entrants)) = (race::lanes(&spec), race::entrants(&spec)) else { return };
        self.lab.pause();
        self.names.set(lanes.into_iter().map(|l| l.0).collect());
        let contender = |entrant| Contender {
            entrant,
            standing: Standing::Waiting,
            readings: Vec::new(),
            work: 0,
            mark: None,
            began: 0.0,
        };
        let runs: Vec<_> = entrants.into_iter().map(contender).collect();
        self.waiting.set_value((0..runs.len()).collect());
        self.runs.set(runs);
        self.going.set(true);
        let cores = window().navigator().hardware_concurrency() as usize;
        for _ in 0..cores.clamp(1, WORKERS) {
            self.next();
        }
    }

    /// Ends what goes on; what has been read stays.
    pub fn stop(self) {
        self.waiting.update_value(VecDeque::clear);
        self.links.update_value(Vec::clear);
        if self.going.get_untracked() {
            self.runs.update(|all| {
                for run in all.iter_mut().filter(|r| matches!(r.standing, Standing::Waiting | Standing::Running)) {
                    run.standing = Standing::Failed("stopped".into());
                }
            });
            self.going.set(false);
        }
    }

    /// Gives the next run that waits a worker.
    fn next(self) {
        let Some(run) = self.waiting.try_update_value(VecDeque::pop_front).flatten() else {
            self.going.set(self.links.with_value(|l| !l.is_empty()));
            return;
        };
        match Link::start(move |heard| self.hear(run, heard)) {
            Ok(link) => {
                self.change(run, |r| r.standing = Standing::Running);
                self.links.update_value(|l| l.push((run, link)));
            }
            Err(why) => {
                self.change(run, |r| {
                    r.standing = Standing::Failed(format!("the browser would not start a worker: {why}"))
                });
                self.next();
            }
        }
    }

    fn change(self, run: usize, change: impl FnOnce(&mut Contender)) {
        self.runs.update(|all| {
            if let Some(run) = all.get_mut(run) {
                change(run);
            }
        });
    }

    fn send(self, run: usize, command: &Command) {
        self.links.with_value(|links| {
            if let Some((_, link)) = links.iter().find(|l| l.0 == run) {
                link.send(command, &[]);
            }
        });
    }

    fn hear(self, run: usize, heard: Heard) {
        match heard {
            Heard::Dead(why) => self.end(run, Standing::Failed(format!("the engine stopped: {why}"))),
            Heard::Event(event, _) | Heard::File(event, _) => self.take(run, event),
        }
    }

    fn take(self, run: usize, event: Event) {
        let Some(entrant) = self.runs.with_untracked(|r| r.get(run).map(|r| r.entrant.clone())) else { return };
        match event {
            Event::Hello { .. } => self.load(run, entrant.spec),
            Event::Loaded { summary, .. } => {
                self.change(run, |r| {
                    r.work = summary.rule.work;
                    r.mark = Some(Mark::of(summary.data.answer));
                    r.began = now();
                });
                self.send(run, &Command::Until { step: Some(entrant.spec.steps.into()) });
                self.send(run, &Command::Play);
            }
            Event::Evaluated { step, test, .. } => {
                self.change(run, |r| {
                    let seconds = (now() - r.began) / 1e3;
                    let reading =
                        Reading { step, seconds, accuracy: test.accuracy.into(), loss: test.loss.map(f64::from) };
                    r.readings.push(reading);
                });
                if step >= entrant.spec.steps.into() {
                    self.end(run, Standing::Done);
                }
            }
            Event::Refused { faults, .. } => {
                let why: Vec<_> = faults.iter().map(ToString::to_string).collect();
                self.end(run, Standing::Failed(why.join("; ")));
            }
            Event::Diverged { step, .. } => {
                self.end(run, Standing::Failed(format!("its loss is no longer a number from step {step} on")));
            }
            Event::Failed { fault, .. } => self.end(run, Standing::Failed(fault.to_string())),
            Event::Progress { .. }
            | Event::Measured { .. }
            | Event::Moved { .. }
            | Event::Benched { .. }
            | Event::Packed { .. }
            | Event::Dialled { .. }
            | Event::Verifying { .. }
            | Event::Verified { .. }
            | Event::Exported { .. }
            | Event::Found { .. }
            | Event::Shown { .. }
            | Event::Explained { .. }
            | Event::Put { .. }
            | Event::Kept { .. } => {}
        }
    }

    /// Sends a run its experiment. Several runs at once would wait for each other on one graphics processor, and no
    /// race is fair where some lanes have it: all run on the CPU.
    fn load(self, run: usize, spec: Spec) {
        let dataset = self.lab.entry(|c| &c.datasets, &spec.data.id);
        spawn_local(async move {
            let files = match &dataset {
                Some(dataset) => self.lab.files.of(dataset).await,
                None => Ok(Vec::new()),
            };
            match files {
                Ok(files) => self.links.with_value(|links| {
                    if let Some((_, link)) = links.iter().find(|l| l.0 == run) {
                        let spec = Box::new(spec);
                        link.send(&Command::Load { run: 1, spec, device: Some(Device::Cpu), from: None }, &files);
                    }
                }),
                Err(fault) => self.end(run, Standing::Failed(fault.to_string())),
            }
        });
    }

    /// Ends one run, and gives its place to the next.
    fn end(self, run: usize, standing: Standing) {
        self.change(run, |r| r.standing = standing);
        // The line must not be dropped by its own callback.
        set_timeout(
            move || {
                self.links.update_value(|l| l.retain(|l| l.0 != run));
                self.next();
            },
            std::time::Duration::ZERO,
        );
    }
}
