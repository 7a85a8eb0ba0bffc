//! What the page asks of the session.

use std::collections::BTreeSet;

use engine::exec::Device;
use engine::optim::RATE;
use engine::protocol::{Command, DialInfo, EntryInfo, KnobInfoKind};
use engine::registry::Setting;
use engine::sorting::collected;
use engine::spec::{Choice, Spec};
use engine::touch::Past;
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Lab;

impl Lab {
    pub fn send(self, command: &Command) {
        self.line.update_value(|l| match &l.link {
            Some(link) if l.current > 0 => link.send(command, &[]),
            Some(_) | None => l.waiting.push(command.clone()),
        });
    }

    /// Fetches the dataset's files while the worker starts.
    pub(super) fn fetch(self) {
        if let Some(dataset) = self.spec.with_untracked(|s| self.entry(|c| &c.datasets, &s.data.id)) {
            spawn_local(async move {
                // What goes wrong is told when the files are needed.
                let _ = self.files.of(&dataset).await;
            });
        }
    }

    /// Has the session follow the spec: by turning live knobs where that is enough, else by building it anew.
    pub(super) fn follow(self) {
        let spec = self.spec.get_untracked();
        let sent = self.line.with_value(|l| l.sent.clone());
        self.line.update_value(|l| l.deaths = 0);
        let live = self.live_knobs(&spec);
        match sent {
            Some(sent) if still(&sent, &live) == still(&spec, &live) && self.faults.with_untracked(Vec::is_empty) => {
                for (knob, value) in turns(&sent, &spec, &live) {
                    self.send(&Command::Turn { knob, value });
                }
                self.line.update_value(|l| l.sent = Some(spec));
            }
            Some(_) | None if self.carries(&spec) => self.carry_on(spec),
            Some(_) | None => self.load(),
        }
    }

    /// The live knobs of the spec's rule and optimizer.
    pub(super) fn live_knobs(self, spec: &Spec) -> Vec<Live> {
        let of = |entry: Option<EntryInfo>, register: &'static str, choice: fn(&mut Spec) -> &mut Choice| {
            let knobs = entry.map(|e| e.knobs).unwrap_or_default();
            knobs.into_iter().filter_map(move |k| match k.kind {
                KnobInfoKind::Float { default, live: true, .. } => {
                    Some(Live { register: format!("{register}/{}", k.id), knob: k.id, default, choice })
                }
                KnobInfoKind::Float { live: false, .. }
                | KnobInfoKind::Int { .. }
                | KnobInfoKind::Bool { .. }
                | KnobInfoKind::Choice { .. }
                | KnobInfoKind::Text { .. } => None,
            })
        };
        let rule = of(self.entry(|c| &c.rules, &spec.rule.id), "rule", |s| &mut s.rule);
        let optimizer = of(self.entry(|c| &c.optimizers, &spec.optimizer.id), "optim", |s| &mut s.optimizer);
        rule.chain(optimizer).collect()
    }

    /// Whether `spec` can begin with the weights of the run that stands: the same network on the same data.
    fn carries(self, spec: &Spec) -> bool {
        let alike = |l: &std::sync::Arc<Spec>| l.data == spec.data && l.stages == spec.stages && l.seed == spec.seed;
        self.carry.get_untracked()
            && self.line.with_value(|l| l.current > 0 && !l.orphaned)
            && self.loaded.with_untracked(|l| l.as_ref().is_some_and(alike))
    }

    /// Has the session go on from the present weights with another spec, as a new run.
    fn carry_on(self, spec: Spec) {
        self.line.update_value(|l| {
            l.run += 1;
            l.carried = Some(l.run);
            l.heir = None;
            l.sent = Some(spec.clone());
        });
        self.busy.set(true);
        let run = self.line.with_value(|l| l.run);
        self.send(&Command::Carry { run, spec: Box::new(spec) });
    }

    /// Sends the spec with its dataset's files, as a new run. Until they are there nothing is sent that a change could
    /// be compared with, so that any change takes this one's place.
    pub fn load(self) {
        if !self.line.with_value(|l| l.ready) {
            return;
        }
        let spec = self.spec.get_untracked();
        let run = self.line.try_update_value(|l| {
            l.run += 1;
            l.sent = None;
            l.run
        });
        let Some(run) = run else { return };
        self.busy.set(true);
        let dataset = self.entry(|c| &c.datasets, &spec.data.id);
        let heritage = self.heritage(&spec);
        let from = heritage.as_ref().map(|k| Past { step: k.step, touches: k.touches.clone() });
        self.line.update_value(|l| l.heir = from.as_ref().map(|_| run));
        spawn_local(async move {
            let files = match &dataset {
                Some(dataset) => self.files.of(dataset).await,
                None => Ok(Vec::new()),
            };
            if self.line.with_value(|l| l.run != run) {
                return;
            }
            match files {
                Ok(mut files) => self.line.update_value(|l| {
                    let device = self.device.get_untracked();
                    l.sent = Some(spec.clone());
                    // What else was asked is part of the command.
                    l.waiting.retain(|c| matches!(c, Command::Step | Command::Pack { .. }));
                    if let Some(link) = &l.link {
                        let spec = Box::new(spec);
                        let command = match self.origin_of(&spec).filter(|_| from.is_none()) {
                            Some((weights, touches)) => Command::Begin { run, spec, device, weights, touches },
                            None => Command::Load { run, spec, device, from },
                        };
                        files.extend(heritage.map(|k| Uint8Array::new(&k.memory.buffer())));
                        link.send(&command, &files);
                    }
                }),
                Err(fault) => {
                    self.busy.set(false);
                    self.faults.set(vec![fault]);
                }
            }
        });
    }

    /// Has the present run's network changed by a transform, and goes on with what comes of it.
    pub fn transform(self, by: Choice) {
        let run = self.line.try_update_value(|l| {
            l.run += 1;
            l.changing = Some(l.run);
            l.run
        });
        if let Some(run) = run {
            self.busy.set(true);
            self.dismiss("transform");
            self.send(&Command::Transform { run, by });
        }
    }

    pub fn play(self) {
        self.forget_goal();
        self.playing.set(true);
        self.dismiss("diverged");
        self.dismiss("stop");
        self.aim();
        if !self.resting.get_untracked() {
            self.send(&Command::Play);
        }
    }

    /// Goes on for so many steps, and pauses there. A run that is still being built takes them from its beginning.
    pub fn run_for(self, steps: u32) {
        self.forget_goal();
        self.playing.set(true);
        self.dismiss("diverged");
        if self.busy.get_untracked() {
            self.line.update_value(|l| l.ahead = Some(steps));
        } else {
            self.go_until(self.progress.with_untracked(|p| p.step) + u64::from(steps));
        }
    }

    pub(super) fn go_until(self, step: u64) {
        self.line.update_value(|l| l.until = Some(step));
        self.send(&Command::Until { step: Some(step) });
        if !self.resting.get_untracked() {
            self.send(&Command::Play);
        }
    }

    /// No longer pauses where it was to.
    pub(super) fn forget_goal(self) {
        let until = self.line.try_update_value(|l| {
            l.ahead = None;
            l.until.take()
        });
        if until.flatten().is_some() {
            self.send(&Command::Until { step: None });
        }
    }

    pub fn pause(self) {
        self.forget_goal();
        self.playing.set(false);
        self.send(&Command::Pause);
    }

    pub fn step(self) {
        self.forget_goal();
        self.playing.set(false);
        self.dismiss("diverged");
        self.send(&Command::Step);
    }

    pub fn reset(self) {
        self.forget_goal();
        self.dismiss("diverged");
        self.dismiss("stop");
        self.forget_watched();
        self.close_record();
        self.curve.update(|c| *c = super::Curve::default());
        self.scores.set(None);
        self.forget_edits();
        self.line.update_value(|l| l.kept = None);
        // What is asked for next counts from here.
        self.progress.update(|p| p.step = 0);
        self.send(&Command::Reset);
        if self.playing.get_untracked() {
            self.aim();
        }
    }

    pub fn rewind(self) {
        self.send(&Command::Rewind);
    }

    /// Has the run evaluated, as it stands, at every value of one of its dials.
    pub fn dial(self, dial: &DialInfo) {
        for value in &dial.values {
            self.send(&Command::Dial { path: dial.path.clone(), value: value.clone() });
        }
    }

    pub fn set_pace(self, pace: Option<f64>) {
        self.pace.set(pace);
        self.send(&Command::Pace { steps_per_second: pace });
    }

    /// Moves the run, weights and all.
    pub fn set_device(self, device: Option<Device>) {
        self.device.set(device);
        self.send(&Command::Move { device });
    }

    /// For tests of what follows the loss of the graphics device.
    pub fn lose_device(self) {
        self.send(&Command::LoseDevice);
    }

    /// Brings a freshly loaded run to what the person wished for.
    pub(super) fn take_up(self) {
        if let Some(pace) = self.pace.get_untracked() {
            self.send(&Command::Pace { steps_per_second: Some(pace) });
        }
        self.watch();
        let ahead = self.line.try_update_value(|l| l.ahead.take()).flatten();
        match ahead {
            _ if !self.playing.get_untracked() => {}
            Some(steps) => self.go_until(steps.into()),
            None => {
                self.aim();
                if !self.resting.get_untracked() {
                    self.send(&Command::Play);
                }
            }
        }
        // What was said meanwhile of playing, pace and pictures stands in the store already.
        for command in self.line.try_update_value(|l| std::mem::take(&mut l.waiting)).unwrap_or_default() {
            if matches!(command, Command::Step | Command::Pack { .. } | Command::Move { .. } | Command::Turn { .. }) {
                self.send(&command);
            }
        }
    }

    fn watch(self) {
        let fit = self.summary.with_untracked(|s| s.as_ref().map(|s| s.probes.clone()).unwrap_or_default());
        // What is drawn for nobody is not measured.
        let seen = match self.hidden.get_untracked() {
            true => BTreeSet::new(),
            false => self.seen.with_untracked(|s| collected(s.keys().copied())),
        };
        let wished = &seen | &self.asked.get_untracked();
        let probes = wished.iter().filter(|p| fit.iter().any(|f| f == *p)).map(|p| (*p).to_owned()).collect();
        self.send(&Command::Watch { probes, every: self.every.get_untracked() });
    }

    /// Keeps the session measuring what is on the screen, and nothing else.
    pub(super) fn keep_watch(self) {
        Effect::new(move |_| {
            self.seen.track();
            self.hidden.track();
            self.asked.track();
            self.every.track();
            if self.summary.with_untracked(Option::is_some) {
                self.watch();
            }
        });
    }
}

/// A knob that can turn while the run goes on.
pub(super) struct Live {
    /// The register that holds it.
    register: String,
    knob: String,
    default: f64,
    /// The entry whose knob it is.
    choice: fn(&mut Spec) -> &mut Choice,
}

impl Live {
    fn value(&self, spec: &mut Spec) -> f64 {
        match (self.choice)(spec).settings.get(&self.knob) {
            Some(Setting::Float(v)) => *v,
            Some(Setting::Int(v)) => *v as f64,
            Some(Setting::Bool(_) | Setting::Choice(_)) | None => self.default,
        }
    }
}

/// The spec without what can change while it runs.
pub(super) fn still(spec: &Spec, live: &[Live]) -> Spec {
    let mut still = Spec { rate: 0.0, lanes: Vec::new(), sweep: Vec::new(), seeds: 1, steps: 1, ..spec.clone() };
    for l in live {
        (l.choice)(&mut still).settings.remove(&l.knob);
    }
    still
}

/// The registers that differ, with their new values.
fn turns(from: &Spec, to: &Spec, live: &[Live]) -> Vec<(String, f64)> {
    let (mut a, mut b) = (from.clone(), to.clone());
    let rate = (from.rate != to.rate).then(|| (RATE.to_owned(), to.rate));
    let knobs = live.iter().map(|l| (l.register.clone(), l.value(&mut a), l.value(&mut b)));
    rate.into_iter().chain(knobs.filter(|(_, a, b)| a != b).map(|(r, _, b)| (r, b))).collect()
}
