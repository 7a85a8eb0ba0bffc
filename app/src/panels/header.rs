//! The name of the lab, its rooms, and what takes an experiment out of the page and in again.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::language::Language;
use crate::embed::lockable::Lockable;
use crate::rooms::Room;
use crate::share::Share;
use crate::state::{Action, Lab, Notice};
use crate::tongue::t;
use crate::ui;

#[component]
pub fn Header() -> impl IntoView {
    view! {
        <header class="top">
            <h1>
                <svg viewBox="0 0 32 32" aria-hidden="true">
                    <path d="M4 22h9l8-12h7M13 22h15" />
                    <circle cx="4" cy="22" r="2.5" />
                    <circle cx="28" cy="10" r="2.5" />
                    <circle cx="28" cy="22" r="2.5" />
                </svg>
                "Signalbox"
            </h1>
            <Lockable part="rooms"><Rooms /></Lockable>
            <Lockable part="tools"><Tools /></Lockable>
            <Language />
        </header>
    }
}

/// The way from room to room, by links: the browser's own Back leads back.
#[component]
fn Rooms() -> impl IntoView {
    let lab = Lab::get();
    let rooms = Room::all().map(|room| {
        let (name, to) = (room.name(), room.link());
        let here = move || lab.room.with(|r| r.name() == name).then_some("page");
        view! { <li><a href=to aria-current=here>{name}</a></li> }
    });
    view! {
        <nav class="rooms" aria-label=t("Rooms")>
            <ul>{rooms.collect_view()}</ul>
        </nav>
    }
}

#[component]
fn Tools() -> impl IntoView {
    let lab = Lab::get();
    let save = move |_| {
        lab.spec.with_untracked(|s| ui::download("experiment.json", &engine::spec::text::write(s), "application/json"));
    };
    view! {
        <div class="tools" role="group" aria-label=t("Experiment")>
            <button type="button" class="quiet" title=t("Undo (Ctrl+Z)") prop:disabled=move || lab.past.with(Vec::is_empty) on:click=move |_| lab.undo()>
                {t("Undo")}
            </button>
            <button type="button" class="quiet" title=t("Redo (Ctrl+Shift+Z)") prop:disabled=move || lab.future.with(Vec::is_empty) on:click=move |_| lab.redo()>
                {t("Redo")}
            </button>
            <Share />
            <button type="button" class="quiet" on:click=save title=t("The experiment as a file")>{t("Save")}</button>
            <Open />
        </div>
    }
}

/// Opens the experiment in a file.
pub fn open(lab: Lab, file: File) {
    spawn_local(async move {
        let text = JsFuture::from(file.text()).await.ok().and_then(|t| t.as_string()).unwrap_or_default();
        match engine::spec::text::read(&text) {
            Ok(spec) => {
                lab.dismiss("file");
                lab.open(spec);
            }
            Err(faults) => {
                let notice = Notice::alert("file", t!("{name} could not be opened", name = file.name()), "");
                lab.tell(notice.quoting(&faults).with(Action::Copy(text)));
            }
        }
    });
}

/// Opens an experiment from a file.
#[component]
fn Open() -> impl IntoView {
    let lab = Lab::get();
    let input = NodeRef::<html::Input>::new();
    let read = move |_| {
        let Some(input) = input.get_untracked() else {
            return;
        };
        let Some(file) = input.files().and_then(|f| f.get(0)) else {
            return;
        };
        // The same file may be chosen again.
        input.set_value("");
        open(lab, file);
    };
    view! {
        <input node_ref=input type="file" accept=".json,application/json" hidden=true on:change=read />
        <button type="button" class="quiet" title=t("An experiment from a file") on:click=move |_| {
            if let Some(input) = input.get_untracked() {
                input.click();
            }
        }>{t("Open")}</button>
    }
}
