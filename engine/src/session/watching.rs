//! What the page is shown of a run: evaluations, a slice at a time, and the probes it watches.

use std::time::Duration;

use web_time::Instant;

use super::run::{Checkpoint, Run};
use super::{SLICE, Session, Watch};
use crate::exec::Fault;
use crate::lab::Measurement;
use crate::protocol::{Event, Message};

/// How often the state is kept, so that a run can go back or go on elsewhere.
const KEEP: Duration = Duration::from_millis(1500);
/// Most numbers of a state that is told to the page: 64 MiB.
const TOLD: usize = 16 << 20;
/// Evaluation takes at most this share of the time.
const EVALUATION_SHARE: f64 = 0.15;
/// The shortest time between two evaluations, and between two measurements of the probes.
const SETTLED: Duration = Duration::from_millis(400);
const EARLY: Duration = Duration::from_millis(20);
const GLANCE: Duration = Duration::from_millis(100);

impl Session {
    /// Keeps the state, evaluates and measures, each when it is due, or all of it when `now`.
    pub(super) async fn observe(&mut self, now: bool) -> Vec<Message> {
        match self.look(now).await {
            Ok(out) => out,
            Err(fault) => self.lost(fault).await,
        }
    }

    async fn look(&mut self, now: bool) -> Result<Vec<Message>, Fault> {
        let (Some(run), Some(progress)) = (&mut self.run, &mut self.progress) else { return Ok(Vec::new()) };
        let mut out = Vec::new();
        if progress.kept_at.elapsed() >= KEEP && run.step > progress.good[0].step {
            let reading = run.settle().await?;
            let healthy = reading.is_none_or(|r| r.loss.is_finite());
            if healthy {
                // What the last steps came to is told only once.
                progress.last = reading.or(progress.last);
                progress.good.swap(0, 1);
                progress.good[0] = run.checkpoint().await?;
                out.extend(kept(run.number, &progress.good[0]));
            }
            progress.kept_at = Instant::now();
        }
        // Early on, when most happens, more often.
        let settled = (EARLY * progress.evaluations).min(SETTLED);
        let rest = progress.evaluation.mul_f64(1.0 / EVALUATION_SHARE).max(settled);
        if now || progress.evaluated_at.is_none_or(|at| at.elapsed() >= rest) {
            progress.evaluating = Some(0);
            progress.evaluation = Duration::ZERO;
        }
        let stale = progress.measured.is_none_or(|(step, at)| {
            at.elapsed() >= GLANCE && (run.step >= step + self.watch.every || run.step < step)
        });
        if now || stale {
            out.extend(measure(run, &self.watch, |m| !m.after_evaluation && !m.once).await?);
            progress.measured = Some((run.step, Instant::now()));
        }
        Ok(out)
    }

    /// The next slice of an evaluation. Training rests meanwhile, so that all its figures belong to one step.
    pub(super) async fn evaluate(&mut self) -> Vec<Message> {
        match self.evaluate_slice().await {
            Ok(out) => out,
            Err(fault) => self.lost(fault).await,
        }
    }

    async fn evaluate_slice(&mut self) -> Result<Vec<Message>, Fault> {
        let (Some(run), Some(progress)) = (&mut self.run, &mut self.progress) else { return Ok(Vec::new()) };
        let Some(mut next) = progress.evaluating else { return Ok(Vec::new()) };
        let start = Instant::now();
        let parts = run.lab.evaluation.len();
        while next < parts && start.elapsed() < SLICE {
            run.evaluate(next).await?;
            next += 1;
        }
        progress.evaluation += start.elapsed();
        if next < parts {
            progress.evaluating = Some(next);
            return Ok(Vec::new());
        }
        progress.evaluating = None;
        progress.evaluated_at = Some(Instant::now());
        progress.evaluations += 1;
        let step = run.step;
        let [train, test] = run.scores().await?;
        let mut out = vec![Event::Evaluated { run: run.number, step, train, test }.into()];
        out.extend(measure(run, &self.watch, |m| m.after_evaluation).await?);
        Ok(out)
    }

    /// What never changes while the run goes on.
    pub(super) async fn measure_once(&mut self) -> Vec<Message> {
        let Some(run) = &mut self.run else { return Vec::new() };
        let all = Watch { probes: run.lab.measurements.iter().map(|m| m.probe.to_owned()).collect(), every: 1 };
        match measure(run, &all, |m| m.once).await {
            Ok(out) => out,
            Err(fault) => self.lost(fault).await,
        }
    }
}

/// Tells of a state that was kept, unless it is too large to be sent again and again.
pub(super) fn kept(run: u32, state: &Checkpoint) -> Option<Message> {
    let event = Event::Kept { run, step: state.step };
    (state.memory.len() <= TOLD).then(|| Message { payload: state.memory.clone(), ..event.into() })
}

/// Runs the watched probes that `which` picks.
async fn measure(run: &mut Run, watch: &Watch, which: impl Fn(&Measurement) -> bool) -> Result<Vec<Message>, Fault> {
    let lab = run.lab.clone();
    let mut out = Vec::new();
    for m in lab.measurements.iter().filter(|m| which(m) && watch.probes.iter().any(|p| p == m.probe)) {
        let step = run.step;
        let (tensors, data): (Vec<_>, Vec<_>) = run.measure(m).await?.into_iter().unzip();
        let event = Event::Measured { run: run.number, step, probe: m.probe.to_owned(), tensors };
        out.push(Message { payload: data.concat(), ..event.into() });
    }
    Ok(out)
}
