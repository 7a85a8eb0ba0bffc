//! The lab: one experiment. Its network lies across the top; below are its settings, what is chosen of the network, and what
//! is read from the run.

use leptos::prelude::*;

use crate::embed::lockable::Lockable;
use crate::lesson::column::Column;
use crate::panels::choose::Choose;
use crate::panels::cost::Cost;
use crate::panels::export::Export;
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
use crate::papers::banner::Banner;
use crate::race;
use crate::state::Lab;
use crate::views::microscope::Microscope;
use crate::views::touched::{Place, Touched};

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
        <Column />
        <Run />
        <Notices />
        <div class="of-run"><Touched at=Place::Lab /></div>
        <Banner />
        <div class="desk" class:outline=outline>
            <Lockable part="network"><Net shown=shown /></Lockable>
            <Lockable part="experiment"><Choose /></Lockable>
            <Show when=move || !outline()><Lockable part="network"><Inspector /></Lockable></Show>
            <div class="read">
                <Lockable part="race"><Show when=move || race.open()><Race /></Show></Lockable>
                <Lockable part="microscope"><Microscope /></Lockable>
                <Watch />
                <Lockable part="transform"><Transform /></Lockable>
                <Lockable part="export"><Export /></Lockable>
                <Lockable part="cost"><Cost /></Lockable>
            </div>
        </div>
        <Palette />
    }
}
