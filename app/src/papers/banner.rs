//! Of which card the experiment in the lab is, as long as it is.

use leptos::prelude::*;

use super::{Papers, Part};
use crate::rooms::Room;
use crate::state::Lab;

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
                let then = if changed { "transformed" } else { "judged" };
                (format!("This is the run “{name}” of the paper "), format!(", which is {then} after {steps} steps."))
            }
            Part::Race => ("These are the runs of the paper ".to_owned(), ", side by side.".to_owned()),
        };
        Some(view! { <p class="of-card" role="note" aria-label="Paper">{what} <a href=to>{name}</a> {then}</p> })
    }
}
