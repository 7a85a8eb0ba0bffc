//! Of which card the experiment in the lab is, as long as it is.

use leptos::prelude::*;

use super::{Papers, Part};
use crate::rooms::Room;
use crate::state::Lab;
use crate::tongue::t;

#[component]
pub fn Banner() -> impl IntoView {
    let lab = Lab::get();
    let papers = Papers::get();
    move || {
        let part = lab.of_card.get()?;
        let id = lab.card.get()?;
        let (name, to) = (papers.name(&id), Room::Papers(Some(id)).link());
        let (what, then) = match part {
            Part::Run { name, steps, changed } => {
                let then = if changed { t("taken further") } else { t("judged") };
                (
                    t!("This is the run “{name}” of the paper ", name),
                    t!(", which is {then} after {steps} steps.", then, steps),
                )
            }
            Part::Race => (t("These are the runs of the paper ").to_owned(), t(", side by side.").to_owned()),
        };
        Some(view! { <p class="of-card" role="note" aria-label=t("Paper")>{what} <a href=to>{name}</a> {then}</p> })
    }
}
