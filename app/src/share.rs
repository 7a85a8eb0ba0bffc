//! Giving an experiment away: as a link, a QR code, a part of another page; with what learners may change.

mod dialog;
mod links;
mod qr;
mod students;

use leptos::prelude::*;

use crate::tongue::t;
use dialog::Dialog;

/// The button that opens the dialog, and the dialog.
#[component]
pub fn Share() -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <button
            type="button"
            class="quiet"
            title=t("The link holds the whole experiment")
            aria-haspopup="dialog"
            on:click=move |_| open.set(true)
        >
            {t("Copy link")}
        </button>
        <Dialog open=open />
    }
}
