//! The lab: one experiment, built on the left, read on the right.

use leptos::prelude::*;

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
        <Run />
        <Notices />
        <Banner />
        <Presets />
        <div class="desk">
            <div class="build">
                <Choose />
                <Net />
            </div>
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
