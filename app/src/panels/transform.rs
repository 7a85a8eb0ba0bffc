//! Changing the trained network: pruning it, dividing it into experts, fusing its layers.

use engine::spec::Choice;
use leptos::prelude::*;

use super::choose::Help;
use crate::state::Lab;
use crate::tongue::t;
use crate::ui;
use crate::ui::field::{Choose as Offer, Select};
use crate::ui::knobs::Knobs;
use crate::views::density;

#[component]
pub fn Transform() -> impl IntoView {
    let lab = Lab::get();
    let all = lab.entries(|c| &c.transforms);
    let by = RwSignal::new(Choice::new(all.first().map_or("", |e| e.id.as_str())));
    let id = Memo::new(move |_| by.with(|b| b.id.clone()));
    let entry = Memo::new(move |_| lab.entry(|c| &c.transforms, &id.get()));
    let options: Vec<_> = all.into_iter().map(|e| Offer::new(e.id, e.name)).collect();
    let settings = Signal::derive(move || by.with(|b| b.settings.clone()));
    let fields = move || {
        entry.get().map(|e| {
            let name = e.name.clone();
            view! {
                <Help entry=e.clone() />
                <Knobs
                    knobs=e.knobs
                    settings=settings
                    of=name
                    set=move |knob, _, to| by.update(|b| _ = b.settings.insert(knob.to_owned(), to))
                />
            }
        })
    };
    let figures = move || {
        lab.summary.with(|s| {
            let made = s.as_ref()?.transformed.as_ref()?;
            let row = |(name, value): &(String, Option<f64>)| {
                let value = value.map_or_else(|| t("not finite").to_owned(), |v| format!("{v:.4}"));
                view! { <tr><th scope="row">{name.clone()}</th><td>{value}</td></tr> }
            };
            Some(view! {
                <table class="numbers">
                    <caption>{t("What the last transform came to")}</caption>
                    <tbody>{made.figures.iter().map(row).collect_view()}</tbody>
                </table>
            })
        })
    };
    let density = lab.probe("density");
    let pays = move || {
        (id.get() == "moefication").then(|| {
            let said = density.with(|m| m.as_ref().map(|m| density::verdict(&density::shares(m))));
            let known = lab.summary.with(|s| s.as_ref().is_some_and(|s| s.probes.iter().any(|p| p == "density")));
            view! {
                <p class="help" aria-live="polite">{said}</p>
                {known.then(|| view! {
                    <button type="button" class="quiet" on:click=move |_| ui::show("view-active-units")>{t("See the active units")}</button>
                })}
            }
        })
    };
    view! {
        <section class="panel" aria-labelledby="transform-title">
            <details>
                <summary><h2 id="transform-title">{t("Transform what is trained")}</h2></summary>
                <div class="pick">
                    <Select label=t("Transform") options=options value=id choose=move |to| by.set(Choice::new(&to)) />
                    {fields}
                    {pays}
                    <button type="button" on:click=move |_| lab.transform(by.get_untracked())>{t("Transform the network")}</button>
                </div>
            </details>
            <div aria-live="polite">{figures}</div>
        </section>
    }
}
