//! The frame around every picture: its figures are read by pointer and by arrow keys, heard, laid out as a table, and taken
//! away as a drawing, as pixels and as figures.

pub mod figure;
pub mod hearing;
pub mod numbers;
pub mod reader;
pub mod table;

use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use self::figure::{Figure, Key};
use self::hearing::Hearing;
use self::numbers::{Numbers, Spot};
use self::reader::Reader;
use self::table::Table;
use super::card::Help;
use crate::state::Lab;
use crate::tongue::t;
use crate::ui;
use crate::ui::canvas::{Canvas, Onto, Sheet};
use crate::ui::format;
use crate::ui::theme::Theme;
use crate::ui::toolbar::Toolbar;

/// What the marks of a picture mean, in the colours of a theme.
pub type Legend = Rc<dyn Fn(&Theme) -> Vec<Key>>;
/// What lies where the pointer is; it is asked with nothing when the pointer leaves.
pub type Hover = Rc<dyn Fn(Option<Hit>) -> Option<Told>>;

/// What a picture has for its tools.
#[derive(Clone)]
pub struct Contents {
    pub draw: Rc<dyn Fn(&Sheet)>,
    pub numbers: Rc<dyn Fn() -> Numbers>,
    pub legend: Legend,
}

/// Where a picture of this size was pointed at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Hit {
    fn of(e: &web_sys::MouseEvent) -> Option<Self> {
        let on = e.target()?.dyn_into::<web_sys::HtmlCanvasElement>().ok()?;
        let (width, height) = (f64::from(on.client_width()), f64::from(on.client_height()));
        Some(Self { x: e.offset_x().into(), y: e.offset_y().into(), width, height })
    }
}

/// What is told of the place that the pointer is at.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// One of the picture's figures.
    Figure(Spot),
    Words(String),
}

/// The title of a picture that is described so.
pub fn title_of(label: &str) -> String {
    let end = [": ", ". "].iter().filter_map(|stop| label.find(stop)).min().unwrap_or(label.len());
    label[..end].trim_end_matches([':', '.']).to_owned()
}

/// The experiment that is on the screen, in a line.
pub fn about(lab: Lab) -> String {
    untrack(|| {
        let Some(spec) = lab.loaded.get() else { return String::new() };
        let step = lab.progress.with(|p| p.step);
        t!(
            "{name} · seed {seed} · step {step}",
            name = lab.described(&spec),
            seed = spec.seed,
            step = format::thousands(step as f64)
        )
    })
}

/// A picture with all that belongs to it.
#[component]
pub fn Plot(
    /// What is seen, in words; up to the first colon or full stop it is the title.
    #[prop(into)]
    label: Signal<String>,
    /// The title, where the label does not begin with it.
    #[prop(optional, into)]
    title: Option<Signal<String>>,
    #[prop(optional)] class: &'static str,
    /// Its height for its width, in the page's pixels; else the style sheet says.
    #[prop(default = None, into)]
    height: Option<Callback<f64, f64>>,
    watch: Rc<dyn Fn()>,
    draw: Rc<dyn Fn(&Sheet)>,
    numbers: Rc<dyn Fn() -> Numbers>,
    #[prop(default = Rc::new(|_| Vec::new()))] legend: Legend,
    #[prop(default = None, into)] seen: Option<Callback<bool>>,
    #[prop(optional)] hover: Option<Hover>,
    /// What a click does.
    #[prop(default = None)]
    pick: Option<Rc<dyn Fn(Hit)>>,
    /// Where along the axis one reads.
    #[prop(default = RwSignal::new(None))]
    cursor: RwSignal<Option<f64>>,
    /// What lies over the picture, and what stands right below it.
    #[prop(optional)]
    over: Option<AnyView>,
    #[prop(optional)] below: Option<AnyView>,
    /// What the pictures are of, where it is not the lab's experiment.
    #[prop(default = None, into)]
    of: Option<Signal<String>>,
) -> impl IntoView {
    let lab = Lab::get();
    let title = title.unwrap_or_else(|| Signal::derive(move || label.with(|l| title_of(l))));
    let reader = Reader::new(numbers.clone(), title, cursor);
    let size = StoredValue::new((0.0, 0.0));
    let contents = Contents { draw: draw.clone(), numbers, legend };
    let watched = watch.clone();
    let pickable = pick.is_some();
    let left = hover.clone();
    let leave = move || {
        if let Some(hover) = &left {
            reader.point(hover(None));
        }
    };
    let gone = leave.clone();
    let point = move |e: leptos::ev::PointerEvent| {
        if let Some(hover) = &hover
            && let Some(hit) = Hit::of(&e)
        {
            reader.point(hover(Some(hit)));
        }
    };
    let click = move |e: leptos::ev::MouseEvent| {
        if let (Some(pick), Some(hit)) = (&pick, Hit::of(&e)) {
            pick(hit);
        }
    };
    let about = move || of.map_or_else(|| about(lab), |of| of.get_untracked());
    view! {
        <div
            class="plot-frame"
            class:pickable=pickable
            tabindex="0"
            role="application"
            aria-roledescription="plot"
            aria-keyshortcuts="H"
            aria-label=move || t!("{title}: arrow keys read it, H plays it", title = title.get())
            on:keydown=move |e| {
                if reader.press(&e) {
                    e.prevent_default();
                    e.stop_propagation();
                }
            }
            on:pointermove=point.clone()
            on:pointerdown=point
            on:pointerleave=move |_| leave()
            on:blur=move |_| gone()
            on:click=click
        >
            <Canvas
                label=label
                class=class
                height=height
                watch=move || watched()
                draw=move |sheet| {
                    size.set_value((sheet.width, sheet.height));
                    draw(sheet);
                }
                seen=seen
            />
            {over}
        </div>
        {below}
        <p class="sr" aria-live="polite">{move || reader.said.get()}</p>
        <Tools title=title reader=reader contents=contents watch=watch size=size about=Rc::new(about) />
    }
}

/// What can be done with a picture, the same for all: hear it, see it in numbers, take it away.
#[component]
fn Tools(
    title: Signal<String>,
    reader: Reader,
    contents: Contents,
    watch: Rc<dyn Fn()>,
    size: StoredValue<(f64, f64)>,
    about: Rc<dyn Fn() -> String>,
) -> impl IntoView {
    let row = Toolbar::new();
    let heard = RwSignal::new(false);
    let listen = move |_| {
        heard.set(true);
        if reader.playing.get_untracked() { reader.stop() } else { reader.play(None) }
    };
    view! {
        <div
            node_ref=row.node
            role="toolbar"
            class="tools-of-plot"
            aria-label=move || t!("Tools of {title}", title = title.get())
            on:focusin=move |e| row.focus(&e)
            on:keydown=move |e| row.press(&e)
        >
            <button
                type="button"
                class="quiet"
                title=t("H, on the plot. Escape stops it.")
                aria-label=move || if reader.playing.get() { t!("Stop listening to {title}", title = title.get()) } else { t!("Listen to {title}", title = title.get()) }
                on:click=listen
            >
                {move || if reader.playing.get() { t("Stop") } else { t("Listen") }}
            </button>
            <Table title=title numbers=contents.numbers.clone() watch=watch />
            <Take title=title contents=contents size=Rc::new(move || size.get_value()) about=about />
            <p class="reading" aria-hidden="true">{move || reader.shown.get()}</p>
            <Show when=move || heard.get()><div class="hearing">{Hearing::get().fields()}</div></Show>
        </div>
    }
}

/// Taking a picture away: as a drawing, as pixels, as figures.
#[component]
pub fn Take(
    title: Signal<String>,
    contents: Contents,
    /// Of the picture, in the page's pixels.
    size: Rc<dyn Fn() -> (f64, f64)>,
    about: Rc<dyn Fn() -> String>,
) -> impl IntoView {
    let help = use_context::<Help>().map(|h| h.0).unwrap_or_default();
    let listed = contents.clone();
    let figure = {
        let contents = contents.clone();
        move |take: &dyn Fn(&Figure<'_>)| {
            let theme = Theme::print();
            take(&Figure {
                title: title.get_untracked(),
                about: about(),
                help: format!("{help}{}", across(&untrack(|| (contents.numbers)()))),
                legend: untrack(|| (contents.legend)(&theme)),
                size: size(),
                theme,
                draw: &|sheet| untrack(|| (contents.draw)(sheet)),
            });
        }
    };
    let drawn = figure.clone();
    let svg = move || {
        drawn(&|figure| {
            if let Some(text) = figure.svg() {
                ui::download(&file(&figure.title, "svg"), &text, "image/svg+xml");
            }
        });
    };
    let png = move || {
        figure(&|figure| {
            if let Some(Sheet { onto: Onto::Canvas(canvas), .. }) = figure.png() {
                ui::download_picture(&file(&figure.title, "png"), &canvas);
            }
        });
    };
    let csv =
        move || ui::download(&file(&title.get_untracked(), "csv"), &untrack(|| (listed.numbers)()).csv(), "text/csv");
    let item = move |kind: &'static str, take: Rc<dyn Fn()>| {
        view! {
            <button type="button" aria-label=move || t!("{title} as {kind}", title = title.get(), kind) on:click=move |_| take()>{kind}</button>
        }
    };
    view! {
        <details class="take">
            <summary>{t("Take")} <span class="sr">{move || format!(": {}", title.get())}</span></summary>
            <div>{item("SVG", Rc::new(svg))} {item("PNG", Rc::new(png))} {item("CSV", Rc::new(csv))}</div>
        </details>
    }
}

/// From where to where a picture's axis goes, where it has a length.
fn across(numbers: &Numbers) -> String {
    let (_, length) = numbers.extent();
    if numbers.places.len() < 2 {
        return String::new();
    }
    t!(" Across: {from} to {to}.", from = numbers.place_name(0), to = numbers.place_name(length - 1))
}

/// The name of a file with what `title` shows.
fn file(title: &str, ending: &str) -> String {
    let words = title.to_lowercase();
    let words: Vec<&str> = words.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    format!("{}.{ending}", words.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_begins_with_its_title() {
        assert_eq!(title_of("Loss over the steps: train 0.1, test 0.2"), "Loss over the steps");
        assert_eq!(
            title_of("Share of each expert over time. Expert 1 is busiest: 3"),
            "Share of each expert over time"
        );
        assert_eq!(title_of("Weights of 2.5 units"), "Weights of 2.5 units");
        assert_eq!(file("Loss over the steps", "svg"), "loss-over-the-steps.svg");
    }
}
