//! What the microscope is set to, and what it sees.

use std::sync::Arc;

use engine::lens::{Figures, PhaseInfo, Subject, ValueInfo};
use engine::protocol::Command;
use leptos::prelude::*;

use super::{Lab, Trace};
use crate::ui::frame::now;

/// Milliseconds between two looks while the run goes on.
const REST: f64 = 250.0;

/// The microscope's part of the store.
#[derive(Clone, Copy)]
pub struct Scope {
    pub open: RwSignal<bool>,
    pub query: RwSignal<String>,
    pub found: RwSignal<Found>,
    /// Name of the value that is looked at.
    pub name: RwSignal<Option<String>>,
    /// Of what, and when.
    pub of: RwSignal<Subject>,
    /// The first element whose number is told.
    pub from: RwSignal<u64>,
    pub seen: RwSignal<Option<Arc<Seen>>>,
    /// Why nothing is seen.
    pub fault: RwSignal<Option<String>>,
    /// The element that is picked out of it.
    pub element: RwSignal<Option<usize>>,
    /// The unit whose arithmetic is written out: its dense block, its number, the row.
    pub unit: RwSignal<Option<(String, u32, u32)>>,
    pub sum: RwSignal<Option<Arc<Sum>>>,
    /// The value's figures over the steps at which it was looked at: mean, standard deviation, norm.
    pub course: RwSignal<[Trace; 3]>,
    /// What was set by hand in this run.
    pub edits: RwSignal<Vec<Edit>>,
    asked: StoredValue<Asked>,
}

/// What a query finds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    pub values: Vec<ValueInfo>,
    /// How many more there are.
    pub left: usize,
    pub phases: Vec<PhaseInfo>,
    pub fault: Option<String>,
}

/// A value as it was at a step: its numbers from one of its elements on.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub step: u64,
    pub of: Subject,
    pub value: ValueInfo,
    pub from: usize,
    pub figures: Figures,
    pub numbers: Vec<f32>,
}

/// The arithmetic of a unit: see [`engine::protocol::Event::Explained`].
#[derive(Debug, Clone, PartialEq)]
pub struct Sum {
    pub step: u64,
    pub block: String,
    pub unit: u32,
    pub row: u32,
    pub inputs: usize,
    pub numbers: Vec<f32>,
    pub fault: Option<String>,
}

/// An element that was set by hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    pub step: u64,
    pub register: String,
    pub element: u64,
    pub was: Option<f32>,
    pub now: f32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    /// Looks that were asked for and not answered.
    pending: u32,
    at: f64,
    /// Whether a later look is due.
    due: bool,
}

impl Scope {
    pub fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            query: RwSignal::default(),
            found: RwSignal::default(),
            name: RwSignal::default(),
            of: RwSignal::default(),
            from: RwSignal::default(),
            seen: RwSignal::default(),
            fault: RwSignal::default(),
            element: RwSignal::default(),
            unit: RwSignal::default(),
            sum: RwSignal::default(),
            course: RwSignal::default(),
            edits: RwSignal::default(),
            asked: StoredValue::default(),
        }
    }

    /// The value of this name, from its first element on.
    pub fn choose(self, name: Option<String>) {
        if self.name.with_untracked(|n| *n == name) {
            return;
        }
        self.from.set(0);
        self.element.set(None);
        self.unit.set(None);
        self.sum.set(None);
        self.seen.set(None);
        self.fault.set(None);
        self.course.set(Default::default());
        self.name.set(name);
    }

    /// The last measurement of the value that is looked at.
    pub fn current(self) -> Option<Arc<Seen>> {
        self.seen.get().filter(|s| self.name.with(|n| n.as_ref() == Some(&s.value.name)))
    }
}

impl Lab {
    /// Keeps the microscope looking at what is chosen, while it is open.
    pub fn keep_looking(self) {
        let scope = self.scope;
        Effect::new(move |_| {
            scope.query.track();
            scope.of.track();
            self.summary.track();
            if scope.open.get() && self.summary.with(Option::is_some) {
                self.search();
            }
        });
        Effect::new(move |_| {
            scope.name.track();
            scope.from.track();
            scope.of.track();
            scope.unit.track();
            self.summary.track();
            if scope.open.get() {
                self.look_now();
            }
        });
        Effect::new(move |_| {
            let playing = self.progress.with(|p| p.playing);
            if scope.open.get_untracked() {
                self.look_again(!playing);
            }
        });
    }

    fn search(self) {
        let (query, of) = (self.scope.query.get_untracked(), self.scope.of.get_untracked());
        self.send(&Command::Find { query, of });
    }

    /// Looks, however lately that was done.
    pub fn look_now(self) {
        let scope = self.scope;
        let Some(name) = scope.name.get_untracked().filter(|_| self.summary.with_untracked(Option::is_some)) else {
            return;
        };
        let (from, of) = (scope.from.get_untracked(), scope.of.get_untracked());
        scope.asked.set_value(Asked { pending: 1, at: now(), due: false });
        if let Some((block, unit, row)) = scope.unit.get_untracked() {
            self.send(&Command::Explain { block, unit, row, of });
        }
        self.send(&Command::Show { name, from, of });
    }

    /// Looks once more, unless that was done a moment ago or is going on: then later.
    fn look_again(self, at_once: bool) {
        let asked = self.scope.asked.get_value();
        if asked.pending > 0 || (!at_once && now() - asked.at < REST) {
            self.scope.asked.update_value(|a| a.due = true);
        } else {
            self.look_now();
        }
    }

    /// What a query found.
    pub(super) fn found(self, query: &str, found: Found) {
        if self.scope.query.with_untracked(|q| q == query) {
            self.scope.found.set(found);
        }
    }

    /// A value was shown, or why it cannot be.
    pub(super) fn shown(self, name: &str, of: Subject, seen: Result<Seen, String>) {
        let scope = self.scope;
        let due = scope.asked.try_update_value(|a| {
            a.pending = 0;
            std::mem::take(&mut a.due)
        });
        if scope.name.with_untracked(|n| n.as_deref() == Some(name)) && scope.of.get_untracked() == of {
            scope.fault.set(seen.as_ref().err().cloned());
            if let Ok(seen) = &seen {
                self.follow_figures(seen.step, &seen.figures);
            }
            scope.seen.set(seen.ok().map(Arc::new));
        }
        if due == Some(true) {
            let later = move || {
                if scope.open.get_untracked() {
                    self.look_again(false);
                }
            };
            set_timeout(later, std::time::Duration::from_millis(REST as u64));
        }
    }

    /// A unit's arithmetic.
    pub(super) fn explained(self, sum: Sum) {
        let asked = self.scope.unit.with_untracked(|u| {
            u.as_ref().is_some_and(|(block, unit, row)| (block, *unit, *row) == (&sum.block, sum.unit, sum.row))
        });
        if asked {
            self.scope.sum.set(Some(Arc::new(sum)));
        }
    }

    /// An element was set.
    pub(super) fn edited(self, edit: Edit) {
        self.scope.edits.update(|all| all.push(edit));
        self.look_now();
    }

    fn follow_figures(self, step: u64, figures: &Figures) {
        let Some(spread) = figures.finite else { return };
        self.scope.course.update(|traces| {
            for (trace, value) in traces.iter_mut().zip([spread.mean, spread.std, spread.norm]) {
                trace.push(step, value as f32);
            }
        });
    }

    /// Sets one element of a register by hand.
    pub fn set_by_hand(self, register: String, element: u64, value: f64) {
        self.send(&Command::Put { register, element, value });
    }

    /// A new run, or one that goes back to its beginning: nothing in it was set by hand.
    pub(super) fn forget_edits(self) {
        self.scope.edits.set(Vec::new());
        self.scope.course.set(Default::default());
    }
}
