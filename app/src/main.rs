//! The page: draws what the session in the worker says, and tells it what the person asks for.

mod app;
mod bench;
mod crash;
mod files;
mod fragment;
mod link;
mod panels;
mod papers;
mod race;
mod rooms;
mod state;
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
