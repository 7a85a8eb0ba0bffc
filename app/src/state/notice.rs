//! What a person must be told: one notice for each topic, the newest one.

use engine::diagnostic::Diagnostic;
use leptos::prelude::*;

use super::Lab;
use crate::rooms::Room;
use crate::shelf::Record;
use crate::tongue::t;

/// A message that stays until it is dismissed or replaced.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// A new notice takes the place of an older one of its topic.
    pub topic: &'static str,
    pub tone: Tone,
    pub title: String,
    /// What the engine says of it, in English.
    pub quoted: String,
    pub text: String,
    pub action: Option<Action>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Good to know.
    Plain,
    /// Something went wrong or stopped.
    Alert,
}

/// What a notice's button does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Back to the last good state of a run that diverged.
    Rewind,
    /// Copies this text.
    Copy(String),
    /// Starts a new worker.
    Restart,
    /// Goes on with a run that the browser kept.
    Resume(Box<Record>),
    /// Back to the initial weights.
    Anew,
    /// To the past runs, where room can be made.
    Runs,
}

impl Action {
    pub fn name(&self) -> &'static str {
        match self {
            Action::Rewind => t("Back to the last good state"),
            Action::Copy(_) => t("Copy the text"),
            Action::Restart => t("Start again"),
            Action::Resume(_) => t("Go on with it"),
            Action::Anew => t("Begin anew"),
            Action::Runs => t("Go to the runs"),
        }
    }
}

impl Notice {
    pub fn alert(topic: &'static str, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { topic, tone: Tone::Alert, title: title.into(), quoted: String::new(), text: text.into(), action: None }
    }

    pub fn plain(topic: &'static str, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { topic, tone: Tone::Plain, title: title.into(), quoted: String::new(), text: text.into(), action: None }
    }

    /// The same with what the engine says, as sentences before its own text.
    pub fn quoting(mut self, faults: &[Diagnostic]) -> Self {
        self.quoted = faults.iter().map(|f| sentence(&f.to_string())).collect::<Vec<_>>().join(" ");
        self
    }

    pub fn with(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
    }

    /// The experiment in the address cannot be read. Its text is kept, so that nothing is lost.
    pub fn bad_link(faults: &[Diagnostic], text: String) -> Self {
        Self::alert("link", t("This link could not be opened"), t("The default experiment runs instead."))
            .quoting(faults)
            .with(Action::Copy(text))
    }

    /// Parts of the address that are not understood; the others hold.
    pub fn odd_link(notes: &[Diagnostic]) -> Self {
        Self::plain("link-part", t("A part of this link is not understood"), "").quoting(notes)
    }
}

/// A text that begins with a capital and ends in a full stop.
pub fn sentence(text: &str) -> String {
    let whole = crate::ui::format::capital(text.trim());
    if whole.is_empty() || whole.ends_with(['.', '!', '?', '…']) { whole } else { whole + "." }
}

impl Lab {
    pub fn tell(self, notice: Notice) {
        self.notices.update(|all| {
            all.retain(|n| n.topic != notice.topic);
            all.push(notice);
        });
    }

    pub fn dismiss(self, topic: &'static str) {
        if self.notices.with_untracked(|all| all.iter().any(|n| n.topic == topic)) {
            self.notices.update(|all| all.retain(|n| n.topic != topic));
        }
    }

    /// Puts `text` on the clipboard; if the browser refuses, it is saved as a file instead.
    fn copy(self, text: &str) {
        let kept = text.to_owned();
        crate::ui::copy(text, move |done| {
            if !done {
                crate::ui::download("experiment.txt", &kept, "text/plain");
            }
        });
    }

    /// Does what a notice's button offers.
    pub fn act(self, notice: &Notice) {
        match &notice.action {
            Some(Action::Rewind) => self.rewind(),
            Some(Action::Copy(text)) => return self.copy(text),
            Some(Action::Restart) => self.restart(),
            Some(Action::Resume(record)) => self.take_down(record),
            Some(Action::Anew) => self.reset(),
            Some(Action::Runs) => self.room.set(Room::Runs),
            None => {}
        }
        self.dismiss(notice.topic);
    }
}
