//! What the session says.

use std::sync::Arc;

use engine::diagnostic::Diagnostic;
use engine::protocol::{DeviceInfo, Event, Summary};
use js_sys::Float32Array;
use leptos::prelude::*;

use super::scope::{Edit, Found, Seen, Sum};
use super::{Action, Curve, Dialled, Ghost, Kept, Lab, Measured, Notice, Packed, Progress, Scores};
use crate::link::Heard;
use crate::tongue::{heard, t};
use crate::ui::format;
use crate::ui::frame::now;

/// Milliseconds between two readings of the status line while the run moves.
const STATUS_REST: f64 = 250.0;
/// Milliseconds between two drawings of the curves.
const CURVE_REST: f64 = 120.0;

impl Lab {
    /// Takes in one message.
    pub(super) fn hear(self, heard: Heard) {
        match heard {
            // The line must not be dropped by its own callback.
            Heard::Dead(why) => set_timeout(move || self.bury(&why), std::time::Duration::ZERO),
            Heard::Event(event, payload) => {
                self.line.update_value(|l| l.silence = 0);
                self.take(event, payload);
            }
            Heard::File(event, file) => {
                self.line.update_value(|l| l.silence = 0);
                self.take_away(&event, &file);
            }
        }
    }

    fn runs(self, run: u32) -> bool {
        self.line.with_value(|l| l.current == run)
    }

    fn take(self, event: Event, payload: Float32Array) {
        match event {
            Event::Hello { build } => {
                if build != engine::session::BUILD {
                    return self.renew();
                }
                self.line.update_value(|l| {
                    l.ready = true;
                    l.current = 0;
                });
                self.load();
            }
            Event::Loaded { run, summary } => {
                if self.line.with_value(|l| l.run == run) {
                    if let Some(made) = &summary.transformed {
                        self.adopt(made.spec.clone());
                    }
                    self.begin(run, *summary);
                }
            }
            Event::Refused { run, faults } => {
                if self.line.with_value(|l| l.run != run) {
                    return;
                }
                self.busy.set(false);
                self.line.update_value(|l| l.ahead = None);
                // The run stands as it is, and what was sent before with it.
                let alert = |topic, title, text| self.tell(Notice::alert(topic, title, text).quoting(&faults));
                let anew = t("The run begins at initial weights instead.");
                if self.line.try_update_value(|l| l.changing.take()).flatten() == Some(run) {
                    alert("transform", t("The network cannot be changed like that"), "");
                } else if self.line.try_update_value(|l| l.weighed.take()).flatten() == Some(run) {
                    alert("weights", t("The weights do not fit this network"), "");
                } else if self.line.try_update_value(|l| l.carried.take()).flatten() == Some(run)
                    && faults.iter().any(|f| f.path.starts_with("weights"))
                {
                    alert("weights", t("The present weights do not fit"), anew);
                    self.load();
                } else if faults.iter().any(|f| f.path.starts_with("weights")) && self.forget_origin() {
                    alert("weights", t("The weights in this link could not be used"), anew);
                    self.load();
                } else {
                    self.faults.set(faults);
                    self.pack_instead();
                }
            }
            Event::Touched { run, touches } => {
                if self.runs(run) && self.touches.with_untracked(|now| *now != touches) {
                    self.touches.set(touches);
                }
            }
            Event::Progress { run, playing, step, epoch, loss, accuracy, samples_per_second } => {
                if self.runs(run) {
                    self.advance(Progress { playing, step, epoch, loss, accuracy, samples_per_second });
                }
            }
            Event::Evaluated { run, step, train, test } => {
                if self.runs(run) {
                    self.scores.set(Some(Scores { step, train, test }));
                    self.look_whether_to_stop(step, test);
                    self.curve.update_untracked(|c| c.evaluated(step, train, test));
                    if !self.hidden.get_untracked() {
                        self.curve.notify();
                    }
                }
            }
            Event::Measured { run, step, probe, tensors } => {
                if self.runs(run) {
                    self.probe(&probe).set(Some(Arc::new(Measured { step, tensors, payload: payload.to_vec() })));
                }
            }
            Event::Kept { run, step } => {
                if let Some(spec) = self.loaded.get_untracked().filter(|_| self.runs(run) && !self.busy.get_untracked())
                {
                    let touches = self.touches.get_untracked();
                    let kept = Kept { spec, step, memory: payload, touches };
                    self.line.update_value(|l| l.kept = Some(kept.clone()));
                    self.keep(kept);
                }
            }
            Event::Moved { run, device } => {
                if self.runs(run) {
                    self.settle(device);
                }
            }
            Event::Diverged { run, step, message, good } => {
                if self.runs(run) {
                    self.playing.set(false);
                    let text = t!("The last good state is step {good}.", good);
                    let notice = Notice::alert("diverged", t!("The run diverged at step {step}", step), text);
                    self.tell(Notice { quoted: message, ..notice }.with(Action::Rewind));
                }
            }
            Event::Dialled { run, step, path, value, work, test, faults } => {
                if !self.runs(run) {
                    return;
                }
                match test {
                    Some(test) => self.dialled.update(|all| {
                        all.retain(|d| d.path != path || (d.step == step && d.value != value));
                        all.push(Dialled { step, path, value, work, test });
                    }),
                    None => self.tell(Notice::alert("failed", t("A dial could not be measured"), "").quoting(&faults)),
                }
            }
            Event::Packed { step, exact, weights, faults, .. } => self.unpacked(match weights {
                Some(text) => Ok(Packed { step, exact, text, touches: self.touches.get_untracked() }),
                None => Err(faults),
            }),
            // One that could be written comes with its file.
            Event::Exported { run, form, faults, .. } => {
                if self.runs(run) {
                    self.not_written(form, &faults);
                }
            }
            Event::Found { run, query, values, left, phases, faults } => {
                if self.runs(run) {
                    self.found(&query, Found { values, left, phases, fault: first(&faults) });
                }
            }
            Event::Shown { run, step, name, of, value, from, figures, faults } => {
                if self.runs(run) {
                    let from = usize::try_from(from).unwrap_or_default();
                    let seen = value.ok_or_else(|| first(&faults).unwrap_or_default()).map(|value| Seen {
                        step,
                        of,
                        value,
                        from,
                        figures: *figures,
                        numbers: payload.to_vec(),
                    });
                    self.shown(&name, of, seen);
                }
            }
            Event::Explained { run, step, block, unit, row, inputs, faults } => {
                if self.runs(run) {
                    let fault = first(&faults);
                    self.explained(Sum { step, block, unit, row, inputs, numbers: payload.to_vec(), fault });
                }
            }
            Event::Put { run, step, register, element, was, now } => {
                if self.runs(run) {
                    self.edited(Edit { step, register, element, was, now });
                }
            }
            Event::Answered { run, step, test, tensors, faults } => {
                if self.runs(run) {
                    self.answered(test, Measured { step, tensors, payload: payload.to_vec() }, &faults);
                }
            }
            // Nothing of the kind is asked for in the lab.
            Event::Benched { .. } | Event::Verifying { .. } | Event::Verified { .. } => {}
            Event::Failed { run, fault } => {
                if self.runs(run) || run == 0 {
                    self.tell(Notice::alert("failed", t("Something did not work"), "").quoting(&[fault]));
                }
            }
        }
    }

    /// A run begins.
    fn begin(self, run: u32, summary: Summary) {
        let before = self.loaded.get_untracked();
        let Some(spec) = self.line.with_value(|l| l.sent.clone()) else {
            return;
        };
        self.line.update_value(|l| (l.current, l.until) = (run, None));
        if let Some(step) = self.inherits(run) {
            self.keep_until(step);
        } else {
            self.close_record();
            let curve = self.curve.try_update(std::mem::take).unwrap_or_default();
            if let Some(before) = before.filter(|_| curve.end() > 0.0) {
                let same_task = before.data == spec.data;
                let ghost = Ghost { name: self.name_of(&before, &spec), curve };
                self.ghost.set(same_task.then_some(ghost));
            }
        }
        self.measured.with_value(|all| all.values().for_each(|m| m.set(None)));
        self.scores.set(None);
        self.dialled.set(Vec::new());
        self.forget_edits();
        self.forget_answers();
        self.touches.set(Vec::new());
        self.faults.set(Vec::new());
        self.busy.set(false);
        self.progress.set(Progress::default());
        self.dismiss("diverged");
        self.dismiss("failed");
        self.dismiss("stop");
        self.forget_watched();
        self.loaded.set(Some(Arc::new(spec)));
        self.settle(summary.device.clone());
        self.summary.set(Some(Arc::new(summary)));
        self.say();
        self.take_up();
    }

    /// Names an earlier experiment by what sets it apart from this one.
    fn name_of(self, before: &engine::spec::Spec, now: &engine::spec::Spec) -> String {
        let named = |registry: fn(&engine::protocol::Catalogue) -> &Vec<engine::protocol::EntryInfo>, id: &str| {
            self.entry(registry, id).map_or_else(|| id.to_owned(), |e| e.name)
        };
        if before.rule.id != now.rule.id {
            named(|c| &c.rules, &before.rule.id)
        } else if before.optimizer.id != now.optimizer.id {
            named(|c| &c.optimizers, &before.optimizer.id)
        } else if before.stages != now.stages {
            t("the network before").into()
        } else if before.seed != now.seed {
            t!("seed {seed}", seed = before.seed)
        } else {
            t("before").into()
        }
    }

    /// An experiment in a line: the preset that it is, or its data, rule and routing.
    pub fn described(self, spec: &engine::spec::Spec) -> String {
        let preset = engine::presets::PRESETS
            .iter()
            .map(|make| make())
            .find(|p| p.spec == engine::spec::Spec { seed: p.spec.seed, ..spec.clone() });
        if let Some(preset) = preset {
            return t(preset.name).to_owned();
        }
        let name = |registry: fn(&engine::protocol::Catalogue) -> &Vec<engine::protocol::EntryInfo>, id: &str| {
            self.entry(registry, id).map_or_else(|| id.to_owned(), |e| e.name)
        };
        let routing = crate::tree::first_route(spec)
            .and_then(|p| crate::tree::block(spec, &p)?.routing.clone())
            .map(|r| name(|c| &c.routings, &r.id));
        let parts = [Some(name(|c| &c.datasets, &spec.data.id)), Some(name(|c| &c.rules, &spec.rule.id)), routing];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    fn advance(self, progress: Progress) {
        let before = self.progress.get_untracked();
        let at = now();
        if progress.step != before.step {
            self.curve.update_untracked(|c: &mut Curve| {
                if let Some(loss) = progress.loss {
                    c.batch_loss.push(progress.step, loss);
                }
                if let Some(accuracy) = progress.accuracy {
                    c.batch_accuracy.push(progress.step, accuracy);
                }
            });
            let seen = !self.hidden.get_untracked();
            if seen && (!progress.playing || self.line.with_value(|l| at - l.curve_at >= CURVE_REST)) {
                self.line.update_value(|l| l.curve_at = at);
                self.curve.notify();
            }
        }
        self.progress.set(progress);
        if !progress.playing && self.line.with_value(|l| l.until.is_some_and(|until| progress.step >= until)) {
            self.forget_goal();
            self.playing.set(false);
        }
        if !progress.playing || self.line.with_value(|l| at - l.status_at >= STATUS_REST) {
            self.line.update_value(|l| l.status_at = at);
            self.say();
        }
    }

    /// Brings the status line up to date.
    fn say(self) {
        self.status.set(format::status(&self.progress.get_untracked(), untrack(|| self.mark())));
    }

    /// The run is on this device.
    fn settle(self, device: DeviceInfo) {
        let asked = self.device.get_untracked();
        let elsewhere = asked.is_some_and(|a| a != device.device);
        let moved =
            self.place.with_untracked(|p| p.as_ref().is_some_and(|p| p.device != device.device)) && asked.is_none();
        if elsewhere || (moved && !device.advice.is_empty()) {
            let text = format!(
                "{} {}",
                super::notice::sentence(&heard(&device.reason)),
                super::notice::sentence(&heard(&device.advice))
            );
            self.tell(Notice::alert(
                "device",
                t!("The run is on {device}", device = format::device(device.device)),
                text,
            ));
        } else {
            self.dismiss("device");
        }
        self.place.set(Some(device));
    }

    /// The worker is of another build than the page: a reload brings both from the same deployment, once.
    fn renew(self) {
        let window = web_sys::window();
        let memory = window.as_ref().and_then(|w| w.session_storage().ok().flatten());
        let tried = memory.as_ref().is_none_or(|m| m.get_item("signalbox-renewed").ok().flatten().is_some());
        if tried {
            return self.tell(Notice::alert(
                "worker",
                t("This page is out of date"),
                t("Its parts come from different versions of the lab. Reload it without the cache (Shift and the reload button)."),
            ));
        }
        if let Some(memory) = memory {
            let _ = memory.set_item("signalbox-renewed", "1");
        }
        if let Some(window) = window {
            let _ = window.location().reload();
        }
    }
}

/// The first fault, as a sentence.
fn first(faults: &[Diagnostic]) -> Option<String> {
    faults.first().map(|f| super::notice::sentence(&f.to_string()))
}
