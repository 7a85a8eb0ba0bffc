//! Colours for canvases, taken from the style sheet, so that it alone says what light and dark look like.

use leptos::prelude::*;
use plotters::style::RGBColor;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Colours of one scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    pub paper: RGBColor,
    pub ink: RGBColor,
    pub faint: RGBColor,
    pub line: RGBColor,
    pub train: RGBColor,
    pub test: RGBColor,
    pub ghost: RGBColor,
    /// The ends of a diverging scale: below and above its middle, which is `paper`.
    pub below: RGBColor,
    pub above: RGBColor,
    /// Tells classes, experts and stages apart, also for those who see few colours.
    pub classes: [RGBColor; 10],
}

impl Theme {
    fn read() -> Self {
        Self::of(document().document_element())
    }

    /// That of print: dark on white, whatever the page has.
    pub fn print() -> Self {
        let (Some(body), Ok(probe)) = (document().body(), document().create_element("i")) else {
            return Self::read();
        };
        probe.set_class_name("print");
        // An element has computed colours only within the page.
        let _ = body.append_child(&probe);
        let theme = Self::of(Some(probe.clone()));
        probe.remove();
        theme
    }

    fn of(element: Option<web_sys::Element>) -> Self {
        let style = element.and_then(|e| window().get_computed_style(&e).ok().flatten());
        let colour = |name: &str| {
            style
                .as_ref()
                .and_then(|s| s.get_property_value(name).ok())
                .and_then(|v| parse(&v))
                .unwrap_or(RGBColor(128, 128, 128))
        };
        Self {
            paper: colour("--panel"),
            ink: colour("--ink"),
            faint: colour("--ink-3"),
            line: colour("--hair"),
            train: colour("--train"),
            test: colour("--test"),
            ghost: colour("--ghost"),
            below: colour("--below"),
            above: colour("--above"),
            classes: std::array::from_fn(|i| colour(&format!("--class-{i}"))),
        }
    }

    pub fn class(&self, i: usize) -> RGBColor {
        self.classes[i % self.classes.len()]
    }

    /// `value` from −1 to 1 on the diverging scale.
    pub fn diverging(&self, value: f32) -> RGBColor {
        let end = if value < 0.0 { self.below } else { self.above };
        mix(self.paper, end, value.abs().min(1.0))
    }
}

/// `share` of `b` in `a`.
pub fn mix(a: RGBColor, b: RGBColor, share: f32) -> RGBColor {
    let part = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share) as u8;
    RGBColor(part(a.0, b.0), part(a.1, b.1), part(a.2, b.2))
}

/// `#rrggbb`.
fn parse(text: &str) -> Option<RGBColor> {
    let hex = u32::from_str_radix(text.trim().strip_prefix('#')?, 16).ok()?;
    let [_, r, g, b] = hex.to_be_bytes();
    Some(RGBColor(r, g, b))
}

/// The present theme; follows the system between light and dark, and where it wishes for more contrast. To be made once, and handed down as context.
pub fn follow_system() -> Signal<Theme> {
    let theme = RwSignal::new(Theme::read());
    let change = Closure::<dyn Fn()>::new(move || theme.set(Theme::read()));
    for wish in ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"] {
        if let Ok(Some(media)) = window().match_media(wish) {
            let _ = media.add_event_listener_with_callback("change", change.as_ref().unchecked_ref());
        }
    }
    // The page listens as long as it lives.
    change.forget();
    theme.into()
}
