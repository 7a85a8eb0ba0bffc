//! What came of the checks made in this browser, kept there.

use engine::protocol::Verdict;
use js_sys::{Date, Object, Reflect};
use leptos::prelude::window;
use serde::{Deserialize, Serialize};
use web_sys::Storage;

/// Names of what is kept begin with this.
const PREFIX: &str = "signalbox/check/";

/// A verdict and when it was reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Milliseconds since 1970.
    pub date: f64,
    pub verdict: Verdict,
}

impl Kept {
    pub fn now(verdict: Verdict) -> Self {
        Self { date: Date::now(), verdict }
    }

    /// Whether all claims hold.
    pub fn holds(&self) -> bool {
        self.verdict.claims.iter().all(|c| c.holds())
    }

    /// Its name in the browser.
    pub fn key(&self) -> String {
        format!("{PREFIX}{}/{}", self.verdict.card, if self.verdict.quick { "quick" } else { "full" })
    }

    /// The date as people write it: `28 Nov 2026, 04:40`.
    pub fn day(&self) -> String {
        let options = Object::new();
        for (name, value) in [("dateStyle", "medium"), ("timeStyle", "short")] {
            // It fails for frozen objects only.
            let _ = Reflect::set(&options, &name.into(), &value.into());
        }
        Date::new(&self.date.into()).to_locale_string("en-GB", &options).into()
    }
}

/// All that is kept. A browser may refuse to keep anything; then there is nothing.
pub fn all() -> Vec<Kept> {
    let Some(storage) = storage() else { return Vec::new() };
    let keys = (0..storage.length().unwrap_or(0)).filter_map(|i| storage.key(i).ok().flatten());
    let mine = keys.filter(|key| key.starts_with(PREFIX));
    // What an older page kept in another form is left alone.
    mine.filter_map(|key| serde_json::from_str(&storage.get_item(&key).ok()??).ok()).collect()
}

pub fn keep(kept: &Kept) {
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(kept)) {
        // Where there is no room left, it is known until the page is closed.
        let _ = storage.set_item(&kept.key(), &text);
    }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}
