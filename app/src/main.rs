//! The page: draws what the session in the worker says, and tells it what the person asks for.

mod app;
mod bench;
mod catalogue;
mod crash;
mod embed;
mod files;
mod fragment;
mod lesson;
mod link;
mod operate;
mod panels;
mod papers;
mod race;
mod rooms;
mod share;
mod shelf;
mod state;
mod title;
mod tree;
mod ui;
mod views;

fn main() {
    crash::tell();
    match bench::asked() {
        Some(asked) => leptos::mount::mount_to_body(|| leptos::view! { <bench::Bench asked /> }),
        None => leptos::mount::mount_to_body(app::App),
    }
}
