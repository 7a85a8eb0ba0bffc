//! A session: commands in, events out. It holds the present run, moves it on slice by slice, and decides where it runs.
//!
//! Nothing here blocks: a slice of training takes some ten milliseconds, and what a graphics device answers is awaited.
//! A run whose device is lost goes on from its last checkpoint on the CPU. A run whose loss is no longer finite stops.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use web_time::Instant;

use crate::bench::Place;
use crate::diagnostic::Diagnostic;
use crate::exec::{Device, Fault};
use crate::protocol::{Command, DeviceInfo, Event, Message, finite};
use crate::weights::Weights;

mod answering;
mod bench;
pub mod devices;
mod dialling;
mod explaining;
mod exporting;
mod loading;
mod looking;
mod moving;
mod packing;
pub(crate) mod run;
mod transforming;
mod watching;

use answering::Answering;
use devices::{Devices, Opening};
use loading::Start;
use looking::Looking;
use run::{Checkpoint, Reading, Run};

/// How long a slice of training should take.
pub(crate) const SLICE: Duration = Duration::from_millis(12);
/// How often the page hears of the run, at most.
const FRAME: Duration = Duration::from_millis(33);
/// Below this many milliseconds a step stays on the CPU untried: starting a graphics device's kernels takes longer.
const TINY_STEP: f64 = 0.1;

/// The engine's build, so that a page can tell a worker of another deployment.
pub const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), "+protocol-6");

/// Which probes are wanted, and how many steps apart.
#[derive(Debug, Clone, Default)]
struct Watch {
    probes: Vec<String>,
    every: u64,
}

/// What is remembered of a run as it goes on.
struct Progress {
    /// Steps asked for at once.
    stride: u32,
    last_sent: Instant,
    sent_step: u64,
    last: Option<Reading>,
    samples_per_second: f64,
    kept_at: Instant,
    /// The state at load or at the last time it was kept, and the one before.
    good: [Checkpoint; 2],
    /// The part of an evaluation that comes next, while one goes on.
    evaluating: Option<usize>,
    evaluated_at: Option<Instant>,
    /// Evaluations so far.
    evaluations: u32,
    /// How long the last evaluation took.
    evaluation: Duration,
    /// When the probes were last measured: step and time.
    measured: Option<(u64, Instant)>,
    paced_from: (Instant, u64),
    milliseconds_per_step: f64,
}

/// See the head of this file.
pub struct Session {
    devices: Box<dyn Devices>,
    run: Option<Run>,
    progress: Option<Progress>,
    device: DeviceInfo,
    wanted: Option<Device>,
    /// The graphics executor that is being tried while the run goes on.
    trial: Option<Opening>,
    /// Until when the run rests for it.
    resting: Instant,
    playing: bool,
    pace: Option<f64>,
    until: Option<u64>,
    watch: Watch,
    /// The devices on which something was measured.
    places: Vec<Place>,
    /// What was last looked through.
    looking: Option<Looking>,
    /// What answered last.
    answering: Option<Answering>,
}

impl Session {
    pub fn new(devices: Box<dyn Devices>) -> Self {
        let device = DeviceInfo {
            device: Device::Cpu,
            name: String::new(),
            reason: String::new(),
            advice: String::new(),
            measured: Vec::new(),
        };
        Self {
            devices,
            run: None,
            progress: None,
            device,
            wanted: None,
            trial: None,
            resting: Instant::now(),
            playing: false,
            pace: None,
            until: None,
            watch: Watch { probes: Vec::new(), every: 1 },
            places: Vec::new(),
            looking: None,
            answering: None,
        }
    }

    /// The first message of a session.
    pub fn hello() -> Message {
        Event::Hello { build: BUILD.to_owned() }.into()
    }

    /// Whether there is nothing to do until a command comes.
    pub fn idle(&self) -> bool {
        let evaluating = self.progress.as_ref().is_some_and(|p| p.evaluating.is_some());
        self.run.is_none() || !(self.playing || self.trial.is_some() || evaluating)
    }

    /// Does what the page asks. `files` are those that come with the command.
    pub async fn handle(&mut self, command: Command, mut files: Vec<Vec<u8>>) -> Vec<Message> {
        match command {
            Command::Load { run, spec, device, from: None } => self.load(Start::new(run, *spec, device), &files).await,
            Command::Load { run, spec, device, from: Some(past) } => {
                let memory = files.pop().unwrap_or_default();
                let memory = memory.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
                let from = Some((Checkpoint { step: past.step, memory }, past.touches));
                self.load(Start { from, ..Start::new(run, *spec, device) }, &files).await
            }
            Command::Begin { run, spec, device, weights, touches } => {
                self.unpack(Start { touches, ..Start::new(run, *spec, device) }, &weights, &files).await
            }
            Command::Pack { most } => self.pack(most).await,
            Command::Play => {
                self.playing = self.run.is_some();
                self.restart_pace();
                self.report()
            }
            Command::Pause => self.pause().await,
            Command::Step => {
                self.playing = false;
                let mut out = self.train(1).await;
                out.extend(self.pause().await);
                out
            }
            Command::Reset => {
                if let Some(run) = &mut self.run {
                    run.reset();
                    run.untouch();
                }
                let mut out = self.touched();
                out.extend(self.begin().await);
                out
            }
            Command::Rewind => {
                if let (Some(run), Some(progress)) = (&mut self.run, &mut self.progress) {
                    run.restore(&progress.good[0]);
                    progress.last = None;
                    progress.sent_step = run.step;
                    self.restart_pace();
                }
                self.observe(true).await
            }
            Command::Turn { knob, value } => self.turn(&knob, value).await,
            Command::Pace { steps_per_second } => {
                self.pace = steps_per_second.filter(|p| *p > 0.0);
                self.restart_pace();
                Vec::new()
            }
            Command::Until { step } => {
                self.until = step;
                Vec::new()
            }
            Command::Watch { probes, every } => {
                self.watch = Watch { probes, every: u64::from(every.max(1)) };
                self.observe(true).await
            }
            Command::Move { device } => self.relocate(device).await,
            Command::Transform { run, by } => self.transform(run, &by).await,
            Command::Export { form } => self.export(form).await,
            Command::Bring { run, spec } => self.begin_with(run, *spec, &files.pop().unwrap_or_default()).await,
            Command::Carry { run, spec } => self.carry(run, *spec).await,
            Command::Dial { path, value } => self.dial(path, value).await,
            Command::Bench { workload, device } => self.bench(&workload, device, &files).await,
            Command::Find { query, of } => self.find(query, of),
            Command::Show { name, from, of } => self.show(name, from, of).await,
            Command::Explain { block, unit, row, of } => self.explain(block, unit, row, of).await,
            Command::Put { register, element, value } => self.put(register, element, value).await,
            Command::Answer { test } => self.answer(test, &files.pop().unwrap_or_default()).await,
            Command::LoseDevice => {
                self.devices.lose_gpu();
                Vec::new()
            }
        }
    }

    /// Sets a live knob. The state before is kept: it is what to go back to if the new value makes the run diverge.
    async fn turn(&mut self, knob: &str, value: f64) -> Vec<Message> {
        let (Some(run), Some(progress)) = (&mut self.run, &mut self.progress) else { return Vec::new() };
        match run.checkpoint().await {
            Ok(here) if progress.last.is_none_or(|r| r.loss.is_finite()) => progress.good = [here.clone(), here],
            Ok(_) => {}
            Err(fault) => return self.lost(fault).await,
        }
        if run.turn(knob, value as f32) {
            return Vec::new();
        }
        let fault = Diagnostic::new(knob, "is no live knob of this run", "load the experiment anew");
        vec![Event::Failed { run: run.number, fault }.into()]
    }

    /// Starts the books of a run that stands at its beginning.
    async fn begin(&mut self) -> Vec<Message> {
        let Some(run) = &mut self.run else { return Vec::new() };
        let good = match run.checkpoint().await {
            Ok(good) => good,
            Err(fault) => return self.lost(fault).await,
        };
        let now = Instant::now();
        let per_step = self.device.measured.iter().find(|m| m.0 == self.device.device).map_or(1.0, |m| m.1);
        self.progress = Some(Progress {
            stride: 1,
            last_sent: now,
            sent_step: run.step,
            last: None,
            samples_per_second: 0.0,
            kept_at: now,
            good: [good.clone(), good],
            evaluating: None,
            evaluated_at: None,
            evaluations: 0,
            evaluation: Duration::ZERO,
            measured: None,
            paced_from: (now, run.step),
            milliseconds_per_step: per_step,
        });
        let mut out = self.report();
        out.extend(self.observe(true).await);
        out
    }

    /// One slice of whatever goes on.
    pub async fn advance(&mut self) -> Vec<Message> {
        let mut out = Vec::new();
        if let Some(trial) = &mut self.trial
            && let Poll::Ready(opened) = trial.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            self.trial = None;
            out.extend(self.finish_trial(opened).await);
        }
        let start = Instant::now();
        if self.trial.is_none() || start >= self.resting {
            out.extend(self.go_on().await);
            // A device answers many times before it is open, and is heard between slices only: where the CPU's are long,
            // it has as much time to itself.
            self.resting = Instant::now() + start.elapsed().saturating_sub(SLICE);
        }
        out
    }

    /// A slice of the evaluation that is under way, else of training.
    async fn go_on(&mut self) -> Vec<Message> {
        let Some(progress) = &self.progress else { return Vec::new() };
        if progress.evaluating.is_some() {
            return self.evaluate().await;
        }
        if !self.playing {
            return Vec::new();
        }
        let mut out = Vec::new();
        let mut times = progress.stride;
        if let (Some(pace), Some(run)) = (self.pace, &self.run) {
            let (since, from) = progress.paced_from;
            let due = (since.elapsed().as_secs_f64() * pace) as u64 + from;
            times = times.min(due.saturating_sub(run.step).min(u64::from(u32::MAX)) as u32);
        }
        if let (Some(until), Some(run)) = (self.until, &self.run) {
            times = times.min(until.saturating_sub(run.step).min(u64::from(u32::MAX)) as u32);
            if run.step >= until {
                out.extend(self.pause().await);
            }
        }
        if times > 0 {
            out.extend(self.train(times).await);
        }
        out
    }

    fn restart_pace(&mut self) {
        if let (Some(run), Some(progress)) = (&self.run, &mut self.progress) {
            progress.paced_from = (Instant::now(), run.step);
            progress.last_sent = Instant::now();
            progress.sent_step = run.step;
        }
    }

    async fn train(&mut self, times: u32) -> Vec<Message> {
        let (Some(run), Some(progress)) = (&mut self.run, &mut self.progress) else { return Vec::new() };
        let start = Instant::now();
        let reading = match run.steps(times).await {
            Ok(reading) => reading,
            Err(fault) => return self.lost(fault).await,
        };
        let took = start.elapsed();
        // Towards the stride whose slice takes as long as it should, at most doubling.
        let ideal = f64::from(times) * SLICE.as_secs_f64() / took.as_secs_f64().max(1e-6);
        if self.pace.is_none() {
            progress.stride = (ideal as u32).clamp(1, progress.stride.saturating_mul(2).min(65_536));
        }
        match reading {
            Some(reading) if !reading.loss.is_finite() => return self.diverged(reading).await,
            Some(reading) => progress.last = Some(reading),
            None => {}
        }
        let mut out = self.observe(false).await;
        if self.progress.as_ref().is_some_and(|p| p.last_sent.elapsed() >= FRAME) {
            out.extend(self.report());
        }
        out
    }

    async fn pause(&mut self) -> Vec<Message> {
        self.playing = false;
        let Some(run) = &mut self.run else { return Vec::new() };
        match run.settle().await {
            Ok(Some(reading)) if !reading.loss.is_finite() => return self.diverged(reading).await,
            Ok(Some(reading)) => {
                if let Some(progress) = &mut self.progress {
                    progress.last = Some(reading);
                }
            }
            Ok(None) => {}
            Err(fault) => return self.lost(fault).await,
        }
        let mut out = self.observe(true).await;
        out.extend(self.report());
        out
    }

    /// Where the run is.
    fn report(&mut self) -> Vec<Message> {
        let (Some(run), Some(progress)) = (&self.run, &mut self.progress) else { return Vec::new() };
        let elapsed = progress.last_sent.elapsed().as_secs_f64();
        let step = progress.last.map_or(run.step, |r| r.step);
        if self.playing && elapsed > 0.0 && run.step > progress.sent_step {
            let rate = (run.step - progress.sent_step) as f64 * run.lab.task.batch as f64 / elapsed;
            let smooth = if progress.samples_per_second == 0.0 { rate } else { progress.samples_per_second };
            progress.samples_per_second = 0.8 * smooth + 0.2 * rate;
        }
        progress.last_sent = Instant::now();
        progress.sent_step = run.step;
        let event = Event::Progress {
            run: run.number,
            playing: self.playing,
            step,
            epoch: step as f64 / run.lab.steps_per_epoch(),
            loss: progress.last.and_then(|r| finite(r.loss)),
            accuracy: progress.last.and_then(|r| finite(r.accuracy)),
            samples_per_second: progress.samples_per_second,
        };
        vec![event.into()]
    }

    async fn diverged(&mut self, reading: Reading) -> Vec<Message> {
        self.playing = false;
        let (Some(run), Some(progress)) = (&mut self.run, &mut self.progress) else { return Vec::new() };
        // The newest state may already carry what went wrong a few steps later: go back one further.
        let good = progress.good[1].clone();
        progress.good[0] = good.clone();
        progress.last = None;
        let step = match run.first_bad_step(&good, reading.step).await {
            Ok(step) => step,
            Err(fault) => return self.lost(fault).await,
        };
        let message = format!(
            "The loss is no longer a number from step {step} on. The learning rate {} is probably too high for this \
             network: lower it, or clip the gradient, and go back to step {}.",
            run.rate(),
            good.step
        );
        let event = Event::Diverged { run: run.number, step, message, good: good.step };
        let mut out = vec![event.into()];
        out.extend(self.report());
        out
    }

    /// The weights of the present run.
    ///
    /// # Errors
    /// When the device is lost.
    pub async fn weights(&mut self) -> Result<Weights, Fault> {
        match &mut self.run {
            Some(run) => run.weights().await,
            None => Ok(Weights::new()),
        }
    }
}
