//! The race: lanes of the experiment side by side, each run in a worker of its own, as many at once as the machine has
//! cores; the others wait.

pub mod knobs;
mod record;

use std::collections::VecDeque;

use engine::exec::Device;
use engine::protocol::{Command, Event};
use engine::race::{self, Entrant};
use engine::spec::{Axis, Lane, Spec};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::link::{Heard, Link};
use crate::shelf;
use crate::state::{Curve, Lab, Scores};
use crate::tongue::t;
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
    /// What that race swept, if it was a sweep.
    pub swept: RwSignal<Vec<Axis>>,
    /// Whether runs are going on or waiting.
    pub going: RwSignal<bool>,
    /// Whether they rest.
    pub paused: RwSignal<bool>,
    paused_at: StoredValue<f64>,
    books: StoredValue<record::Books>,
    waiting: StoredValue<VecDeque<usize>>,
    links: StoredValue<Vec<(usize, Link)>, LocalStorage>,
}

/// One run of a race.
#[derive(Debug, Clone, PartialEq)]
pub struct Contender {
    pub entrant: Entrant,
    pub standing: Standing,
    pub readings: Vec<Reading>,
    /// The last evaluation, and all of them as curves.
    scores: Option<Scores>,
    curve: Curve,
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
            swept: RwSignal::default(),
            going: RwSignal::new(false),
            paused: RwSignal::new(false),
            paused_at: StoredValue::default(),
            books: StoredValue::default(),
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

    /// Whether the experiment has lanes or a sweep.
    pub fn open(self) -> bool {
        self.lab.spec.with(|s| !s.lanes.is_empty() || !s.sweep.is_empty())
    }

    /// Lays out a first race: the chosen rule and its rivals, over a few seeds.
    pub fn lay_out(self) {
        self.lab.edit(|s| {
            let rivals = RIVALS.iter().filter(|id| **id != s.rule.id).take(2);
            let others = rivals.map(|id| Lane { rule: Some(engine::spec::Choice::new(id)), ..Lane::default() });
            s.lanes = std::iter::once(Lane::default()).chain(others).collect();
            (s.sweep, s.seeds) = (Vec::new(), SEEDS);
        });
    }

    /// Lays out a first sweep in the place of lanes: of the learning rate.
    pub fn lay_out_sweep(self) {
        let knobs = self.lab.spec.with_untracked(|s| knobs::all(self.lab, s));
        let Some(rate) = knobs.iter().find(|k| k.place == knobs::FIRST) else { return };
        let axis = Axis { place: rate.place.clone(), values: rate.first() };
        self.lab.edit(|s| (s.lanes, s.sweep, s.seeds) = (Vec::new(), vec![axis], SEEDS));
    }

    /// Ends the race and takes the lanes away.
    pub fn close(self) {
        self.stop();
        self.runs.set(Vec::new());
        self.lab.edit(|s| {
            let usual = Spec::new(s.data.clone(), Vec::new());
            (s.lanes, s.sweep, s.seeds, s.steps) = (usual.lanes, usual.sweep, usual.seeds, usual.steps);
        });
    }

    /// Starts every lane, or every cell of the sweep, with every seed. The lab pauses, so that it takes no time from them.
    pub fn start(self) {
        self.stop();
        let spec = self.lab.spec.get_untracked();
        let Some((names, runs)) = contenders(&spec) else { return };
        self.lab.pause();
        self.books.set_value(record::Books::new(&spec));
        self.names.set(names);
        self.swept.set(spec.sweep);
        let waits = |(i, run): (usize, &Contender)| (run.standing == Standing::Waiting).then_some(i);
        self.waiting.set_value(runs.iter().enumerate().filter_map(waits).collect());
        self.runs.set(runs);
        self.fill();
    }

    /// Has all that goes on rest, where it stands.
    pub fn pause(self) {
        if self.going.get_untracked() && !self.paused.get_untracked() {
            self.paused.set(true);
            self.paused_at.set_value(now());
            self.links.with_value(|links| links.iter().for_each(|(_, link)| link.send(&Command::Pause, &[])));
        }
    }

    /// Has what rests go on. The time in between does not count.
    pub fn go_on(self) {
        if !self.paused.get_untracked() {
            return;
        }
        self.paused.set(false);
        let paused_at = self.paused_at.get_value();
        self.runs.update(|all| {
            for run in all.iter_mut().filter(|r| r.standing == Standing::Running && r.began > 0.0) {
                run.began += now() - paused_at.max(run.began);
            }
        });
        self.links.with_value(|links| links.iter().for_each(|(_, link)| link.send(&Command::Play, &[])));
        self.fill();
    }

    /// Opens the experiment of a lane in the lab, with the race beside it.
    pub fn enter(self, lane: usize) {
        let spec =
            self.runs.with_untracked(|all| all.iter().find(|r| r.entrant.lane == lane).map(|r| r.entrant.spec.clone()));
        if let Some(spec) = spec {
            let (lanes, sweep, seeds, steps) =
                self.lab.spec.with_untracked(|s| (s.lanes.clone(), s.sweep.clone(), s.seeds, s.steps));
            self.lab.open(Spec { lanes, sweep, seeds, steps, ..spec });
        }
    }

    /// Ends what goes on; what has been read stays.
    pub fn stop(self) {
        self.waiting.update_value(VecDeque::clear);
        self.links.update_value(Vec::clear);
        self.paused.set(false);
        if self.going.get_untracked() {
            self.runs.update(|all| {
                for run in all.iter_mut().filter(|r| matches!(r.standing, Standing::Waiting | Standing::Running)) {
                    run.standing = Standing::Failed(t("stopped").into());
                }
            });
            self.going.set(false);
        }
    }

    /// Gives as many of the runs that wait a worker as there are cores.
    fn fill(self) {
        let cores = window().navigator().hardware_concurrency() as usize;
        while !self.paused.get_untracked() && self.links.with_value(Vec::len) < cores.clamp(1, WORKERS) {
            let Some(run) = self.waiting.try_update_value(VecDeque::pop_front).flatten() else { break };
            match Link::start(move |heard| self.hear(run, heard)) {
                Ok(link) => {
                    self.change(run, |r| r.standing = Standing::Running);
                    self.links.update_value(|l| l.push((run, link)));
                }
                Err(why) => self.change(run, |r| {
                    r.standing = Standing::Failed(t!("the browser would not start a worker: {why}", why));
                }),
            }
        }
        let left = self.links.with_value(Vec::len) + self.waiting.with_value(VecDeque::len);
        self.going.set(left > 0);
        if left == 0 {
            spawn_local(shelf::prune());
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
            Heard::Dead(why) => self.end(run, Standing::Failed(t!("the engine stopped: {why}", why))),
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
                if !self.paused.get_untracked() {
                    self.send(run, &Command::Play);
                }
            }
            Event::Evaluated { step, train, test, .. } => {
                self.change(run, |r| {
                    r.scores = Some(Scores { step, train, test });
                    r.curve.evaluated(step, train, test);
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
                self.end(run, Standing::Failed(t!("its loss is no longer a number from step {step} on", step)));
            }
            Event::Failed { fault, .. } => self.end(run, Standing::Failed(fault.to_string())),
            Event::Progress { .. }
            | Event::Measured { .. }
            | Event::Moved { .. }
            | Event::Benched { .. }
            | Event::Packed { .. }
            | Event::Touched { .. }
            | Event::Dialled { .. }
            | Event::Verifying { .. }
            | Event::Verified { .. }
            | Event::Exported { .. }
            | Event::Found { .. }
            | Event::Shown { .. }
            | Event::Explained { .. }
            | Event::Put { .. }
            | Event::Answered { .. }
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

    /// Ends one run, and gives its place to the next. What a run says after its end counts no more.
    fn end(self, run: usize, standing: Standing) {
        let over = |r: &Contender| matches!(r.standing, Standing::Done | Standing::Failed(_));
        if self.runs.with_untracked(|all| all.get(run).is_none_or(over)) {
            return;
        }
        self.change(run, |r| r.standing = standing);
        self.keep(run);
        // The line must not be dropped by its own callback.
        set_timeout(
            move || {
                self.links.update_value(|l| l.retain(|l| l.0 != run));
                self.fill();
            },
            std::time::Duration::ZERO,
        );
    }
}

/// Every run of the race that `spec` lays out, and the names of its lanes or cells. A cell that cannot run has failed
/// before it begins, and says why; lanes run all or none.
fn contenders(spec: &Spec) -> Option<(Vec<String>, Vec<Contender>)> {
    let contender = |entrant, standing| Contender {
        entrant,
        standing,
        readings: Vec::new(),
        scores: None,
        curve: Curve::default(),
        work: 0,
        mark: None,
        began: 0.0,
    };
    if spec.sweep.is_empty() {
        let (lanes, entrants) = (race::lanes(spec).ok()?, race::entrants(spec).ok()?);
        let runs = entrants.into_iter().map(|entrant| contender(entrant, Standing::Waiting)).collect();
        return Some((lanes.into_iter().map(|l| l.0).collect(), runs));
    }
    let cells = race::cells(spec);
    let seeds = (0..spec.seeds).map(|i| spec.seed.wrapping_add(i));
    let run = |(lane, cell): (usize, &race::Cell), seed| match &cell.spec {
        Ok(plain) => contender(Entrant { lane, seed, spec: Spec { seed, ..plain.clone() } }, Standing::Waiting),
        Err(why) => {
            let why: Vec<_> = why.iter().map(ToString::to_string).collect();
            let spec = Spec { seed, ..as_far_as_it_goes(spec, cell) };
            contender(Entrant { lane, seed, spec }, Standing::Failed(why.join("; ")))
        }
    };
    let runs = seeds.flat_map(|seed| cells.iter().enumerate().map(move |cell| run(cell, seed))).collect();
    Some((cells.iter().map(|c| c.name.clone()).collect(), runs))
}

/// The experiment of a cell that cannot run, with what can be set of it: opened in the lab, it shows what is wrong there.
fn as_far_as_it_goes(spec: &Spec, cell: &race::Cell) -> Spec {
    let bare = Spec { sweep: Vec::new(), seeds: 1, ..spec.clone() };
    let set = spec.sweep.iter().zip(&cell.values);
    set.fold(bare, |so_far, (axis, value)| race::with(&so_far, &axis.place, value).unwrap_or(so_far))
}
