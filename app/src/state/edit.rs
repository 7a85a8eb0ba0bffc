//! Changing the experiment: every change is one spec, kept for undo.

use engine::protocol::KnobInfoKind;
use engine::registry::Setting;
use engine::spec::{Choice, Spec};
use leptos::prelude::*;

use super::{Lab, Notice};
use crate::tongue::t;
use crate::tree;

/// Changes kept for undo.
const DEPTH: usize = 100;

impl Lab {
    /// Changes the spec, and has the session follow. What the link locks stays as it is.
    pub fn edit(self, change: impl FnOnce(&mut Spec)) {
        let before = self.spec.get_untracked();
        let mut after = before.clone();
        change(&mut after);
        match self.frame.with_untracked(|f| f.forbids(&before, &after)) {
            Some(part) => {
                let text = t("Whoever made this link keeps it as it is.");
                self.tell(Notice::plain("locked", t!("{name}: locked by this link", name = t(part.name)), text));
                // Fields go back to what they stand for.
                self.spec.notify();
            }
            None => self.put(after),
        }
    }

    /// Takes another spec, whatever is locked, and has the session follow.
    pub(super) fn put(self, after: Spec) {
        let before = self.spec.get_untracked();
        if after == before {
            return;
        }
        self.past.update(|past| {
            past.push(before);
            if past.len() > DEPTH {
                past.remove(0);
            }
        });
        self.future.set(Vec::new());
        self.spec.set(after);
        self.follow();
    }

    /// Takes over the spec of a run that the session has begun by itself: a transform's.
    pub(super) fn adopt(self, spec: Spec) {
        let before = self.spec.get_untracked();
        self.line.update_value(|l| {
            l.changing = None;
            l.sent = Some(spec.clone());
        });
        self.past.update(|past| past.push(before));
        self.future.set(Vec::new());
        self.spec.set(spec);
    }

    /// Another experiment, which plays.
    pub fn open(self, spec: Spec) {
        self.playing.set(true);
        self.dismiss("link");
        self.edit(|s| *s = spec);
    }

    pub fn undo(self) {
        self.travel(self.past, self.future);
    }

    pub fn redo(self) {
        self.travel(self.future, self.past);
    }

    fn travel(self, from: RwSignal<Vec<Spec>>, to: RwSignal<Vec<Spec>>) {
        let Some(spec) = from.try_update(Vec::pop).flatten() else {
            return;
        };
        to.update(|all| all.push(self.spec.get_untracked()));
        self.spec.set(spec);
        self.follow();
    }

    /// The routing of the first route, if there is one.
    pub fn routing(self) -> Option<Choice> {
        self.spec.with(|s| tree::first_route(s).and_then(|p| tree::block(s, &p)?.routing.clone()))
    }

    /// Gives the first route this routing, see [`tree::set_routing`].
    pub fn set_routing(self, id: Option<&str>) {
        let route = self.entries(|c| &c.blocks).into_iter().find(|b| b.holds == "experts");
        self.edit(|s| tree::set_routing(s, id, route.as_ref().map(|r| r.id.as_str())));
    }

    /// Sets a knob of a choice. One that is at its default is not written down.
    pub fn turn(
        self,
        choice: impl FnOnce(&mut Spec) -> Option<&mut Choice>,
        knob: &str,
        kind: &KnobInfoKind,
        to: Setting,
    ) {
        self.edit(|s| {
            if let Some(choice) = choice(s) {
                if to == kind.default() {
                    choice.settings.remove(knob);
                } else {
                    choice.settings.insert(knob.to_owned(), to);
                }
            }
        });
    }
}
