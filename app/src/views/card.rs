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

/// Tells the session that a probe's picture is on the screen, or no longer. Several pictures may show one probe.
pub fn watches(probe: &'static str) -> Callback<bool> {
    let lab = Lab::get();
    let known = StoredValue::new(false);
    Callback::new(move |on: bool| {
        if known.try_get_value().is_some_and(|known| known != on) {
            known.set_value(on);
            lab.seen.update(|s| {
                let pictures = s.entry(probe).or_insert(0_usize);
                *pictures = if on { *pictures + 1 } else { pictures.saturating_sub(1) };
                if *pictures == 0 {
                    s.remove(probe);
                }
            });
        }
    })
}
