//! Playing, stepping, going back; and where the run is.

use leptos::prelude::*;

use super::herald::Herald;
use super::presets::Presets;
use crate::embed::lockable::Lockable;
use crate::race::Race;
use crate::state::Lab;
use crate::ui::field::{Choose, Select};
use crate::ui::{self, format};

/// Steps a second that are offered beside “as fast as it goes”.
const PACES: [u32; 5] = [1, 3, 10, 30, 100];

#[component]
pub fn Run() -> impl IntoView {
    let lab = Lab::get();
    let race = Race::get();
    let name = move || if lab.playing.get() { "Pause" } else { "Play" };
    let icon = move || if lab.playing.get() { "M6 4h4v16H6zM14 4h4v16h-4z" } else { "M7 4l13 8-13 8z" };
    let paces = std::iter::once(Choose::new("", "as fast as it goes"))
        .chain(PACES.iter().map(|n| Choose::new(n.to_string(), format!("{n} a second"))))
        .collect::<Vec<_>>();
    let pace = Signal::derive(move || lab.pace.get().map(|p| p.to_string()).unwrap_or_default());
    let place = move || lab.place.get().map(|p| (format::device(p.device), p.reason));
    let hidden = move || lab.frame.with(|f| !f.shows("run"));
    view! {
        <section class="run" aria-label="Run" hidden=hidden>
            <fieldset class="transport" role="none" disabled=move || lab.frame.with(|f| f.locks("run"))>
                <Show when=move || lab.frame.with(|f| f.lock.contains(&"run"))>
                    <p class="why">"Locked by this link."</p>
                </Show>
                <Lockable part="presets"><Presets /></Lockable>
                <Lockable part="run.play">
                    <button
                        type="button"
                        class="play"
                        on:click=move |_| if lab.playing.get_untracked() { lab.pause() } else { lab.play() }
                    >
                        <svg viewBox="0 0 24 24" aria-hidden="true"><path d=icon /></svg>
                        {name}
                    </button>
                </Lockable>
                <Lockable part="run.step">
                    <button type="button" on:click=move |_| lab.step() title="One step, then pause">"Step"</button>
                </Lockable>
                <Lockable part="run.reset">
                    <button type="button" on:click=move |_| lab.reset() title="Back to the same initial weights">"Reset"</button>
                </Lockable>
                <Lockable part="run.seed">
                    <button type="button" on:click=move |_| lab.edit(|s| s.seed = seed()) title="Other initial weights and another order of the samples">
                        "New seed"
                    </button>
                </Lockable>
                <Lockable part="run.race">
                    <button
                        type="button"
                        aria-pressed=move || race.open().to_string()
                        title="Rules side by side, over several seeds"
                        on:click=move |_| if race.open() { race.close() } else { race.lay_out() }
                    >
                        "Race"
                    </button>
                </Lockable>
                <Lockable part="run.speed">
                    <Select label="Speed" options=paces value=pace choose=move |v| lab.set_pace(v.parse().ok()) />
                </Lockable>
                // On a small screen the experiment lies far below what is seen of it.
                <button type="button" class="jump" on:click=|_| ui::show("choose-title")>"Experiment"</button>
            </fieldset>
            <p class="status" class:busy=move || lab.busy.get()>
                <span class="lamp" class:on=move || lab.progress.with(|p| p.playing) aria-hidden="true"></span>
                <span role="status" aria-live="off">{move || lab.status.get()}</span>
            </p>
            <Herald />
            {move || place().map(|(device, reason)| view! { <p class="place" title=reason><span>"on "</span><b>{device}</b></p> })}
        </section>
    }
}

/// A seed that is easy to read out.
fn seed() -> u32 {
    (js_sys::Math::random() * 10_000.0) as u32
}
