//! Every block with its default knobs, and every routing over an expert, on the sample that it takes: its derivatives
//! are those that differences give, and every executor computes what the definitions say.
//!
//! The registries are walked, so that what is added to them is tested here without a line.

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod cases;
mod derivatives;
mod executors;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
