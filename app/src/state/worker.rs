//! The worker's life: starting it, noticing its death, and handing its run to the next one.

use std::time::Duration;

use engine::diagnostic::Diagnostic;
use engine::spec::Spec;
use leptos::prelude::*;

use super::send::still;
use super::{Action, Kept, Lab, Notice, sentence};
use crate::link::Link;
use crate::tongue::t;

/// Deaths of the worker in one experiment after which no new one is started unasked.
const DEATHS: u32 = 2;
/// How often the page looks whether the worker still speaks.
const LOOK: Duration = Duration::from_secs(1);
/// For how many looks in a row a worker that should train may be silent; opening a graphics device can take long.
const PATIENCE: u32 = 60;
/// Also as many steps, where they are slow.
const SLOW_STEPS: f64 = 20.0;

impl Lab {
    /// Starts a worker. It says hello, and is then given the spec.
    pub fn connect(self) {
        match Link::start(move |heard| self.hear(heard)) {
            Ok(link) => self.line.update_value(|l| l.link = Some(link)),
            Err(why) => self.tell(Notice::alert(
                "worker",
                t("The lab cannot run here"),
                t!("The browser would not start a worker: {why}. A strict content policy or a sandboxed frame can cause this.", why),
            )),
        }
    }

    /// Ends the worker and starts another one with the same spec.
    pub fn restart(self) {
        self.line.update_value(|l| {
            l.link = None;
            l.ready = false;
            l.sent = None;
            l.deaths = 0;
        });
        self.busy.set(true);
        self.connect();
    }

    /// Ends a worker that is of no more use, and starts another one in the state that the page knows of.
    pub(super) fn bury(self, why: &str) {
        let deaths = self.line.try_update_value(|l| {
            l.link = None;
            l.ready = false;
            l.sent = None;
            l.silence = 0;
            l.orphaned = true;
            l.deaths += 1;
            l.deaths
        });
        let stopped = Diagnostic::new("engine", t("it stopped"), t("try again when it runs"));
        self.forsake(&stopped);
        let unborn = self.line.with_value(|l| l.run == 0);
        if unborn || deaths.is_none_or(|d| d > DEATHS) {
            self.busy.set(false);
            let notice = Notice::alert("worker", t("The engine stopped"), t!("It said: {why}", why = sentence(why)));
            return self.tell(notice.with(Action::Restart));
        }
        let next = match self.heritage(&self.spec.get_untracked()) {
            Some(kept) => t!("The run goes on from step {step}.", step = kept.step),
            None => t("The same experiment begins anew.").to_owned(),
        };
        self.tell(Notice::alert(
            "worker",
            t("The engine had to start again"),
            t!("It said: {why} {next}", why = sentence(why), next),
        ));
        self.busy.set(true);
        self.connect();
    }

    /// The state to go on from, where one is to be gone on from, as after the worker died: of the same experiment, but for knobs that turn while it runs.
    pub(super) fn heritage(self, spec: &Spec) -> Option<Kept> {
        let kept = self.line.with_value(|l| l.kept.clone().filter(|_| l.orphaned))?;
        let live = self.live_knobs(spec);
        (still(&kept.spec, &live) == still(spec, &live)).then_some(kept)
    }

    /// The step of the kept state that the run that begins goes on from, if it does. If not, the state is forgotten.
    pub(super) fn inherits(self, run: u32) -> Option<u64> {
        let step = self.line.try_update_value(|l| {
            l.orphaned = false;
            if l.heir.take() != Some(run) {
                l.kept = None;
            }
            l.kept.as_ref().map(|k| k.step)
        });
        step.flatten()
    }

    /// Watches whether the worker speaks while it should train. One that the browser ended says nothing of it.
    pub(super) fn keep_alive(self) {
        let look = move || {
            let trains = self.playing.get_untracked()
                && !self.resting.get_untracked()
                && !self.busy.get_untracked()
                && self.place.with_untracked(Option::is_some);
            let silence = self.line.try_update_value(|l| {
                l.silence = if trains && l.ready { l.silence + 1 } else { 0 };
                l.silence
            });
            let step = self.place.with_untracked(|p| {
                let times = p.as_ref().map(|p| p.measured.iter().map(|m| m.1));
                times.map_or(0.0, |times| times.fold(0.0, f64::max))
            });
            let patience = f64::from(PATIENCE).max(SLOW_STEPS * step / 1e3);
            if let Some(silence) = silence.filter(|s| f64::from(*s) > patience) {
                self.bury(&t!("nothing, for {silence} seconds", silence));
            }
        };
        // It fails only where the page has no timers; then nothing else works either.
        let _ = set_interval_with_handle(look, LOOK);
    }
}
