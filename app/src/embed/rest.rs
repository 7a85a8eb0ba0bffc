//! A framed lab that nobody can see rests: of several labs on one page, only those on the screen run. Browsers tell a
//! frame whether it is on the screen, whatever page it is in.

use engine::protocol::Command;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{IntersectionObserver, IntersectionObserverEntry};

use super::host::framed;
use crate::state::Lab;

/// Has the lab rest while it is in a frame that is off the screen; also until the browser has said that it is on it.
pub fn follow(lab: Lab) {
    if !framed() {
        return;
    }
    let seen = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let last = entries.iter().last().map(JsCast::unchecked_into::<IntersectionObserverEntry>);
        if let Some(entry) = last {
            lab.rest(!entry.is_intersecting());
        }
    });
    let observer = IntersectionObserver::new(seen.as_ref().unchecked_ref());
    // The page looks as long as it lives.
    seen.forget();
    if let (Ok(observer), Some(root)) = (observer, document().document_element()) {
        lab.resting.set(true);
        observer.observe(&root);
    }
}

impl Lab {
    /// Has the run rest, though it is meant to move, or move again.
    fn rest(self, rest: bool) {
        if self.resting.get_untracked() == rest {
            return;
        }
        self.resting.set(rest);
        if self.playing.get_untracked() {
            self.send(&if rest { Command::Pause } else { Command::Play });
        }
    }
}
