//! The page as a whole.

use leptos::prelude::*;

use crate::embed::port::Port;
use crate::embed::rest;
use crate::embed::room::Embedded;
use crate::lesson::Lessons;
use crate::panels::header::Header;
use crate::panels::own::drop;
use crate::panels::own::pictures::Pictures;
use crate::panels::palette::Adding;
use crate::papers::Papers;
use crate::race;
use crate::rooms::Room;
use crate::rooms::lab::LabRoom;
use crate::rooms::lessons::LessonsRoom;
use crate::rooms::papers::PapersRoom;
use crate::rooms::runs::RunsRoom;
use crate::state::Lab;
use crate::title;
use crate::ui::theme;
use crate::views::plot::hearing::Hearing;

#[component]
pub fn App() -> impl IntoView {
    let lab = Lab::new();
    provide_context(lab);
    let race = race::Race::new(lab);
    provide_context(race);
    provide_context(Lessons::new(lab, race));
    provide_context(Papers::new(lab));
    provide_context(theme::follow_system());
    provide_context(Hearing::new());
    provide_context(Adding::new());
    provide_context(Port::open(lab, race));
    rest::follow(lab);
    title::follow(lab, race);
    listen(lab);
    let pictures = Pictures::new(lab);
    provide_context(pictures);
    drop::listen(lab, pictures);
    if lab.frame.with_untracked(|f| f.embed) {
        return view! { <Embedded /> }.into_any();
    }
    // A room stays as it is while one goes about in it.
    let room = Memo::new(move |_| lab.room.with(Room::bare));
    let other = move || match room.get() {
        Room::Lab => None,
        Room::Papers(_) => Some(view! { <PapersRoom /> }.into_any()),
        Room::Lessons(_) => Some(view! { <LessonsRoom /> }.into_any()),
        Room::Runs => Some(view! { <RunsRoom /> }.into_any()),
    };
    view! {
        <Header />
        // What is not seen measures nothing, but goes on.
        <main
            hidden=move || lab.room.with(|r| *r != Room::Lab)
            class:taught=move || lab.lesson.with(Option::is_some)
        >
            <LabRoom />
        </main>
        {move || other().map(|room| view! { <main class="room">{room}</main> })}
    }
    .into_any()
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
