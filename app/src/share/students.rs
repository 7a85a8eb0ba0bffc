//! What learners may see and change: every part of the page by its name, with what the link is to say of it.

use leptos::prelude::*;

use crate::embed::frame::{Frame, VIEWS};
use crate::embed::parts::{PARTS, Part};
use crate::tongue::t;

/// A list of the frame.
type List = fn(&mut Frame) -> &mut Vec<&'static str>;

#[component]
pub fn Students(draft: RwSignal<Frame>, preview: Signal<String>) -> impl IntoView {
    let shown = RwSignal::new(false);
    let rows = PARTS.iter().map(|part| view! { <Row part=part draft=draft /> });
    view! {
        <p class="help">
            {t("Locked controls can be seen but not operated; hidden parts are not there. This is a courtesy to learners, not security:")} " "
            {t("whoever can edit a link can take it away.")}
        </p>
        <div class="parts" tabindex="0" role="region" aria-label=t("Parts of the page")>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{t("Part")}</th>
                        <th scope="col">{t("Lock")}</th>
                        <th scope="col">{t("Hide")}</th>
                        <th scope="col">{t("Embedded")}</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
        <div class="share-do">
            <button type="button" aria-pressed=move || shown.get().to_string() on:click=move |_| shown.update(|s| *s = !*s)>{t("Preview")}</button>
            <button type="button" class="quiet" on:click=move |_| draft.update(|d| (d.lock, d.hide, d.view) = (Vec::new(), Vec::new(), None))>
                {t("Lock and hide nothing")}
            </button>
        </div>
        <Show when=move || shown.get()>
            <iframe class="preview" title=t("What learners see") src=move || preview.get()></iframe>
        </Show>
    }
}

#[component]
fn Row(part: &'static Part, draft: RwSignal<Frame>) -> impl IntoView {
    let id = part.id;
    let check = move |verb: &str, list: List| {
        let on = move || draft.with(|d| list(&mut d.clone()).contains(&id));
        let name = format!("{verb} {}", t(part.name));
        let set = move |e: leptos::ev::Targeted<leptos::ev::Event, web_sys::HtmlInputElement>| {
            let on = e.target().checked();
            draft.update(|d| {
                let list = list(d);
                list.retain(|p| *p != id);
                if on {
                    list.push(id);
                }
            });
        };
        view! { <input type="checkbox" aria-label=name prop:checked=on on:change:target=set /> }
    };
    let lock = part.lockable().then(|| check(t("Lock"), |d| &mut d.lock));
    let hide = check(t("Hide"), |d| &mut d.hide);
    let view = part.viewable().then(|| check(t("Embed"), |d| d.view.get_or_insert_with(|| VIEWS.to_vec())));
    view! {
        <tr>
            <th scope="row" class:within=id.contains('.')>{t(part.name)} " " <code>{id}</code></th>
            <td>{lock}</td>
            <td>{hide}</td>
            <td>{view}</td>
        </tr>
    }
}
