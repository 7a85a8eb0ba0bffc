//! What the browser keeps of lessons: how far a person is in each, and the texts that are nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A person's way through one lesson.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The page where it was left, from 1; 0 before it is begun.
    pub step: usize,
    /// How many pages it has.
    pub steps: usize,
    /// What was answered, by the question's id: numbers of the choices, from 0.
    pub answers: BTreeMap<String, Vec<usize>>,
    /// Checkpoints that have been reached.
    pub passed: BTreeSet<String>,
    /// Links to the lab that have been followed.
    pub done: BTreeSet<String>,
}

pub fn progress(name: &str) -> Progress {
    get(&of_progress(name)).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

pub fn put_progress(name: &str, progress: &Progress) {
    if let Ok(text) = serde_json::to_string(progress) {
        put(&of_progress(name), &text);
    }
}

pub fn forget_progress(name: &str) {
    put_progress(name, &Progress::default());
}

/// A text kept under this name.
pub fn text(name: &str) -> Option<String> {
    get(&of_text(name)).filter(|t| !t.trim().is_empty())
}

/// Keeps a text; whether the browser did.
pub fn put_text(name: &str, text: &str) -> bool {
    put(&of_text(name), text)
}

fn of_progress(name: &str) -> String {
    format!("signalbox-lesson/{name}")
}

fn of_text(name: &str) -> String {
    format!("signalbox-lesson-text/{name}")
}

fn storage() -> Option<web_sys::Storage> {
    // A sandboxed frame has none: then nothing outlasts a reload.
    web_sys::window()?.local_storage().ok().flatten()
}

fn get(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

fn put(key: &str, value: &str) -> bool {
    storage().is_some_and(|s| s.set_item(key, value).is_ok())
}
