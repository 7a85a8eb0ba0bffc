//! A part of the page that a link can lock or hide.

use leptos::prelude::*;

use super::parts::Part;
use crate::state::Lab;
use crate::tongue::t;

/// What is inside cannot be operated while the part is locked, and is not there while it is hidden.
#[component]
pub fn Lockable(part: &'static str, children: Children) -> impl IntoView {
    let lab = Lab::get();
    let hidden = Memo::new(move |_| lab.frame.with(|f| !f.shows(part)));
    let locked = Memo::new(move |_| lab.frame.with(|f| f.locks(part)));
    // Where the panel around is locked, that has been said.
    let own = Memo::new(move |_| lab.frame.with(|f| f.lock.contains(&part)));
    let name = Part::find(part).map_or(part, |p| t(p.name));
    view! {
        <fieldset
            class="lockable"
            class:small=part.contains('.')
            hidden=move || hidden.get()
            disabled=move || locked.get()
            role=move || if locked.get() { "group" } else { "none" }
            aria-label=move || locked.get().then(|| t!("{name}: locked by this link", name))
        >
            <Show when=move || own.get()>
                <p class="why" title=t("Whoever made this link keeps it as it is.")>{t!("{name}: locked by this link.", name)}</p>
            </Show>
            {children()}
        </fieldset>
    }
}
