//! A canvas that is drawn at most once a frame, only when it is on the screen, and at the screen's own resolution.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlCanvasElement, IntersectionObserver, IntersectionObserverEntry, ResizeObserver};

use super::drawing::Drawing;
use super::frame;
use super::theme::Theme;

/// What is drawn on.
#[derive(Clone)]
pub enum Onto {
    /// Already of the right size.
    Canvas(HtmlCanvasElement),
    Svg(Drawing),
}

/// What a drawing is given: what to draw on, and how many of its pixels make one of the page's.
pub struct Sheet {
    pub onto: Onto,
    /// Size in the page's pixels.
    pub width: f64,
    pub height: f64,
    pub scale: f64,
    pub theme: Theme,
}

impl Sheet {
    /// An empty canvas that is not in the page. `None` where the browser gives none.
    pub fn canvas(width: f64, height: f64, scale: f64, theme: Theme) -> Option<Self> {
        let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
        canvas.set_width((width * scale).round() as u32);
        canvas.set_height((height * scale).round() as u32);
        Some(Self { onto: Onto::Canvas(canvas), width, height, scale, theme })
    }

    /// An empty drawing in SVG.
    pub fn svg(width: f64, height: f64, theme: Theme) -> Self {
        Self { onto: Onto::Svg(Drawing::new(width, height)), width, height, scale: 1.0, theme }
    }
}

/// A picture. `draw` is called again whenever a signal that `watch` reads has changed.
#[component]
pub fn Canvas(
    /// What the picture shows, in words.
    #[prop(into)]
    label: Signal<String>,
    #[prop(into, optional)] class: &'static str,
    /// Its height for its width, in the page's pixels; else the style sheet says.
    #[prop(default = None, into)]
    height: Option<Callback<f64, f64>>,
    watch: impl Fn() + 'static,
    draw: impl Fn(&Sheet) + 'static,
    /// Called when the picture comes onto the screen or leaves it.
    #[prop(default = None, into)]
    seen: Option<Callback<bool>>,
) -> impl IntoView {
    let node = NodeRef::<html::Canvas>::new();
    let theme = expect_context::<Signal<Theme>>();
    let size = RwSignal::new(None::<(f64, f64)>);
    let visible = RwSignal::new(false);
    let draw = std::rc::Rc::new(draw);
    let pending = std::rc::Rc::new(std::cell::Cell::new(false));

    Effect::new(move |_| {
        let Some(canvas) = node.get() else {
            return;
        };
        on_resize(&canvas, move |w, h| {
            size.set((w > 0.0 && h > 0.0).then_some((w, h)));
        });
        on_sight(&canvas, move |on| {
            visible.set(on);
            if let Some(seen) = seen {
                seen.run(on);
            }
        });
    });
    if let Some(seen) = seen {
        on_cleanup(move || seen.run(false));
    }
    Effect::new(move |_| {
        watch();
        theme.track();
        if size.get().is_none() || !visible.get() || pending.replace(true) {
            return;
        }
        let (draw, pending) = (draw.clone(), pending.clone());
        frame::draw(move || {
            pending.set(false);
            let (Some(canvas), Some(Some((width, height)))) =
                (node.try_get_untracked().flatten(), size.try_get_untracked())
            else {
                return;
            };
            let scale = window().device_pixel_ratio();
            let (w, h) = ((width * scale).round() as u32, (height * scale).round() as u32);
            if (canvas.width(), canvas.height()) != (w, h) {
                canvas.set_width(w);
                canvas.set_height(h);
            }
            let onto = Onto::Canvas(canvas);
            untrack(|| draw(&Sheet { onto, width, height, scale, theme: theme.get_untracked() }));
        });
    });
    let tall = move || height.and_then(|h| size.get().map(|(w, _)| format!("{}px", h.run(w))));
    view! { <canvas node_ref=node class=class style:height=tall role="img" aria-label=label></canvas> }
}

/// Tells whether its place is on the screen, or nearly, where the pictures themselves come only with the first measurement.
/// Until they are there it keeps about their height free, so that what lies below does not move when they come.
#[component]
pub fn Sight(
    seen: Callback<bool>,
    #[prop(default = Signal::stored(true), into)] there: Signal<bool>,
    /// Height of the pictures to come for the width that they get, in the page's pixels.
    #[prop(default = Callback::new(|_| 0.0))]
    room: Callback<f64, f64>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let node = NodeRef::<html::Span>::new();
    let width = RwSignal::new(None::<f64>);
    Effect::new(move |_| {
        if let Some(place) = place.get() {
            on_resize(&place, move |w, _| width.set(Some(w)));
        }
    });
    Effect::new(move |_| {
        if let Some(place) = node.get() {
            on_sight(&place, move |on| seen.run(on));
        }
    });
    on_cleanup(move || seen.run(false));
    let tall = move || width.get().filter(|_| !there.get()).map(|w| format!("{}px", room.run(w)));
    view! { <div node_ref=place class="sight" style:height=tall><span node_ref=node class="ahead"></span></div> }
}

/// Calls `tell` with the element's size in the page's pixels, now and whenever it changes.
pub fn on_resize(element: &Element, tell: impl Fn(f64, f64) + 'static) {
    let sized = element.clone();
    let tell = move || tell(f64::from(sized.client_width()), f64::from(sized.client_height()));
    // The observer may be heard only after the element was on the screen for a frame.
    tell();
    let heard = Closure::<dyn Fn()>::new(tell);
    if let Ok(observer) = ResizeObserver::new(heard.as_ref().unchecked_ref()) {
        observer.observe(element);
        keep(heard, move || observer.disconnect());
    }
}

/// Calls `tell` when the element comes onto the screen or leaves it.
fn on_sight(element: &Element, tell: impl Fn(bool) + 'static) {
    let heard = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let last = entries.at(-1).dyn_into::<IntersectionObserverEntry>();
        tell(last.is_ok_and(|e| e.is_intersecting()));
    });
    if let Ok(observer) = IntersectionObserver::new(heard.as_ref().unchecked_ref()) {
        observer.observe(element);
        keep(heard, move || observer.disconnect());
    }
}

/// Keeps a closure as long as its component.
fn keep<T: ?Sized + 'static>(closure: Closure<T>, end: impl FnOnce() + 'static) {
    let kept = StoredValue::new_local(Some((closure, Box::new(end) as Box<dyn FnOnce()>)));
    on_cleanup(move || {
        if let Some((_closure, end)) = kept.try_update_value(Option::take).flatten() {
            end();
        }
    });
}
