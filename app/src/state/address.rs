//! The address of the page: what it holds of the experiment, and what comes of another one.

use std::time::Duration;

use leptos::prelude::*;

use super::{Lab, Notice};
use crate::embed::frame::Frame;
use crate::fragment;
use crate::rooms::Room;
use crate::tongue;

/// How long the browser may take to keep a run before the page is made anew.
const SAVING: Duration = Duration::from_millis(500);

/// How long the address waits for further changes: browsers limit how often a page may write it.
const REST: Duration = Duration::from_millis(250);

impl Lab {
    /// Keeps the experiment in the address, and opens what a person puts there.
    pub(super) fn keep_address(self) {
        let waiting = StoredValue::new(None::<TimeoutHandle>);
        Effect::new(move |_| {
            self.room.track();
            self.lesson.track();
            self.of_card.track();
            self.spec.track();
            self.device.track();
            self.frame.track();
            if let Some(handle) = waiting.get_value() {
                handle.clear();
            }
            let write = move || {
                waiting.set_value(None);
                fragment::show(&self.fragment());
            };
            waiting.set_value(set_timeout_with_handle(write, REST).ok());
        });
        // What is written after a click on a link, and before the browser has followed it, ends its way: so it is written
        // while the click is still being told.
        let clicked = window_event_listener_untyped("click", move |_| {
            if let Some(handle) = waiting.try_update_value(Option::take).flatten() {
                handle.clear();
                fragment::show(&self.fragment());
            }
        });
        let changed = window_event_listener_untyped("hashchange", move |event| {
            let mut address = fragment::changed(&event);
            if address.frame.lang.is_some_and(|lang| lang != tongue::present().tag) {
                let _ = window().location().reload();
                return;
            }
            // A link that leads from one room to another names no language.
            address.frame.lang = address.frame.lang.or(self.frame.with_untracked(|f| f.lang));
            if !address.notes.is_empty() {
                self.tell(Notice::odd_link(&address.notes));
            }
            if let Some((faults, text)) = address.fault {
                self.tell(Notice::bad_link(&faults, text));
            }
            // A link to an experiment, or to a lesson, leads to where it can be seen.
            let room = address.room.or((address.spec.is_some() || address.lesson.is_some()).then_some(Room::Lab));
            if address.lesson.is_some() {
                self.lesson.set(address.lesson);
            }
            if let Some(room) = room {
                self.room.set(room);
            }
            if let Some(spec) = address.spec {
                self.card.set(address.card);
                self.device.set(address.device);
                self.frame.set(address.frame);
                self.playing.set(!self.frame.with_untracked(|f| f.paused));
                self.receive(spec, address.weights, address.touches);
            }
        });
        on_cleanup(move || {
            changed.remove();
            clicked.remove();
        });
    }

    /// The experiment as the address holds it.
    pub fn fragment(self) -> String {
        let room = self.room.get_untracked();
        let card = self.card.get_untracked().filter(|_| self.of_card.with_untracked(Option::is_some));
        let lesson = self.lesson.with_untracked(|l| l.as_ref().map(|place| place.write()));
        let beside = [("lesson", lesson), ("card", card)];
        let (device, frame) = (self.device.get_untracked(), self.frame.with_untracked(|f| f.write()));
        self.spec.with_untracked(|s| fragment::write(&room, &beside, s, device) + &frame + &self.origin_part(s))
    }

    /// The same for the lab by itself: nothing is left away there, but what is locked is.
    pub fn whole_fragment(self) -> String {
        let locks = self.frame.with_untracked(|f| {
            let (lock, hide) = (f.lock.clone(), f.hide.clone());
            Frame { lock, hide, lang: f.lang, ..Frame::default() }.write()
        });
        let device = self.device.get_untracked();
        self.spec.with_untracked(|s| fragment::write(&Room::Lab, &[], s, device) + &locks + &self.origin_part(s))
    }

    /// Makes the page anew, with all that it shows in the address. The run is kept first.
    pub fn reload(self) {
        fragment::show(&self.fragment());
        self.save();
        set_timeout(|| _ = window().location().reload(), SAVING);
    }
}
