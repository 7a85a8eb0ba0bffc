//! A chart as a file.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlCanvasElement;

use crate::ui;

/// Two buttons: the chart in SVG, drawn anew by `svg`, and in PNG, as it stands on the screen in `within`.
#[component]
pub fn Save(
    /// What the chart shows, in words: a title before the first colon.
    label: Signal<String>,
    within: NodeRef<html::Div>,
    svg: Callback<String, Option<String>>,
) -> impl IntoView {
    let title = move || label.with(|l| l.split(':').next().unwrap_or_default().to_owned());
    let file = move |ending: &str| {
        let words = untrack(title).to_lowercase();
        let words: Vec<&str> = words.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
        format!("{}.{ending}", words.join("-"))
    };
    let drawn = move |_| {
        if let Some(text) = svg.run(untrack(title)) {
            ui::download(&file("svg"), &text, "image/svg+xml");
        }
    };
    let seen = move |_| {
        let canvas = within.get_untracked().and_then(|d| d.query_selector("canvas").ok().flatten());
        if let Some(canvas) = canvas.and_then(|c| c.dyn_into::<HtmlCanvasElement>().ok()) {
            ui::download_picture(&file("png"), &canvas);
        }
    };
    view! {
        <div class="save">
            <button type="button" class="quiet" aria-label=move || t!("{title} as SVG", title = title()) on:click=drawn>"SVG"</button>
            <button type="button" class="quiet" aria-label=move || t!("{title} as PNG", title = title()) on:click=seen>"PNG"</button>
        </div>
    }
}
