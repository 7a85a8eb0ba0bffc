//! The lab: one experiment. Its network lies across the top; below are its settings, what is chosen of the network, and what
//! is read from the run.

use leptos::prelude::*;

use crate::panels::choose::Choose;
use crate::panels::cost::Cost;
use crate::panels::net::{Net, Shown};
use crate::panels::notices::Notices;
use crate::panels::palette::{Palette, kinds};
use crate::panels::race::Race;
use crate::panels::run::Run;
use crate::panels::track::Chosen;
use crate::panels::track::drag::Drag;
use crate::panels::track::inspector::Inspector;
use crate::panels::transform::Transform;
use crate::panels::watch::Watch;
use crate::race;
use crate::state::Lab;

#[component]
pub fn LabRoom() -> impl IntoView {
    let race = race::Race::get();
    let lab = Lab::get();
    provide_context(kinds(lab));
    provide_context(Chosen::new(lab));
    provide_context(Drag::new());
    let shown = RwSignal::new(Shown::remembered());
    let outline = move || shown.get() == Shown::Outline;
    view! {
        <Run />
        <Notices />
        <div class="desk" class:outline=outline>
            <Net shown=shown />
            <Choose />
            <Show when=move || !outline()><Inspector /></Show>
            <div class="read">
                <Show when=move || race.open()><Race /></Show>
                <Watch />
                <Transform />
                <Cost />
            </div>
        </div>
        <Palette />
    }
}
