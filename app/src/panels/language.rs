//! The choice of the page's language. The page is made anew in it; the experiment is in the address, and the run is kept.

use leptos::prelude::*;

use crate::state::Lab;
use crate::tongue::{self, LANGUAGES, t};

#[component]
pub fn Language() -> impl IntoView {
    let lab = Lab::get();
    let choose = move |tag: String| {
        let Some(language) = tongue::find(&tag) else { return };
        tongue::keep(language);
        // An address that names a language goes on naming one.
        lab.frame.update(|f| f.lang = f.lang.map(|_| language.tag));
        lab.reload();
    };
    let options = LANGUAGES.iter().map(|l| {
        view! { <option value=l.tag lang=l.tag selected=l == tongue::present()>{l.name}</option> }
    });
    view! {
        <select class="language" aria-label=t("Language") on:change:target=move |e| choose(e.target().value())>
            {options.collect_view()}
        </select>
    }
}
