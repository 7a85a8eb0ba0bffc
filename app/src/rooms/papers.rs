//! The library of papers, each a card.

use leptos::prelude::*;

use crate::state::Lab;

#[component]
pub fn PapersRoom() -> impl IntoView {
    let lab = Lab::get();
    let cards = lab.entries(|c| &c.cards).into_iter().map(|card| {
        view! { <li><b>{card.name}</b> <p class="help">{card.help} <cite>{card.source}</cite></p></li> }
    });
    view! {
        <section class="panel" aria-labelledby="papers-title">
            <h2 id="papers-title">"Papers"</h2>
            <ul>{cards.collect_view()}</ul>
        </section>
    }
}
