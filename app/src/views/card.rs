//! The frame around a picture: its name, a sentence of help, and whether it is open. A closed one measures nothing.

use leptos::prelude::*;

use crate::operate::slug;
use crate::state::Lab;

/// The card's sentence of help, which goes along with its figures.
#[derive(Clone)]
pub struct Help(pub String);

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
    provide_context(Help(help.clone()));
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
        if known.try_get_value() != Some(!on) {
            return;
        }
        known.set_value(on);
        let count = lab.seen.with_untracked(|s| s.get(probe).copied().unwrap_or(0));
        let now = if on { count + 1 } else { count.saturating_sub(1) };
        if (count == 0) == (now == 0) {
            // The session need not hear of it.
            return lab.seen.update_untracked(|s| _ = s.insert(probe, now));
        }
        lab.seen.update(|s| {
            if now == 0 {
                s.remove(probe);
            } else {
                s.insert(probe, now);
            }
        });
    })
}
