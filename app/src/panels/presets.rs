//! Experiments to begin with: a gallery, opened from the run bar.

use engine::presets::PRESETS;
use leptos::html;
use leptos::prelude::*;

use crate::state::Lab;
use crate::tongue::t;

#[component]
pub fn Presets() -> impl IntoView {
    let lab = Lab::get();
    let dialog = NodeRef::<html::Dialog>::new();
    let open = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            // It fails only for a dialog that is open or not in the page.
            let _ = dialog.show_modal();
        }
    };
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let cards = PRESETS.iter().enumerate().map(|(i, make)| {
        let preset = make();
        let spec = StoredValue::new(preset.spec);
        let here = Memo::new(move |_| lab.spec.with(|s| spec.with_value(|p| p == s)));
        let (help, expect) = (format!("preset-{i}-help"), format!("preset-{i}-expect"));
        let told = format!("{help} {expect}");
        view! {
            <li aria-current=move || here.get().then_some("true")>
                <button
                    type="button"
                    aria-describedby=told
                    on:click=move |_| {
                        close();
                        lab.open(spec.get_value());
                    }
                >
                    {t(preset.name)}
                </button>
                <span id=help>{t(preset.help)}</span>
                <em id=expect>{t(preset.expect)}</em>
            </li>
        }
    });
    view! {
        <button type="button" title=t("Experiments to begin with") aria-haspopup="dialog" on:click=open>{t("Start from")}</button>
        <dialog node_ref=dialog class="palette gallery" aria-labelledby="presets-title">
            <div class="palette-head">
                <h2 id="presets-title">{t("Start from")}</h2>
                <button type="button" class="quiet" on:click=move |_| close()>{t("Close")}</button>
            </div>
            <ul>{cards.collect_view()}</ul>
        </dialog>
    }
}
