//! How one wants to hear pictures: how fast, or not at all. The browser keeps it.

use leptos::prelude::*;

use crate::ui::field::{Check, Choose, Select};

/// Under which names the browser keeps it.
const SPEED: &str = "signalbox-sound-speed";
const MUTE: &str = "signalbox-sound-off";

const SPEEDS: [(&str, &str); 4] = [("0.5", "slow"), ("1", "normal"), ("2", "fast"), ("4", "very fast")];

#[derive(Clone, Copy)]
pub struct Hearing {
    speed: RwSignal<String>,
    mute: RwSignal<bool>,
}

/// `None` where the browser keeps nothing for this page.
fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn kept(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

fn keep(name: &str, value: &str) {
    if let Some(storage) = storage() {
        // A browser that keeps nothing asks anew next time.
        let _ = storage.set_item(name, value);
    }
}

impl Hearing {
    /// To be made once, and handed down as context.
    pub fn new() -> Self {
        let speed = kept(SPEED).filter(|s| SPEEDS.iter().any(|known| known.0 == s)).unwrap_or_else(|| "1".to_owned());
        Self { speed: RwSignal::new(speed), mute: RwSignal::new(kept(MUTE).is_some_and(|m| m == "true")) }
    }

    pub fn get() -> Self {
        expect_context()
    }

    /// How many times as fast as usual.
    pub fn speed(self) -> f64 {
        self.speed.with_untracked(|s| s.parse().unwrap_or(1.0))
    }

    pub fn mute(self) -> bool {
        self.mute.get_untracked()
    }

    pub fn fields(self) -> impl IntoView {
        let options = SPEEDS.iter().map(|(value, name)| Choose::new(*value, *name)).collect::<Vec<_>>();
        let choose = move |v: String| {
            keep(SPEED, &v);
            self.speed.set(v);
        };
        let mute = move |on: bool| {
            keep(MUTE, if on { "true" } else { "false" });
            self.mute.set(on);
        };
        view! {
            <Select label="Speed" called="Speed of sound" options=options value=self.speed choose=choose />
            <Check label="Mute" called="Mute plots" value=self.mute set=mute />
        }
    }
}
