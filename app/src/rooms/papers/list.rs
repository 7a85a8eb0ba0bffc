//! The list of papers, and what narrows it down.

use engine::cards::library::CardInfo;
use leptos::prelude::*;

use super::entry;
use crate::papers::{Papers, Standing};
use crate::rooms::Room;
use crate::tongue::{english, t};
use crate::ui::field::{Choose, Select};
use crate::ui::format::capital;

#[component]
pub fn List() -> impl IntoView {
    let papers = Papers::get();
    let all =
        Memo::new(move |_| papers.cards.with(|c| c.as_ref().and_then(|c| c.as_ref().ok()).map_or(0, |c| c.len())));
    let found = Memo::new(move |_| papers.found());
    let count = move || {
        let (all, found) = (all.get(), found.with(Vec::len));
        if found == all { t!("{all} papers so far", all) } else { t!("{found} of {all} papers", found, all) }
    };
    view! {
        <section class="panel papers" aria-labelledby="papers-title">
            <h2 id="papers-title">{t("Papers")}</h2>
            <p class="help">{t("What each claims, as an experiment: open its runs in the lab, or check the claim here.")}</p>
            <Find />
            <p class="papers-count" role="status">{count}</p>
            <ul class="papers-list" aria-label=t("Papers")>
                <For each=move || found.get() key=|card| card.id.clone() let:card>
                    <Entry card />
                </For>
            </ul>
            <Show when=move || found.with(Vec::is_empty)>
                <p>
                    {t("Nothing is found.")} " "
                    <button type="button" on:click=move |_| papers.wanted.update(|w| *w = Default::default())>{t("Show all")}</button>
                </p>
            </Show>
        </section>
    }
}

/// What is looked for.
#[component]
fn Find() -> impl IntoView {
    let papers = Papers::get();
    let text = Signal::derive(move || papers.wanted.with(|w| w.text.clone()));
    let family = Signal::derive(move || papers.wanted.with(|w| w.family.clone()));
    let standing = Signal::derive(move || papers.wanted.with(|w| w.standing.name().to_owned()));
    let families = papers.cards.with_untracked(|c| {
        let mut families = vec![Choose::new("", t("all"))];
        for card in c.as_ref().and_then(|c| c.as_ref().ok()).into_iter().flat_map(|cards| cards.iter()) {
            let family = Choose::new(&*card.family, &*card.family);
            if !families.contains(&family) {
                families.push(family);
            }
        }
        families
    });
    let standings: Vec<_> = Standing::ALL.iter().map(|s| Choose::new(s.name(), s.name())).collect();
    let stand = move |name: String| {
        let standing = Standing::ALL.into_iter().find(|s| s.name() == name).unwrap_or_default();
        papers.wanted.update(|w| w.standing = standing);
    };
    view! {
        <div class="papers-find" role="search">
            <label class="field">
                <span class="field-name">{t("Search")}</span>
                <input
                    type="search"
                    placeholder=t("title, author, claim")
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=text
                    on:input:target=move |e| {
                        let text = e.target().value();
                        papers.wanted.update(|w| w.text = text);
                    }
                />
            </label>
            <Select label=t("Family") options=families value=family choose=move |family| papers.wanted.update(|w| w.family = family) />
            <Select label=t("Check") options=standings value=standing choose=stand />
        </div>
    }
}

#[component]
fn Entry(card: CardInfo) -> impl IntoView {
    let papers = Papers::get();
    let id = card.id.clone();
    let stands = move || {
        papers.held(&id).map(|held| {
            if held {
                view! { <span class="verdict holds">{t("✓ holds here")}</span> }
            } else {
                view! { <span class="verdict fails">{t("✗ fails here")}</span> }
            }
        })
    };
    let id = card.id.clone();
    let going = move || papers.going.with(|g| g.as_ref().is_some_and(|g| g.card == id)).then_some(t("being checked"));
    view! {
        <li class="paper-entry">
            <a id=entry(&card.id) href=Room::Papers(Some(card.id.clone())).link() lang=english()>{card.title.clone()}</a>
            <p class="paper-of">
                {(!card.source.is_empty()).then(|| view! { <cite>{card.source.clone()}</cite> })}
                <span class="family">{capital(&card.family)}</span>
                {stands}
                <span class="verdict">{going}</span>
            </p>
            <p>{card.claim.clone()}</p>
        </li>
    }
}
