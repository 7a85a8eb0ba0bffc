//! The field in which values are searched for, and the list of what is found.

use engine::lens::ValueInfo;
use leptos::prelude::*;

use crate::state::Lab;
use crate::tongue::{english, t};
use crate::ui::{self, format};

/// The names, in the page, of the field and of the list.
pub const FIELD: &str = "microscope-query";
const LIST: &str = "microscope-list";

fn id_of(i: usize) -> String {
    format!("{LIST}-{i}")
}

#[component]
pub fn Search() -> impl IntoView {
    let scope = Lab::get().scope;
    // The option that the arrows are at.
    let at = RwSignal::new(None::<usize>);
    let values = Memo::new(move |_| scope.found.with(|f| f.values.clone()));
    Effect::new(move |_| {
        values.track();
        at.set(None);
    });
    let choose = move |i: usize| {
        if let Some(name) = values.with_untracked(|v| v.get(i).map(|v| v.name.clone())) {
            at.set(Some(i));
            scope.choose(Some(name));
        }
    };
    let go = move |to: usize| {
        at.set(Some(to));
        ui::reveal(LIST, &id_of(to));
    };
    let press = move |e: leptos::ev::KeyboardEvent| {
        let count = values.with_untracked(Vec::len);
        let here = at.get_untracked();
        match e.key().as_str() {
            "ArrowDown" if count > 0 => go(here.map_or(0, |i| (i + 1).min(count - 1))),
            "ArrowUp" if count > 0 => go(here.map_or(count - 1, |i| i.saturating_sub(1))),
            "Enter" if count > 0 => choose(here.unwrap_or(0)),
            "Escape" => scope.query.set(String::new()),
            _ => return,
        }
        e.prevent_default();
    };
    let option = move |(i, value): (usize, ValueInfo)| {
        let name = value.name.clone();
        let chosen = Memo::new(move |_| scope.name.with(|n| n.as_ref() == Some(&name)));
        let shape = if value.shape.is_empty() { "1".to_owned() } else { format::shape(&value.shape) };
        view! {
            <li
                id=id_of(i)
                role="option"
                aria-selected=move || chosen.get().to_string()
                class:at=move || at.get() == Some(i)
                on:click=move |_| choose(i)
            >
                <span class="name">{value.name.clone()}</span>
                <small>{format!("{} · {shape}", value.kind.word())}</small>
            </li>
        }
    };
    let left = move || {
        scope.found.with(|f| {
            (f.left > 0)
                .then(|| view! { <p class="help">{t!("and {more} more: say more of the name", more = f.left)}</p> })
        })
    };
    view! {
        <div class="search">
            <label class="field">
                <span class="field-name">{t("Search by name")}</span>
                <input
                    id=FIELD
                    type="search"
                    role="combobox"
                    aria-expanded="true"
                    aria-controls=LIST
                    aria-activedescendant=move || at.get().map(id_of)
                    autocomplete="off"
                    spellcheck="false"
                    placeholder="weight, 1/*, is:gradient"
                    prop:value=move || scope.query.get()
                    on:input:target=move |e| scope.query.set(e.target().value())
                    on:keydown=press
                />
            </label>
            <p class="help">
                {t("Parts of a name;")} " " <code>"1/*"</code> " " {t("is a whole one;")} " " <code>"is:weight"</code>
                {t(", activation, signal, gradient, change, routing, memory, feedback, scratch, knob, data;")} " "
                <code>"-word"</code> " " {t("leaves out.")}
            </p>
            {move || scope.found.with(|f| f.fault.clone()).map(|f| view! { <p class="fault" role="alert" lang=english()>{f}</p> })}
            <ul id=LIST role="listbox" aria-label=t("Values found") tabindex="-1">
                {move || values.get().into_iter().enumerate().map(option).collect_view()}
            </ul>
            {left}
        </div>
    }
}
