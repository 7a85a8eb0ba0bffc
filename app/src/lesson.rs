//! Lessons: a text of pages beside the lab, which it operates, asks about and looks at. See `docs/lessons.md`.

pub mod column;
pub mod editor;
mod facts;
pub mod form;
pub mod keep;
mod parts;
mod place;
mod reader;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod text;
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::sorting::collected;
use leptos::prelude::*;
use leptos::task::spawn_local;

pub use place::Place;
pub use reader::{Listed, index, read};

use self::facts::Facts;
use self::form::{Checkpoint, Lesson, Part, Test};
use self::keep::Progress;
use crate::race::Race;
use crate::rooms::Room;
use crate::state::Lab;

/// The lesson that the editor holds, and the one that came with a link.
pub const DRAFT: &str = "draft";
pub const SHARED: &str = "shared";
/// What the lessons' room calls the editor.
pub const EDIT: &str = "edit";

/// The open lesson, to be copied freely. Where in it one is stands in the [`Lab`], whose address holds it.
#[derive(Clone, Copy)]
pub struct Lessons {
    pub lab: Lab,
    pub race: Race,
    /// What the open lesson says, once it is there.
    pub lesson: RwSignal<Option<Arc<Lesson>>>,
    /// Why it is not there.
    pub fault: RwSignal<Option<String>>,
    /// What the person has done of it.
    pub progress: RwSignal<Progress>,
    /// Whether the lab is to be set up for it when it is there.
    begins: StoredValue<bool>,
}

impl Lessons {
    pub fn new(lab: Lab, race: Race) -> Self {
        // A link to a lesson that holds no experiment means the one that the lesson begins with.
        let address = window().location().hash().unwrap_or_default();
        let begins = address.contains("lesson=") && !address.contains("spec=");
        let lessons = Self {
            lab,
            race,
            lesson: RwSignal::default(),
            fault: RwSignal::default(),
            progress: RwSignal::default(),
            begins: StoredValue::new(begins),
        };
        lessons.follow_room();
        lessons.follow_name();
        lessons.follow_run();
        lessons
    }

    /// The lessons of the component that asks.
    pub fn get() -> Self {
        expect_context()
    }

    /// Opens a lesson where it was left, and sets the lab up if it begins.
    pub fn open(self, name: &str) {
        let step = keep::progress(name).step.max(1);
        self.begins.set_value(step == 1);
        self.lab.lesson.set(Some(Place { name: name.to_owned(), step }));
        self.lab.room.set(Room::Lab);
    }

    pub fn close(self) {
        self.lab.lesson.set(None);
    }

    /// The number of the open page, from 1; never more than there are.
    pub fn step(self) -> usize {
        let count = self.lesson.with(|l| l.as_ref().map_or(1, |l| l.steps.len().max(1)));
        self.lab.lesson.with(|p| p.as_ref().map_or(1, |p| p.step)).clamp(1, count)
    }

    pub fn go(self, step: usize) {
        self.lab.lesson.update(|place| {
            if let Some(place) = place {
                place.step = step;
            }
        });
        self.change(|p| p.step = step);
    }

    /// Changes what is kept of the person's way through the open lesson.
    pub fn change(self, change: impl FnOnce(&mut Progress)) {
        self.progress.update(change);
        if let Some(place) = self.lab.lesson.get_untracked() {
            self.progress.with_untracked(|p| keep::put_progress(&place.name, p));
        }
    }

    /// Follows a link to the lab, and remembers it.
    pub fn operate(self, address: &str) {
        let done = self.deed(address);
        if self.lab.operate(self.race, address) {
            self.change(|p| {
                p.done.insert(done);
            });
        }
    }

    /// What a link of the open page is remembered as: the same link may stand on several pages.
    fn deed(self, address: &str) -> String {
        format!("{} {address}", untrack(|| self.step()))
    }

    /// The checkpoints of the open page.
    fn checkpoints(self) -> Vec<Checkpoint> {
        let step = self.step();
        self.lesson.with(|l| {
            let parts = l.as_ref().and_then(|l| l.steps.get(step - 1)).map(|s| s.parts.clone()).unwrap_or_default();
            let checkpoint = |part| match part {
                Part::Checkpoint(checkpoint) => Some(checkpoint),
                Part::Prose(_) | Part::Question(_) => None,
            };
            parts.into_iter().filter_map(checkpoint).collect()
        })
    }

    /// A link to a lesson opens it in the lab.
    fn follow_room(self) {
        Effect::new(move |_| {
            if let Room::Lessons(Some(name)) = self.lab.room.get()
                && name != EDIT
            {
                self.open(&name);
            }
        });
    }

    /// Fetches the lesson whose name stands in the address.
    fn follow_name(self) {
        let name = Memo::new(move |_| self.lab.lesson.with(|p| p.as_ref().map(|p| p.name.clone())));
        Effect::new(move |_| {
            let name = name.get();
            self.lesson.set(None);
            self.fault.set(None);
            let Some(name) = name else { return self.progress.set(Progress::default()) };
            self.progress.set(keep::progress(&name));
            spawn_local(async move {
                let read = reader::named(&name).await;
                if self.lab.lesson.with_untracked(|p| p.as_ref().is_none_or(|p| p.name != name)) {
                    return;
                }
                match read {
                    Ok(reading) => {
                        let begin = reading.lesson.begin.clone();
                        let step = self.lab.lesson.with_untracked(|p| p.as_ref().map_or(1, |p| p.step));
                        self.change(|p| (p.step, p.steps) = (step, reading.lesson.steps.len()));
                        self.lesson.set(Some(Arc::new(reading.lesson)));
                        let begins = self.begins.try_update_value(std::mem::take).unwrap_or_default();
                        if begins && !begin.is_empty() {
                            self.lab.operate(self.race, &begin);
                        }
                    }
                    Err(why) => self.fault.set(Some(why)),
                }
            });
        });
    }

    /// Looks at the run's figures for the open page's checkpoints.
    fn follow_run(self) {
        Effect::new(move |_| {
            let tests: Vec<Test> = self.checkpoints().into_iter().flat_map(|c| c.tests).collect();
            let asked: BTreeSet<_> = collected(tests.iter().filter_map(facts::probe));
            if self.lab.asked.with_untracked(|a| *a != asked) {
                self.lab.asked.set(asked);
            }
        });
        Effect::new(move |_| {
            let open: Vec<_> =
                self.checkpoints().into_iter().filter(|c| self.progress.with(|p| !p.passed.contains(&c.id))).collect();
            if open.is_empty() {
                return;
            }
            let facts = Facts::of(self.lab, self.race);
            let reached: Vec<_> =
                open.into_iter().filter(|c| c.tests.iter().all(|t| facts.hold(t))).map(|c| c.id).collect();
            if !reached.is_empty() {
                self.change(|p| p.passed.extend(reached));
            }
        });
    }
}
