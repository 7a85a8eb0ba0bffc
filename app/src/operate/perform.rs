//! Doing what an address asks for.

use engine::diagnostic::Diagnostic;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, ScrollIntoViewOptions, ScrollLogicalPosition};

use super::{Deed, preset, read};
use crate::race::Race;
use crate::rooms::Room;
use crate::state::{Lab, Notice};
use crate::tongue::t;

impl Lab {
    /// Does all that `address` asks for, or tells why not. Returns whether it was done.
    pub fn operate(self, race: Race, address: &str) -> bool {
        let done = read(address).and_then(|deeds| deeds.iter().try_for_each(|deed| self.perform(race, deed)));
        match done {
            Ok(()) => {
                self.dismiss("deed");
                true
            }
            Err(faults) => {
                self.tell(Notice::alert("deed", t("This link could not be followed"), "").quoting(&faults));
                false
            }
        }
    }

    /// Does one deed.
    ///
    /// # Errors
    /// What does not fit the present experiment, which then stays as it is.
    pub fn perform(self, race: Race, deed: &Deed) -> Result<(), Vec<Diagnostic>> {
        let after = self.with_catalogue(|c| self.spec.with_untracked(|s| deed.fit(s, c)))?;
        match deed {
            Deed::Set(_) => {
                if let Some(after) = after {
                    self.edit(|s| *s = after);
                }
            }
            Deed::Preset { name } => {
                if let Some(preset) = preset(name) {
                    self.open(preset.spec);
                }
            }
            Deed::Open { spec } => self.open((**spec).clone()),
            Deed::Run { steps: Some(n) } => self.run_for(*n),
            Deed::Run { steps: None } => self.play(),
            Deed::Pause => self.pause(),
            Deed::Step { n: 1 } => self.step(),
            Deed::Step { n } => self.run_for(*n),
            // A run that is still being built begins at its initial weights anyway.
            Deed::Reset => {
                if !self.busy.get_untracked() {
                    self.reset();
                }
            }
            Deed::Pace { to } => self.set_pace(to.map(f64::from)),
            // The card's own page has the way to each of its runs.
            Deed::Card { id, .. } => self.room.set(Room::Papers(Some(id.clone()))),
            Deed::Watch { view } => watch(view)?,
            Deed::Race { .. } => {
                if let Some(after) = after {
                    self.edit(|s| *s = after);
                    race.start();
                    // The lanes are drawn by then.
                    request_animation_frame(|| {
                        let _ = watch("race");
                    });
                }
            }
            Deed::Undo => self.undo(),
            Deed::Room { to } => self.room.set(to.clone()),
        }
        Ok(())
    }
}

/// Brings a picture onto the screen, open.
fn watch(view: &str) -> Result<(), Vec<Diagnostic>> {
    let title = |id: &str| document().get_element_by_id(id);
    let found = match view {
        "experiment" => title("choose-title"),
        "network" => title("net-title"),
        "cost" => title("cost-title"),
        "race" => title("race-title"),
        picture => title(&format!("view-{picture}")),
    };
    let mend = "choose another, or first an experiment that has it";
    let found: Element =
        found.ok_or_else(|| vec![Diagnostic::new("lab:watch", format!("this experiment has no `{view}`"), mend)])?;
    if let Ok(Some(fold)) = found.closest("details") {
        let _ = fold.set_attribute("open", "");
    }
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Center);
    let target: &Element = found.unchecked_ref();
    target.scroll_into_view_with_scroll_into_view_options(&options);
    Ok(())
}
