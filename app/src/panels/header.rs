//! The name of the lab, the presets, and what takes an experiment out of the page and in again.

use engine::presets::PRESETS;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use crate::fragment;
use crate::state::{Action, Lab, Notice};
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
            <Presets />
            <Tools />
        </header>
    }
}

#[component]
fn Presets() -> impl IntoView {
    let lab = Lab::get();
    let presets = PRESETS.iter().map(|make| {
        let preset = make();
        let spec = StoredValue::new(preset.spec);
        let here = Memo::new(move |_| lab.spec.with(|s| spec.with_value(|p| p == s)));
        view! {
            <li>
                <button
                    type="button"
                    class="preset"
                    title=preset.help
                    aria-pressed=move || here.get().to_string()
                    on:click=move |_| lab.open(spec.get_value())
                >
                    {preset.name}
                </button>
            </li>
        }
    });
    view! {
        <nav class="presets" aria-label="Experiments to begin with">
            <ul>{presets.collect_view()}</ul>
        </nav>
    }
}

#[component]
fn Tools() -> impl IntoView {
    let lab = Lab::get();
    let copied = RwSignal::new(false);
    let share = move |_| {
        let fragment = lab.fragment();
        fragment::show(&fragment);
        ui::copy(&fragment::address(&fragment), move |done| {
            if done {
                copied.set(true);
                set_timeout(move || copied.set(false), std::time::Duration::from_secs(2));
            } else {
                let text =
                    "The browser gives this page no clipboard: copy the address above; it holds the whole experiment.";
                lab.tell(Notice::plain("share", "The address is the link", text));
            }
        });
    };
    let save = move |_| {
        lab.spec.with_untracked(|s| ui::download("experiment.json", &engine::spec::text::write(s), "application/json"));
    };
    view! {
        <div class="tools" role="group" aria-label="Experiment">
            <button type="button" class="quiet" title="Undo (Ctrl+Z)" prop:disabled=move || lab.past.with(Vec::is_empty) on:click=move |_| lab.undo()>
                "Undo"
            </button>
            <button type="button" class="quiet" title="Redo (Ctrl+Shift+Z)" prop:disabled=move || lab.future.with(Vec::is_empty) on:click=move |_| lab.redo()>
                "Redo"
            </button>
            <button type="button" class="quiet" on:click=share title="The link holds the whole experiment">
                {move || if copied.get() { "Link copied" } else { "Copy link" }}
            </button>
            <button type="button" class="quiet" on:click=save title="The experiment as a file">"Save"</button>
            <Open />
        </div>
    }
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
        spawn_local(async move {
            let text = JsFuture::from(file.text()).await.ok().and_then(|t| t.as_string()).unwrap_or_default();
            match engine::spec::text::read(&text) {
                Ok(spec) => {
                    lab.dismiss("file");
                    lab.open(spec);
                }
                Err(faults) => {
                    let why: Vec<_> = faults.iter().map(ToString::to_string).collect();
                    let notice = Notice::alert("file", format!("{} could not be opened", file.name()), why.join("; "));
                    lab.tell(notice.with(Action::Copy(text)));
                }
            }
        });
    };
    view! {
        <input node_ref=input type="file" accept=".json,application/json" hidden=true on:change=read />
        <button type="button" class="quiet" title="An experiment from a file" on:click=move |_| {
            if let Some(input) = input.get_untracked() {
                input.click();
            }
        }>"Open"</button>
    }
}
