//! The lab: one experiment, built on the left, read on the right.

use leptos::prelude::*;

use crate::embed::lockable::Lockable;
use crate::lesson::column::Column;
use crate::panels::choose::Choose;
use crate::panels::cost::Cost;
use crate::panels::header::Presets;
use crate::panels::net::Net;
use crate::panels::notices::Notices;
use crate::panels::palette::Palette;
use crate::panels::race::Race;
use crate::panels::run::Run;
use crate::panels::transform::Transform;
use crate::panels::watch::Watch;
use crate::papers::banner::Banner;
use crate::race;

#[component]
pub fn LabRoom() -> impl IntoView {
    let race = race::Race::get();
    view! {
        <Column />
        <Run />
        <Notices />
        <Banner />
        <Lockable part="presets"><Presets /></Lockable>
        <div class="desk">
            <div class="build">
                <Lockable part="experiment"><Choose /></Lockable>
                <Lockable part="network"><Net /></Lockable>
            </div>
            <div class="read">
                <Lockable part="race"><Show when=move || race.open()><Race /></Show></Lockable>
                <Watch />
                <Lockable part="transform"><Transform /></Lockable>
                <Lockable part="cost"><Cost /></Lockable>
            </div>
        </div>
        <Palette />
    }
}
