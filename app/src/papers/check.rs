//! Trying a card's claims, in a worker of its own: the lab's run goes on beside it.

use std::time::Duration;

use engine::cards::library::{CardInfo, FormInfo};
use engine::protocol::{Event, Examine, FileInfo, Verdict};
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Papers;
use super::kept::{self, Kept};
use crate::link::{Heard, Link};
use crate::rooms::Room;
use crate::state::{Notice, sentence};
use crate::tongue::t;
use crate::ui::frame::now;

/// A trial that goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Going {
    pub card: String,
    pub quick: bool,
    pub at: Option<At>,
    /// When it began, by the page's clock.
    began: f64,
}

/// Where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct At {
    pub run: String,
    pub seed: u32,
    pub step: u64,
    pub steps: u64,
    /// Of all steps.
    pub done: u64,
    pub of: u64,
}

impl Going {
    /// Seconds that are left, as far as can be told from what it took so far.
    pub fn left(&self) -> Option<f64> {
        let at = self.at.as_ref().filter(|at| at.done * 50 > at.of)?;
        let took = (now() - self.began) / 1e3;
        Some(took * (at.of - at.done) as f64 / at.done as f64)
    }
}

/// The form of a card that is meant.
pub fn form(card: &CardInfo, quick: bool) -> &FormInfo {
    card.quick.as_ref().filter(|_| quick).unwrap_or(&card.full)
}

impl Papers {
    /// Begins to try a card; a trial that goes on is given up.
    pub fn check(self, card: &CardInfo, quick: bool) {
        self.drop_check();
        self.failed.set(None);
        let names = self.assets(form(card, quick));
        let going = Going { card: card.id.clone(), quick, at: None, began: now() };
        self.going.set(Some(going));
        self.said.set(t!("The check of {name} has begun.", name = card.name));
        let (id, papers) = (card.id.clone(), self);
        let link = Link::to("examiner", move |heard| match heard {
            Heard::Event(Event::Hello { .. }, _) => papers.send(&id, quick, &names),
            Heard::Event(event, _) => papers.take(event),
            // Nothing is asked to be written.
            Heard::File(..) => {}
            Heard::Dead(why) => papers.fail(&t!("the engine stopped: {why}", why)),
        });
        match link {
            Ok(link) => self.link.set_value(Some(link)),
            Err(why) => self.fail(&t!("the browser would not start a worker: {why}", why)),
        }
    }

    /// Ends the trial that goes on.
    pub fn stop(self) {
        self.drop_check();
        self.said.set(t("The check was stopped.").into());
    }

    fn drop_check(self) {
        self.going.set(None);
        self.link.set_value(None);
    }

    /// The assets that a form's datasets are made of, by name.
    fn assets(self, form: &FormInfo) -> Vec<String> {
        let mut names = Vec::new();
        // What comes after a run may be another dataset.
        let later = form.runs.iter().flat_map(|run| &run.then).map(|(by, _)| &by.id);
        for id in form.runs.iter().map(|run| &run.spec.data.id).chain(later) {
            let files = self.lab.entry(|c| &c.datasets, id).map(|d| d.files).unwrap_or_default();
            for file in files {
                match file {
                    FileInfo::Asset(name) if !names.contains(&name) => names.push(name),
                    FileInfo::Asset(_) | FileInfo::Own { .. } => {}
                }
            }
        }
        names
    }

    fn send(self, card: &str, quick: bool, names: &[String]) {
        let (card, names) = (card.to_owned(), names.to_vec());
        spawn_local(async move {
            let mut files: Vec<Uint8Array> = Vec::new();
            for name in &names {
                match self.lab.files.asset(name).await {
                    Ok(bytes) => files.push(bytes),
                    Err(fault) => return self.fail(&fault.to_string()),
                }
            }
            self.link.with_value(|link| {
                if let Some(link) = link {
                    link.send(&Examine { card, quick, assets: names }, &files);
                }
            });
        });
    }

    fn take(self, event: Event) {
        match event {
            Event::Verifying { run, seed, step, steps, done, of } => self.going.update(|going| {
                if let Some(going) = going {
                    going.at = Some(At { run, seed, step, steps, done, of });
                }
            }),
            Event::Verified { verdict: Some(verdict), .. } => self.finish(*verdict),
            Event::Verified { verdict: None, faults } => {
                let why: Vec<_> = faults.iter().map(ToString::to_string).collect();
                self.fail(&why.join("; "));
            }
            Event::Failed { fault, .. } => self.fail(&fault.to_string()),
            Event::Hello { .. }
            | Event::Loaded { .. }
            | Event::Refused { .. }
            | Event::Progress { .. }
            | Event::Evaluated { .. }
            | Event::Measured { .. }
            | Event::Kept { .. }
            | Event::Moved { .. }
            | Event::Diverged { .. }
            | Event::Dialled { .. }
            | Event::Benched { .. }
            | Event::Packed { .. }
            | Event::Touched { .. }
            | Event::Found { .. }
            | Event::Shown { .. }
            | Event::Explained { .. }
            | Event::Put { .. }
            | Event::Answered { .. }
            | Event::Exported { .. } => {}
        }
    }

    fn finish(self, verdict: Verdict) {
        let name = self.name(&verdict.card);
        let hold = verdict.claims.iter().filter(|c| c.holds()).count();
        let said = t!(
            "{hold} of {all} claims hold, in {seconds} seconds.",
            hold,
            all = verdict.claims.len(),
            seconds = format_args!("{:.0}", verdict.seconds)
        );
        let here = Room::Papers(Some(verdict.card.clone()));
        if self.lab.room.with_untracked(|room| *room != here) {
            self.lab.tell(Notice::plain("check", t!("The check of {name} is done", name), said.clone()));
        }
        self.said.set(t!("The check of {name} is done: {said}", name, said));
        let kept = Kept::now(verdict);
        kept::keep(&kept);
        self.kept.update(|all| {
            all.retain(|k| k.key() != kept.key());
            all.push(kept);
        });
        self.end();
    }

    fn fail(self, why: &str) {
        if let Some(going) = self.going.get_untracked() {
            let why = sentence(why);
            self.said.set(t!("The check could not be made. {why}", why));
            self.failed.set(Some((going.card, why)));
        }
        self.end();
    }

    /// The line must not be dropped by its own callback.
    fn end(self) {
        self.going.set(None);
        set_timeout(
            move || {
                if self.going.with_untracked(Option::is_none) {
                    self.link.set_value(None);
                }
            },
            Duration::ZERO,
        );
    }
}
