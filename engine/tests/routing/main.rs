//! What each routing promises, by itself and around experts.

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod bench;
mod expert_choice;
mod hash;
mod importance;
mod route;
mod top_k;
mod tree;
