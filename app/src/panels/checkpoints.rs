//! Back through the run: its kept states, on a slider.

use leptos::prelude::*;

use crate::state::Lab;
use crate::tongue::t;

#[component]
pub fn Checkpoints() -> impl IntoView {
    let lab = Lab::get();
    // Where the slider is held while it is moved.
    let held = RwSignal::new(None::<usize>);
    let count = Memo::new(move |_| lab.marks.with(Vec::len));
    let at = move || held.get().unwrap_or_else(|| count.get().saturating_sub(1));
    let step = move || lab.marks.with(|m| m.get(at()).copied()).unwrap_or_default();
    let go = move |_| {
        if held.get_untracked().is_some() {
            lab.pause();
            lab.go_back(untrack(step));
            held.set(None);
        }
    };
    view! {
        // Its room is kept from the beginning, so that nothing moves when there is somewhere to go back to.
        <div class="checkpoints" class:none=move || { count.get() < 2 }>
            <label class="field-name" for="checkpoints">{t("Go back to")}</label>
            <input
                id="checkpoints"
                type="range"
                min="0"
                max=move || count.get().saturating_sub(1)
                step="1"
                prop:value=move || at().to_string()
                aria-valuetext=move || t!("step {step}", step = step())
                title=t("States of this run. Let go, and it stands there; Play goes on from it.")
                on:input=move |e| held.set(event_target_value(&e).parse().ok())
                on:change=go
            />
            <output for="checkpoints">{move || t!("step {step}", step = step())}</output>
        </div>
    }
}
