//! A picture in numbers: a table, made only while it is open, a page at a time.

use std::rc::Rc;

use leptos::prelude::*;

use super::numbers::Numbers;
use crate::tongue::t;

/// Rows of a page.
const ROWS: usize = 12;

#[component]
pub fn Table(title: Signal<String>, numbers: Rc<dyn Fn() -> Numbers>, watch: Rc<dyn Fn()>) -> impl IntoView {
    let open = RwSignal::new(false);
    let numbers = StoredValue::new_local((numbers, watch));
    let page = RwSignal::new(0_usize);
    let read = move || {
        numbers.with_value(|(numbers, watch)| {
            watch();
            untrack(|| numbers())
        })
    };
    let inside = move || {
        // One reading for all that is shown of it.
        let now = Memo::new_with_compare(move |_| Some(read()), |_, _| true);
        let pages = move || now.with(|n| n.as_ref().map_or(1, |n| n.rows.len().div_ceil(ROWS).max(1)));
        let here = move || page.get().min(pages() - 1);
        let last = move || here() + 1 >= pages();
        let head = move || {
            now.with(|n| {
                let head = n.iter().flat_map(|n| &n.head);
                head.map(|h| view! { <th scope="col">{h.clone()}</th> }).collect_view()
            })
        };
        let rows = move || {
            let first = here() * ROWS;
            now.with(|n| {
                let Some(n) = n else { return Vec::new() };
                let row = |i: usize| {
                    let i = if n.backwards { n.rows.len() - 1 - i } else { i };
                    let (name, cells) = &n.rows[i];
                    let cells = cells.iter().map(|c| view! { <td>{n.text(c)}</td> }).collect_view();
                    view! { <tr><th scope="row">{name.clone()}</th>{cells}</tr> }
                };
                (first..(first + ROWS).min(n.rows.len())).map(row).collect::<Vec<_>>()
            })
        };
        let note = move || now.with(|n| n.as_ref().map(|n| n.note.clone()).filter(|n| !n.is_empty()));
        let none = move || now.with(|n| n.as_ref().is_none_or(|n| n.rows.is_empty()));
        let many = Memo::new(move |_| pages() > 1);
        view! {
            <Show when=none><p class="help">{t("There are no figures yet.")}</p></Show>
            {move || note().map(|note| view! { <p class="help">{note}</p> })}
            <div class="scroll" tabindex="0" role="region" aria-label=move || t!("{title} in numbers", title = title.get())>
                <table>
                    <thead><tr>{head}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <Show when=move || many.get()>
                <div class="pages">
                    <button type="button" class="quiet" disabled=move || here() == 0 on:click=move |_| page.set(here().saturating_sub(1))>
                        {t("Previous rows")}
                    </button>
                    <span aria-live="polite">{move || t!("page {number} of {all}", number = here() + 1, all = pages())}</span>
                    <button type="button" class="quiet" disabled=last on:click=move |_| page.set(here() + 1)>
                        {t("Next rows")}
                    </button>
                </div>
            </Show>
        }
    };
    view! {
        <details class="numbers" on:toggle:target=move |e| open.set(e.target().open())>
            <summary>{t("In numbers")} <span class="sr">{move || format!(": {}", title.get())}</span></summary>
            <Show when=move || open.get()>{inside()}</Show>
        </details>
    }
}
