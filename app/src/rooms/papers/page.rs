//! A paper's page: what it claims, the runs that show it, the check, and how to cite it.

use engine::cards::library::CardInfo;
use leptos::prelude::*;

use super::check::Check;
use super::runs::Runs;
use crate::papers::Papers;
use crate::papers::cite::bibtex;
use crate::papers::equation::Equation;
use crate::rooms::Room;
use crate::tongue::{english, t};
use crate::ui;
use crate::ui::field::{Choose, Select};
use crate::ui::format::capital;

#[component]
pub fn Page(card: CardInfo) -> impl IntoView {
    let papers = Papers::get();
    // In short where that is something else: it is what one tries first. A check that goes on says which it is.
    let quick = papers.going.with_untracked(|g| g.as_ref().filter(|g| g.card == card.id).map(|g| g.quick));
    let quick = RwSignal::new(quick.unwrap_or(true) && card.quick.is_some());
    let form = card.quick.as_ref().map(|short| {
        let options = vec![
            Choose::new("quick", t!("in short: {time}", time = spoken(short.seconds))),
            Choose::new("full", t!("in full: {time}", time = spoken(card.full.seconds))),
        ];
        let value = Signal::derive(move || if quick.get() { "quick" } else { "full" }.to_owned());
        view! { <Select label=t("Form") options=options value=value choose=move |v| quick.set(v == "quick") /> }
    });
    let also = (card.name.to_lowercase() != card.title.to_lowercase())
        .then(|| view! { <span>{t("listed as “")} <span lang=english()>{card.name.clone()}</span> "”"</span> });
    let kept = StoredValue::new(card.clone());
    view! {
        <article class="panel paper" aria-labelledby="paper-title">
            <p><a href=Room::Papers(None).link()>{t("All papers")}</a></p>
            <h2 id="paper-title" tabindex="-1" lang=english()>{card.title.clone()}</h2>
            <p class="paper-of">
                {(!card.source.is_empty()).then(|| view! { <cite>{card.source.clone()}</cite> })}
                <span class="family">{capital(&card.family)}</span>
                {also}
            </p>
            <p class="paper-claim">{card.claim.clone()}</p>
            <h3>{t("Equation")}</h3>
            <Equation text=card.equation.clone() />
            <h3>{t("What to watch")}</h3>
            <p>{card.watch.clone()}</p>
            <div class="paper-form">{form}</div>
            {move || view! { <Runs card=kept.get_value() quick=quick.get() /> }}
            {move || view! { <Check card=kept.get_value() quick=quick.get() /> }}
            <Cite card />
        </article>
    }
}

/// A time in seconds, as people say it.
pub(super) fn spoken(seconds: u32) -> String {
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds.div_ceil(60)) }
}

#[component]
fn Cite(card: CardInfo) -> impl IntoView {
    let cited = bibtex(&card);
    let link = Room::Papers(Some(card.id.clone())).link();
    let known = if card.source.is_empty() {
        t("The card knows no more than the title.")
    } else {
        t("What the card knows: surnames, title, year.")
    };
    view! {
        <h3>{t("Cite")}</h3>
        <p class="help">{known}</p>
        <pre class="cite" tabindex="0" aria-label=t("Citation")>{cited.clone()}</pre>
        <div class="paper-do">
            <Copy name=t("Copy the citation") text=cited />
            <Copy name=t("Copy the link to this paper") text=link />
        </div>
    }
}

/// A button that copies `text`, and says that it has or that it may not.
#[component]
fn Copy(name: &'static str, text: String) -> impl IntoView {
    let said = RwSignal::new("");
    let copy = move |_| {
        ui::copy(&text, move |done| {
            said.set(if done { t("Copied.") } else { t("The browser gives this page no clipboard.") });
            set_timeout(move || said.set(""), std::time::Duration::from_secs(3));
        });
    };
    view! {
        <button type="button" on:click=copy>{name}</button>
        <span class="said" role="status">{move || said.get()}</span>
    }
}
