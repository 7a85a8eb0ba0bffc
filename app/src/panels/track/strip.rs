//! The blocks of a family beside the track, to be dragged onto it, or added by a press beside what is chosen.

use engine::protocol::EntryInfo;
use leptos::prelude::*;

use super::drag::{Cargo, Drag};
use super::kinds::Kinds;
use super::{Chosen, beside};
use crate::panels::palette::{FAMILIES, add, family, is_meant};
use crate::state::Lab;
use crate::tongue::t;
use crate::ui::field::{Choose, Select};

#[component]
pub fn Strip() -> impl IntoView {
    let lab = Lab::get();
    let kinds = expect_context::<StoredValue<Kinds>>();
    let (chosen, drag) = (expect_context::<Chosen>(), expect_context::<Drag>());
    let text = RwSignal::new(String::new());
    let shown = RwSignal::new(FAMILIES[0].to_owned());
    let options: Vec<_> = FAMILIES.iter().map(|f| Choose::new(*f, t(f))).collect();
    let chip = move |entry: EntryInfo| {
        let EntryInfo { id, name, help, .. } = entry;
        let (cargo, called, add_id) = (id.clone(), name.clone(), id);
        let label = t!("Add {name}", name);
        let put = move |_| {
            if drag.was_drag() {
                return;
            }
            // Beside what is chosen; else at the end of the last hidden stage.
            let place = chosen
                .get_untracked()
                .unwrap_or_else(|| vec![lab.spec.with_untracked(|s| s.stages.len().saturating_sub(2))]);
            let (list, at) = lab.spec.with_untracked(|s| kinds.with_value(|k| beside(s, k, &place)));
            add(lab, chosen, &add_id, &list, at);
        };
        view! {
            <li>
                <button
                    type="button"
                    class="chip"
                    title=help
                    aria-label=label
                    on:pointerdown=move |e| drag.press(&e, Cargo::New(cargo.clone()), called.clone())
                    on:click=put
                >
                    {name}
                </button>
            </li>
        }
    };
    // A search is through all families.
    let chips = move || {
        let entries = lab.entries(|c| &c.blocks).into_iter();
        let (text, of) = (text.get(), shown.get());
        let meant = move |e: &EntryInfo| if text.trim().is_empty() { family(e) == of } else { is_meant(e, &text) };
        entries.filter(meant).map(chip).collect_view()
    };
    view! {
        <div class="strip" role="group" aria-label=t("Blocks to drag onto the track")>
            <input type="search" aria-label=t("Search for blocks") placeholder=t("Search blocks") prop:value=text on:input:target=move |e| text.set(e.target().value()) />
            <Select label=t("Family") options=options value=shown choose=move |v| {
                text.set(String::new());
                shown.set(v);
            } />
            <ul>{chips}</ul>
        </div>
    }
}
