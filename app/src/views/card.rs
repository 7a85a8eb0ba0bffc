//! The frame around a picture: its name, a sentence of help, and whether it is open. A closed one measures nothing.

use leptos::prelude::*;

use crate::operate::slug;
use crate::state::Lab;

#[component]
pub fn Card(
    #[prop(into)] title: String,
    /// A sentence that says what is seen.
    #[prop(into)]
    help: String,
    children: Children,
) -> impl IntoView {
    // By which a text brings it onto the screen.
    let id = format!("view-{}", slug(&title));
    view! {
        <details class="view" id=id open=true>
            <summary>
                <h3>{title}</h3>
            </summary>
            <div class="view-body">
                <p class="help">{help}</p>
                {children()}
            </div>
        </details>
    }
}

/// Tells the session that a probe's picture is on the screen, or no longer.
pub fn watches(probe: &'static str) -> Callback<bool> {
    let lab = Lab::get();
    Callback::new(move |on: bool| {
        let known = lab.seen.with_untracked(|s| s.contains(probe));
        if on != known {
            lab.seen.update(|s| {
                if on {
                    s.insert(probe);
                } else {
                    s.remove(probe);
                }
            });
        }
    })
}
