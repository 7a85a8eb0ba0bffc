//! A text that is pasted or written, and a network that can read it.

use engine::spec::Spec;
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::Lab;
use crate::tongue::t;

/// The preset whose network reads characters.
const READER: &str = "characters";

#[component]
pub fn Paste(dataset: String) -> impl IntoView {
    let lab = Lab::get();
    let text = RwSignal::new(String::new());
    let count = move || text.with(|t| t.chars().count());
    let given = dataset.clone();
    let put = move |_| {
        let (dataset, text) = (dataset.clone(), text.get_untracked());
        spawn_local(async move {
            lab.files.take(&dataset, 0, t("The pasted text").to_owned(), Uint8Array::from(text.as_bytes())).await;
            lab.load();
        });
    };
    // A network for tables and pictures takes no characters.
    let unfit = move || {
        let faults = lab.faults.with(|all| all.iter().any(|f| !f.path.starts_with("data")));
        faults && lab.files.name(&given, 0).is_some()
    };
    let fit = move |_| {
        let reader = engine::presets::PRESETS.iter().map(|make| make()).find(|p| p.id == READER);
        if let Some(reader) = reader {
            lab.edit(|s| *s = Spec { data: s.data.clone(), seed: s.seed, ..reader.spec });
        }
    };
    view! {
        <div class="paste">
            <label class="field">
                <span class="field-name">{t("Paste a text")}</span>
                <textarea
                    rows="5"
                    aria-describedby="paste-count"
                    prop:value=move || text.get()
                    on:input:target=move |e| text.set(e.target().value())
                ></textarea>
            </label>
            <div class="own-do">
                <button type="button" prop:disabled=move || count() == 0 on:click=put>{t("Learn this text")}</button>
                <span class="help" id="paste-count">{move || t!("{what} characters", what = count())}</span>
            </div>
            <Show when=unfit>
                <div class="own-do">
                    <button type="button" on:click=fit>{t("Take a network that reads text")}</button>
                    <span class="help">{t("The present one does not; undo brings it back.")}</span>
                </div>
            </Show>
        </div>
    }
}
