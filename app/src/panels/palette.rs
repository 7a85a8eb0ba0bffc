//! The blocks that there are, to add one.

use engine::protocol::EntryInfo;
use engine::spec::{BlockSpec, Choice};
use leptos::html;
use leptos::prelude::*;

use crate::state::Lab;
use crate::tree::{self, Place};

/// Where the next block is to go.
#[derive(Clone, Copy)]
pub struct Adding(RwSignal<Option<(Place, String)>>);

impl Adding {
    pub fn new() -> Self {
        Self(RwSignal::new(None))
    }

    /// Opens the palette for the list at `place`, which people call `name`.
    pub fn open(self, place: Place, name: &str) {
        self.0.set(Some((place, name.to_owned())));
    }
}

#[component]
pub fn Palette() -> impl IntoView {
    let lab = Lab::get();
    let adding = expect_context::<Adding>();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let open = adding.0.with(Option::is_some);
        if let Some(dialog) = dialog.get() {
            if open && !dialog.open() {
                // It fails only for a dialog that is open or not in the page.
                let _ = dialog.show_modal();
            } else if !open && dialog.open() {
                dialog.close();
            }
        }
    });
    let add = move |entry: &EntryInfo| {
        let routing = lab.entries(|c| &c.routings).into_iter().next_back();
        if let Some((place, _)) = adding.0.get_untracked() {
            let routing = if entry.holds == "experts" { routing.map(|r| Choice::new(&r.id)) } else { None };
            let new = BlockSpec { block: Choice::new(&entry.id), routing, blocks: inside(entry) };
            lab.edit(|s| tree::append(s, &place, new));
        }
        adding.0.set(None);
    };
    let entries = move || {
        let card = |entry: EntryInfo| {
            let (name, help) = (entry.name.clone(), entry.help.clone());
            view! {
                <li>
                    <button type="button" class="card" on:click=move |_| add(&entry)>
                        <b>{name}</b>
                        <span>{help}</span>
                    </button>
                </li>
            }
        };
        lab.entries(|c| &c.blocks).into_iter().map(card).collect_view()
    };
    let title = move || adding.0.with(|a| a.as_ref().map(|(_, name)| format!("Add a block to {name}")));
    view! {
        <dialog node_ref=dialog class="palette" aria-labelledby="palette-title" on:close=move |_| adding.0.set(None)>
            <div class="palette-head">
                <h2 id="palette-title">{title}</h2>
                <button type="button" class="quiet" on:click=move |_| adding.0.set(None)>"Close"</button>
            </div>
            <ul>{entries}</ul>
        </dialog>
    }
}

/// What a new block holds at first, so that it can run at once: two of the plainest blocks.
fn inside(entry: &EntryInfo) -> Vec<BlockSpec> {
    if entry.holds.is_empty() || entry.holds == "nothing" {
        return Vec::new();
    }
    vec![BlockSpec::new("linear").with("units", 32_i64), BlockSpec::new("activation")]
}
