//! What the network is asked by hand, and what it answers: a sample that is drawn, answered while it is drawn and while the
//! run goes on. One question at a time is on its way.

use std::sync::Arc;
use std::time::Duration;

use engine::diagnostic::Diagnostic;
use engine::protocol::Command;
use js_sys::{Float32Array, Uint8Array};
use leptos::prelude::*;

use super::{Lab, Measured, sentence};
use crate::ui::frame::now;

/// Milliseconds between two questions while one draws, and while the run goes on.
const DRAWN: f64 = 30.0;
const TRAINED: f64 = 150.0;

/// The questions' part of the store.
#[derive(Clone, Copy)]
pub struct Asking {
    /// What is asked for as long as its panel can be seen.
    pub sample: RwSignal<Option<Arc<Vec<f32>>>>,
    /// `answer`: probabilities or numbers.
    pub answer: RwSignal<Option<Arc<Measured>>>,
    /// A test sample that was asked for, and its number: `sample` and `truth`.
    pub taken: RwSignal<Option<(u32, Arc<Measured>)>>,
    /// Why there is no answer.
    pub fault: RwSignal<Option<String>>,
    line: StoredValue<Line>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Line {
    /// Whether a question is on its way, and when it was sent.
    pending: bool,
    at: f64,
    /// Whether another is due once it is answered.
    due: bool,
    waiting: Option<TimeoutHandle>,
}

impl Asking {
    pub fn new() -> Self {
        Self {
            sample: RwSignal::default(),
            answer: RwSignal::default(),
            taken: RwSignal::default(),
            fault: RwSignal::default(),
            line: StoredValue::default(),
        }
    }
}

impl Lab {
    /// Keeps the answer to what is drawn up to date.
    pub(super) fn keep_asking(self) {
        Effect::new(move |_| {
            self.asking.sample.track();
            self.summary.track();
            self.busy.track();
            self.hidden.track();
            self.ask(DRAWN);
        });
        let step = Memo::new(move |_| self.progress.with(|p| (p.step, p.playing)));
        Effect::new(move |_| {
            let (_, playing) = step.get();
            self.ask(if playing { TRAINED } else { DRAWN });
        });
    }

    /// Asks for the answer to what is drawn, not sooner than so many milliseconds after the last question.
    fn ask(self, rest: f64) {
        let line = self.asking.line;
        let idle = self.asking.sample.with_untracked(Option::is_none)
            || self.busy.get_untracked()
            || self.hidden.get_untracked();
        if idle {
            return;
        }
        if line.with_value(|l| l.pending) {
            return line.update_value(|l| l.due = true);
        }
        if let Some(waiting) = line.try_update_value(|l| l.waiting.take()).flatten() {
            waiting.clear();
        }
        let left = rest - (now() - line.with_value(|l| l.at));
        if left > 0.0 {
            let later = set_timeout_with_handle(move || self.ask(0.0), Duration::from_secs_f64(left / 1e3));
            return line.update_value(|l| l.waiting = later.ok());
        }
        if let Some(sample) = self.asking.sample.get_untracked() {
            let floats = Float32Array::from(sample.as_slice());
            self.question(None, &[Uint8Array::new(&floats.buffer())]);
        }
    }

    /// Asks for test sample number `number` with its answer.
    pub fn take_test_sample(self, number: u32) {
        self.question(Some(number), &[]);
    }

    fn question(self, test: Option<u32>, files: &[Uint8Array]) {
        self.asking.line.update_value(|l| (l.pending, l.at) = (true, now()));
        self.line.with_value(|l| {
            if let Some(link) = l.link.as_ref().filter(|_| l.current > 0) {
                link.send(&Command::Answer { test }, files);
            }
        });
    }

    /// An answer, or why there is none.
    pub(super) fn answered(self, test: Option<u32>, answer: Measured, faults: &[Diagnostic]) {
        let asking = self.asking;
        let due = asking.line.try_update_value(|l| {
            l.pending = false;
            std::mem::take(&mut l.due)
        });
        asking.fault.set(faults.first().map(|f| sentence(&f.to_string())));
        if faults.is_empty() {
            let answer = Arc::new(answer);
            if let Some(test) = test {
                asking.taken.set(Some((test, answer.clone())));
            }
            asking.answer.set(Some(answer));
        }
        if due == Some(true) {
            self.ask(DRAWN);
        }
    }

    /// A new run: whatever was asked of the one before is answered, or never will be.
    pub(super) fn forget_answers(self) {
        self.asking.line.update_value(|l| (l.pending, l.due) = (false, false));
        self.asking.answer.set(None);
        self.asking.taken.set(None);
        self.asking.fault.set(None);
    }
}
