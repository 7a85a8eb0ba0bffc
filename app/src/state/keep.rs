//! What the page keeps of a run: states to go back to while it is open, and a record that outlasts it.

use engine::session::BUILD;
use engine::spec::{Spec, text};
use js_sys::Float32Array;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Action, Kept, Lab, Notice, sentence};
use crate::shelf::{self, Record, Trouble};
use crate::tongue::t;
use crate::ui::frame::now;

/// Milliseconds between two savings of a run that goes on.
const SAVE: f64 = 5_000.0;
/// States to go back to, at most; then every other one goes.
const STATES: usize = 24;
/// Numbers in all of them, at most: 128 MiB.
const NUMBERS: usize = 32 << 20;
/// Points of a curve in a record.
pub(crate) const POINTS: usize = 300;
/// Steps below which a run is not worth a record.
const STEPS: u64 = 20;
/// Milliseconds for which the start waits for the browser's store.
const PATIENCE: u64 = 500;

/// The present run's record, and the states on the way.
#[derive(Default)]
pub(super) struct Keeping {
    /// Of the record; empty before the first.
    id: String,
    tab: String,
    saved_at: f64,
    /// Whether the newest state is not saved yet.
    unsaved: bool,
    states: Vec<Kept>,
    /// Whether the browser has refused to keep anything, which is told once.
    refused: bool,
    /// Likewise for the person's own files.
    unfiled: bool,
}

impl Lab {
    /// A state of the run, to go back to and to save.
    pub(super) fn keep(self, kept: Kept) {
        let due = self.keeping.try_update_value(|k| {
            k.states.retain(|s| s.step < kept.step);
            k.states.push(kept);
            let numbers: usize = k.states.iter().map(|s| s.memory.length() as usize).sum();
            if k.states.len() > STATES || (numbers > NUMBERS && k.states.len() > 2) {
                let newest = k.states.len() - 1;
                let mut i = 0;
                k.states.retain(|_| {
                    i += 1;
                    i - 1 == newest || (i - 1) % 2 == 0
                });
            }
            k.unsaved = true;
            now() - k.saved_at >= SAVE
        });
        self.marks.set(self.keeping.with_value(|k| k.states.iter().map(|s| s.step).collect()));
        if due == Some(true) {
            self.save();
        }
    }

    /// Saves the run as it stands, if it is worth it.
    pub fn save(self) {
        let Some(spec) = self.loaded.get_untracked() else { return };
        let progress = self.progress.get_untracked();
        if progress.step < STEPS {
            return;
        }
        let kept = self.keeping.try_update_value(|k| {
            k.saved_at = now();
            if k.id.is_empty() {
                k.id = name();
            }
            let kept = k.states.last().filter(|_| std::mem::take(&mut k.unsaved)).cloned();
            (k.id.clone(), k.tab.clone(), k.states.last().map(|s| s.step), kept)
        });
        let Some((id, tab, state, kept)) = kept else { return };
        // As of the step that the record names.
        let touches = self.keeping.with_value(|k| k.states.last().map(|s| s.touches.clone()));
        let touches = touches.unwrap_or_else(|| self.touches.get_untracked());
        let curve = self.curve.with_untracked(|c| c.thinned(POINTS));
        let files = self.files.worth_keeping(&spec.data.id).unwrap_or_else(|| {
            self.tell_files_lost(t("It is too large to be kept."));
            Vec::new()
        });
        let record = Record {
            id,
            tab,
            build: BUILD.to_owned(),
            spec: text::write(&spec),
            saved: js_sys::Date::now(),
            // The state is what the run goes on from.
            step: state.unwrap_or(progress.step),
            playing: self.playing.get_untracked(),
            device: self.place.with_untracked(|p| p.as_ref().map(|p| p.device)),
            scores: self.scores.get_untracked(),
            state: state.is_some(),
            race: None,
            files: files.iter().map(|(own, _)| own.clone()).collect(),
            touches,
            begun: self.origin_of(&spec),
        };
        spawn_local(async move {
            let record = match shelf::put_files(&files).await {
                Ok(()) => record,
                Err(trouble) => {
                    self.tell_files_lost(&trouble.said());
                    Record { files: Vec::new(), ..record }
                }
            };
            let kept = shelf::keep(&record, &curve, kept.as_ref().map(|k| &k.memory)).await;
            self.tell_kept(kept);
        });
    }

    /// Says once that the browser has no room, or keeps nothing; or that it had to make room.
    pub(crate) fn tell_kept(self, kept: Result<usize, Trouble>) {
        self.kept.update(|n| *n = n.wrapping_add(1));
        let before = self.keeping.try_update_value(|k| std::mem::replace(&mut k.refused, kept.is_err()));
        let notice = match kept {
            Ok(0) => {
                if before == Some(true) {
                    self.dismiss("shelf");
                }
                return;
            }
            Ok(went) => {
                let states =
                    if went == 1 { t("the oldest state").to_owned() } else { t!("the {went} oldest states", went) };
                let text = t!(
                    "To make room, {states} of earlier runs went; their figures stay, and they can be run again. The run goes on.",
                    states
                );
                Notice::plain("shelf", t("The browser's store for this page is full"), text)
            }
            Err(_) if before == Some(true) => return,
            Err(Trouble::Full) => {
                let text = t("The run goes on, but is not kept: forget some runs, or save what matters as a file.");
                Notice::alert("shelf", t("The browser's store for this page is full"), text)
            }
            Err(Trouble::Refused(why)) => {
                let text = t!(
                    "{why} The run goes on, but would be lost with the page: save what matters as a file.",
                    why = sentence(&why)
                );
                Notice::alert("shelf", t("The browser keeps no runs for this page"), text)
            }
        };
        self.tell(notice.with(Action::Runs));
    }

    /// The run is kept, but not the files that it learns from; told once.
    fn tell_files_lost(self, why: &str) {
        let first = self.keeping.try_update_value(|k| !std::mem::replace(&mut k.unfiled, true));
        if first == Some(true) {
            let text = t!("{why} After a reload, choose the file again; or make room under Runs.", why);
            self.tell(Notice::alert("shelf", t("The browser keeps no copy of your file"), text));
        }
    }

    /// Has the files at hand that a record's run learns from.
    async fn take_up_files(self, record: &Record) {
        let Some(spec) = record.spec() else { return };
        for own in &record.files {
            // One that the browser has dropped is asked for when the run is loaded.
            if let Some(bytes) = shelf::file(&own.id).await {
                self.files.give(&spec.data.id, own.clone(), bytes);
            }
        }
    }

    /// The run ends here: its record is written, and the next one gets its own.
    pub(super) fn close_record(self) {
        self.save();
        self.keeping.update_value(|k| {
            k.id.clear();
            k.states.clear();
            k.unsaved = false;
            k.saved_at = now();
        });
        self.marks.set(Vec::new());
        spawn_local(shelf::prune());
    }

    /// The run goes on under the record of this id. Its state is known: saving the run before the next one is kept must not
    /// say that there is none.
    fn take_up_record(self, id: &str, kept: Kept) {
        self.keeping.update_value(|k| {
            id.clone_into(&mut k.id);
            k.states = vec![kept];
            k.unsaved = false;
        });
    }

    /// The run that begins goes on from the state of a step: what was kept after it goes.
    pub(super) fn keep_until(self, step: u64) {
        self.keeping.update_value(|k| k.states.retain(|s| s.step <= step));
        self.marks.set(self.keeping.with_value(|k| k.states.iter().map(|s| s.step).collect()));
    }

    /// Goes back to the last state at or before `step`, and on from there.
    pub fn go_back(self, step: u64) {
        let kept = self.keeping.with_value(|k| k.states.iter().rev().find(|s| s.step <= step).cloned());
        if let Some(kept) = kept {
            self.resume(kept);
        }
    }

    /// Has the session go on from a state of the spec on the screen.
    fn resume(self, kept: Kept) {
        self.curve.update(|c| c.cut(kept.step));
        self.line.update_value(|l| {
            l.kept = Some(kept);
            l.orphaned = true;
        });
        self.load();
    }

    /// Opens a record's experiment, and goes on from its state if there is one that this build can read.
    pub fn take_down(self, record: &Record) {
        let Some(spec) = record.spec() else {
            let text = t("It was written by another version of the lab, which this one cannot read.");
            return self.tell(Notice::alert("shelf", t("This run cannot be opened"), text));
        };
        let record = record.clone();
        spawn_local(async move {
            let state = if record.state && record.build == BUILD { shelf::state(&record.id).await } else { None };
            let curve = shelf::curve(&record.id).await;
            self.take_up_files(&record).await;
            self.close_record();
            self.playing.set(state.is_none());
            let (weights, touches) = record.begun.clone().unzip();
            self.begin_at(weights, touches.unwrap_or_default(), &spec);
            self.edit(|s| *s = spec.clone());
            match state {
                Some(memory) => {
                    let kept = stood(spec, &record, memory);
                    self.take_up_record(&record.id, kept.clone());
                    self.curve.set(curve);
                    self.resume(kept);
                }
                None => {
                    // The same spec must be loaded too.
                    self.load();
                    self.play();
                }
            }
        });
    }

    /// Begins where this tab's run stood when the page was left; else at the start. Then starts the worker.
    pub(super) fn wake(self, asked: Option<Spec>) {
        let tab = tab();
        self.keeping.update_value(|k| k.tab.clone_from(&tab));
        let started = StoredValue::new(false);
        let start = move || {
            if !started.try_update_value(|s| std::mem::replace(s, true)).unwrap_or(true) {
                self.connect();
            }
        };
        set_timeout(start, std::time::Duration::from_millis(PATIENCE));
        spawn_local(async move {
            let records = shelf::all().await.unwrap_or_default();
            let last = records
                .into_iter()
                .find(|r| r.state && r.build == BUILD && r.step > 0 && (asked.is_none() || r.tab == tab));
            if let Some(last) = last {
                let same = asked.as_ref().map(|asked| self.is_of(&last, asked));
                // A run that is gone on with is waited for, however long its files take.
                let waits =
                    same == Some(true) && !started.try_update_value(|s| std::mem::replace(s, true)).unwrap_or(true);
                match same {
                    Some(false) => {}
                    Some(true) if self.restore(&last).await => {}
                    // Where another run has begun meanwhile, it is not taken from the person unasked.
                    Some(true) | None => {
                        let title = t!("An earlier run stands at step {step}", step = last.step);
                        let notice = Notice::plain("shelf", title, t("It was kept in this browser."));
                        self.tell(notice.with(Action::Resume(Box::new(last))));
                    }
                }
                if waits {
                    return self.connect();
                }
            }
            start();
        });
        // A page that is hidden may never be heard of again.
        let hidden = window_event_listener_untyped("pagehide", move |_| self.save());
        let turned = window_event_listener_untyped("visibilitychange", move |_| {
            let hidden = document().hidden();
            if self.hidden.get_untracked() != hidden {
                self.hidden.set(hidden);
            }
            if hidden {
                self.save();
            } else {
                self.curve.notify();
            }
        });
        on_cleanup(move || {
            hidden.remove();
            turned.remove();
        });
    }

    /// Whether a record is of a run of this spec, from the weights that it begins with here.
    fn is_of(self, record: &Record, spec: &Spec) -> bool {
        record.begun == self.origin_of(spec) && record.spec().as_ref() == Some(spec)
    }

    /// Has the run that is about to begin go on from a record's state. Tells whether it does.
    async fn restore(self, record: &Record) -> bool {
        self.take_up_files(record).await;
        let (Some(spec), Some(memory)) = (record.spec(), shelf::state(&record.id).await) else { return false };
        let mut curve = shelf::curve(&record.id).await;
        if self.line.with_value(|l| l.run > 0) {
            return false;
        }
        self.playing.set(record.playing);
        curve.cut(record.step);
        self.curve.set(curve);
        let kept = stood(spec, record, memory);
        self.take_up_record(&record.id, kept.clone());
        self.line.update_value(|l| {
            l.kept = Some(kept);
            l.orphaned = true;
        });
        let title = t!("The run goes on from step {step}", step = record.step);
        let notice = Notice::plain("shelf", title, t("It was kept in this browser when the page was left."));
        self.tell(notice.with(Action::Anew));
        true
    }
}

/// Where a record's run stood.
fn stood(spec: Spec, record: &Record, memory: Float32Array) -> Kept {
    Kept { spec: spec.into(), step: record.step, memory, touches: record.touches.clone() }
}

/// A name that no other record has.
pub(crate) fn name() -> String {
    format!("{:x}-{:08x}", js_sys::Date::now() as u64, (js_sys::Math::random() * f64::from(u32::MAX)) as u32)
}

/// A name of this tab that outlasts a reload.
pub(crate) fn tab() -> String {
    let memory = web_sys::window().and_then(|w| w.session_storage().ok().flatten());
    let known = memory.as_ref().and_then(|m| m.get_item("signalbox-tab").ok().flatten());
    known.unwrap_or_else(|| {
        let new = name();
        if let Some(memory) = memory {
            // Where it is refused, a reload begins anew.
            let _ = memory.set_item("signalbox-tab", &new);
        }
        new
    })
}
