//! The page as a whole.

use leptos::prelude::*;

use crate::panels::choose::Choose;
use crate::panels::cost::Cost;
use crate::panels::export::Export;
use crate::panels::header::Header;
use crate::panels::net::Net;
use crate::panels::notices::Notices;
use crate::panels::palette::{Adding, Palette};
use crate::panels::race::Race;
use crate::panels::run::Run;
use crate::panels::transform::Transform;
use crate::panels::watch::Watch;
use crate::race;
use crate::state::Lab;
use crate::ui::theme;

#[component]
pub fn App() -> impl IntoView {
    let lab = Lab::new();
    provide_context(lab);
    let race = race::Race::new(lab);
    provide_context(race);
    provide_context(theme::follow_system());
    provide_context(Adding::new());
    listen(lab);
    view! {
        <Header />
        <main>
            <Run />
            <Notices />
            <div class="desk">
                <div class="build">
                    <Choose />
                    <Net />
                </div>
                <div class="read">
                    <Show when=move || race.open()><Race /></Show>
                    <Watch />
                    <Transform />
                    <Export />
                    <Cost />
                </div>
            </div>
        </main>
        <Palette />
    }
}

/// Keys for the whole page, and the one event that tests send.
fn listen(lab: Lab) {
    let keys = window_event_listener(leptos::ev::keydown, move |e| {
        let typing = document()
            .active_element()
            .is_some_and(|a| matches!(a.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"));
        if typing || !(e.ctrl_key() || e.meta_key()) || e.alt_key() {
            return;
        }
        match (e.key().to_lowercase().as_str(), e.shift_key()) {
            ("z", false) => lab.undo(),
            ("z", true) | ("y", false) => lab.redo(),
            (_, _) => return,
        }
        e.prevent_default();
    });
    // `window.dispatchEvent(new Event("signalbox:lose-device"))` destroys the graphics device, as tests of its loss do.
    let lose = window_event_listener_untyped("signalbox:lose-device", move |_| lab.lose_device());
    on_cleanup(move || {
        keys.remove();
        lose.remove();
    });
}
