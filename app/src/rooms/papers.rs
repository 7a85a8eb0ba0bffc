//! The library of papers: a list to search, and a page for each card.

mod check;
mod list;
mod page;
mod runs;

use leptos::prelude::*;

use self::list::List;
use self::page::Page;
use crate::papers::Papers;
use crate::rooms::Room;
use crate::state::Lab;
use crate::tongue::t;
use crate::ui;

#[component]
pub fn PapersRoom() -> impl IntoView {
    let lab = Lab::get();
    let papers = Papers::get();
    papers.fetch();
    let open = Memo::new(move |_| match lab.room.get() {
        Room::Papers(open) => open,
        Room::Lab | Room::Lessons(_) | Room::Runs => None,
    });
    // Whoever goes from page to page finds the focus where the new one begins, or where the list was left.
    Effect::new(move |before: Option<Option<String>>| {
        let now = open.get();
        match (before, &now) {
            (_, Some(_)) => ui::focus("paper-title".into()),
            (Some(Some(left)), None) => ui::focus(entry(&left)),
            (_, None) => {}
        }
        now
    });
    move || {
        match papers.cards.get() {
        None => view! { <section class="panel"><h2>{t("Papers")}</h2> <p role="status">{t("The papers are being fetched.")}</p></section> }.into_any(),
        Some(Err(why)) => view! { <Missing why /> }.into_any(),
        Some(Ok(_)) => match open.get() {
            None => view! { <List /> }.into_any(),
            Some(id) => match papers.card(&id) {
                Some(card) => view! { <Page card /> }.into_any(),
                None => view! { <Unknown id /> }.into_any(),
            },
        },
    }
    }
}

/// The id of a card's entry in the list.
fn entry(card: &str) -> String {
    format!("paper-{card}")
}

/// The cards did not come.
#[component]
fn Missing(why: String) -> impl IntoView {
    let papers = Papers::get();
    view! {
        <section class="panel">
            <h2>{t("Papers")}</h2>
            <div class="notice alert" role="alert">
                <p><strong>{t("The papers did not come:")}</strong> " " {why}"."</p>
                <div class="notice-do"><button type="button" on:click=move |_| papers.fetch()>{t("Try again")}</button></div>
            </div>
        </section>
    }
}

/// There is no such card.
#[component]
fn Unknown(id: String) -> impl IntoView {
    view! {
        <section class="panel">
            <h2 id="paper-title" tabindex="-1">{t("No such paper")}</h2>
            <p>{t("There is no card named “")} {id} "”. " <a href=Room::Papers(None).link()>{t("All papers")}</a></p>
        </section>
    }
}
