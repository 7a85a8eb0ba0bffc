//! Marks and pixels onto a canvas, or into a drawing in SVG.

use leptos::prelude::document;
use plotters::style::RGBColor;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use super::canvas::{Onto, Sheet};
use super::drawing::{Drawing, escaped, hex, points, short};

const FONT: &str = "ui-sans-serif, system-ui, sans-serif";

/// A picture of `width × height` opaque pixels.
pub struct Pixels {
    width: usize,
    height: usize,
    rgba: Vec<u8>,
}

/// Where on the sheet, in the page's pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Pixels {
    /// Colours the pixels in reading order.
    pub fn new(width: usize, height: usize, colours: impl Iterator<Item = RGBColor>) -> Self {
        let mut rgba = Vec::with_capacity(width * height * 4);
        for c in colours.take(width * height) {
            rgba.extend([c.0, c.1, c.2, 255]);
        }
        rgba.resize(width * height * 4, 0);
        Self { width, height, rgba }
    }
}

/// A brush for one sheet, measured in the page's pixels.
pub struct Brush {
    ink: Ink,
    /// Carries pixels to the sheet, enlarged.
    carrier: Option<(HtmlCanvasElement, CanvasRenderingContext2d)>,
}

enum Ink {
    Canvas(CanvasRenderingContext2d),
    Svg(Drawing),
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok().flatten()?.dyn_into().ok()
}

fn carrier() -> Option<(HtmlCanvasElement, CanvasRenderingContext2d)> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    let cx = context(&canvas)?;
    Some((canvas, cx))
}

impl Brush {
    /// `None` when the browser gives no drawing context, as when it is short of memory.
    pub fn new(sheet: &Sheet) -> Option<Self> {
        let ink = match &sheet.onto {
            Onto::Canvas(canvas) => {
                let cx = context(canvas)?;
                cx.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).ok()?;
                cx.clear_rect(0.0, 0.0, f64::from(canvas.width()), f64::from(canvas.height()));
                cx.set_transform(sheet.scale, 0.0, 0.0, sheet.scale, 0.0, 0.0).ok()?;
                Ink::Canvas(cx)
            }
            Onto::Svg(drawing) => Ink::Svg(drawing.clone()),
        };
        Some(Self { ink, carrier: carrier() })
    }

    /// Fills `frame` with `pixels`: blocks of colour, or a smooth field.
    pub fn pixels(&self, pixels: &Pixels, frame: Frame, smooth: bool) {
        let Some((canvas, cx)) = &self.carrier else {
            return;
        };
        let (w, h) = (pixels.width as u32, pixels.height as u32);
        if w == 0 || h == 0 {
            return;
        }
        if (canvas.width(), canvas.height()) != (w, h) {
            canvas.set_width(w);
            canvas.set_height(h);
        }
        let Ok(image) = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&pixels.rgba), w, h) else { return };
        if cx.put_image_data(&image, 0.0, 0.0).is_ok() {
            self.image(canvas, frame, smooth);
        }
    }

    fn image(&self, canvas: &HtmlCanvasElement, frame: Frame, smooth: bool) {
        let Frame { x, y, w, h } = frame;
        match &self.ink {
            Ink::Canvas(cx) => {
                cx.set_image_smoothing_enabled(smooth);
                let _ = cx.draw_image_with_html_canvas_element_and_dw_and_dh(canvas, x, y, w, h);
            }
            Ink::Svg(to) => {
                let Ok(data) = canvas.to_data_url() else { return };
                let blocks = if smooth { "" } else { " style=\"image-rendering:pixelated\"" };
                to.shape(format_args!(
                    "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" preserveAspectRatio=\"none\"{blocks} \
                     href=\"{data}\"/>"
                ));
            }
        }
    }

    /// Puts another sheet, which is of the same kind, at (`x`, `y`).
    pub fn sheet(&self, sheet: &Sheet, x: f64, y: f64) {
        match (&self.ink, &sheet.onto) {
            (Ink::Svg(to), Onto::Svg(from)) => to.insert(from, x, y),
            (Ink::Canvas(_) | Ink::Svg(_), Onto::Canvas(canvas)) => {
                self.image(canvas, Frame { x, y, w: sheet.width, h: sheet.height }, true);
            }
            // A canvas takes no drawing.
            (Ink::Canvas(_), Onto::Svg(_)) => {}
        }
    }

    pub fn rect(&self, frame: Frame, colour: RGBColor) {
        let Frame { x, y, w, h } = frame;
        match &self.ink {
            Ink::Canvas(cx) => {
                cx.set_fill_style_str(&hex(colour));
                cx.fill_rect(x, y, w, h);
            }
            Ink::Svg(to) => {
                let [x, y, w, h] = [x, y, w, h].map(short);
                to.shape(format_args!(
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{}\"/>",
                    hex(colour)
                ));
            }
        }
    }

    pub fn outline(&self, frame: Frame, colour: RGBColor, width: f64) {
        let Frame { x, y, w, h } = frame;
        match &self.ink {
            Ink::Canvas(cx) => {
                cx.set_stroke_style_str(&hex(colour));
                cx.set_line_width(width);
                cx.stroke_rect(x, y, w, h);
            }
            Ink::Svg(to) => {
                let [x, y, w, h] = [x, y, w, h].map(short);
                to.shape(format_args!(
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"none\" stroke=\"{}\" \
                     stroke-width=\"{width}\"/>",
                    hex(colour)
                ));
            }
        }
    }

    /// A dot with a rim.
    pub fn dot(&self, x: f64, y: f64, radius: f64, fill: RGBColor, rim: RGBColor) {
        match &self.ink {
            Ink::Canvas(cx) => {
                cx.begin_path();
                if cx.arc(x, y, radius, 0.0, std::f64::consts::TAU).is_ok() {
                    cx.set_fill_style_str(&hex(fill));
                    cx.fill();
                    cx.set_stroke_style_str(&hex(rim));
                    cx.set_line_width(0.75);
                    cx.stroke();
                }
            }
            Ink::Svg(to) => {
                let [x, y] = [x, y].map(short);
                to.shape(format_args!(
                    "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{}\" stroke=\"{}\" stroke-width=\"0.75\"/>",
                    hex(fill),
                    hex(rim)
                ));
            }
        }
    }

    /// The mark of class `i`: a shape of its own beside its colour.
    pub fn mark(&self, i: usize, (x, y): (f64, f64), radius: f64, fill: RGBColor, rim: RGBColor) {
        // Corners about the middle, as parts of the radius; none for a round one.
        let corners: &[(f64, f64)] = match i % 5 {
            0 => &[],
            1 => &[(-0.95, -0.95), (0.95, -0.95), (0.95, 0.95), (-0.95, 0.95)],
            2 => &[(0.0, -1.25), (1.2, 0.9), (-1.2, 0.9)],
            3 => &[(0.0, -1.35), (1.35, 0.0), (0.0, 1.35), (-1.35, 0.0)],
            _ => &[(0.0, 1.25), (1.2, -0.9), (-1.2, -0.9)],
        };
        if corners.is_empty() {
            return self.dot(x, y, radius, fill, rim);
        }
        let outline: Vec<_> = corners.iter().map(|c| (x + c.0 * radius, y + c.1 * radius)).collect();
        match &self.ink {
            Ink::Canvas(cx) => {
                cx.begin_path();
                for (x, y) in &outline {
                    cx.line_to(*x, *y);
                }
                cx.close_path();
                cx.set_fill_style_str(&hex(fill));
                cx.fill();
                cx.set_stroke_style_str(&hex(rim));
                cx.set_line_width(0.75);
                cx.stroke();
            }
            Ink::Svg(to) => to.shape(format_args!(
                "<polygon points=\"{}\" fill=\"{}\" stroke=\"{}\" stroke-width=\"0.75\"/>",
                points(outline),
                hex(fill),
                hex(rim)
            )),
        }
    }

    /// A line through `points`.
    pub fn path(&self, points: &[(f64, f64)], colour: RGBColor, width: f64) {
        self.dashed(points, colour, width, &[]);
    }

    /// A line through `along`, in dashes of these lengths and gaps.
    pub fn dashed(&self, along: &[(f64, f64)], colour: RGBColor, width: f64, dash: &[f64]) {
        match &self.ink {
            Ink::Canvas(cx) => {
                cx.begin_path();
                for (x, y) in along {
                    cx.line_to(*x, *y);
                }
                pen(cx, colour, width, dash);
                cx.stroke();
                pen(cx, colour, width, &[]);
            }
            Ink::Svg(to) => to.shape(format_args!(
                "<polyline points=\"{}\" {}/>",
                points(along.iter().copied()),
                stroke(colour, width, dash)
            )),
        }
    }

    /// Text about (`x`, `y`); `align` is `left`, `center` or `right`.
    pub fn text(&self, text: &str, x: f64, y: f64, size: f64, colour: RGBColor, align: &str) {
        self.write(text, (x, y), size, colour, align, "");
    }

    /// The same in bold.
    pub fn bold(&self, text: &str, x: f64, y: f64, size: f64, colour: RGBColor, align: &str) {
        self.write(text, (x, y), size, colour, align, "600 ");
    }

    fn write(&self, text: &str, (x, y): (f64, f64), size: f64, colour: RGBColor, align: &str, weight: &str) {
        match &self.ink {
            Ink::Canvas(cx) => {
                cx.set_font(&format!("{weight}{size}px {FONT}"));
                cx.set_fill_style_str(&hex(colour));
                cx.set_text_align(align);
                cx.set_text_baseline("middle");
                let _ = cx.fill_text(text, x, y);
            }
            Ink::Svg(to) => {
                let anchor = match align {
                    "left" => "start",
                    "right" => "end",
                    _ => "middle",
                };
                let weight = if weight.is_empty() { "" } else { " font-weight=\"600\"" };
                let [x, y] = [x, y].map(short);
                // Not every program that reads SVG knows baselines other than the letters' own.
                to.shape(format_args!(
                    "<text x=\"{x}\" y=\"{y}\" dy=\"0.35em\" text-anchor=\"{anchor}\" font-family=\"{FONT}\" \
                     font-size=\"{size}\"{weight} fill=\"{}\">{}</text>",
                    hex(colour),
                    escaped(text)
                ));
            }
        }
    }
}

fn pen(cx: &CanvasRenderingContext2d, colour: RGBColor, width: f64, dash: &[f64]) {
    let lengths: js_sys::Array = dash.iter().map(|d| wasm_bindgen::JsValue::from(*d)).collect();
    // It fails only for what is no array.
    let _ = cx.set_line_dash(&lengths);
    cx.set_stroke_style_str(&hex(colour));
    cx.set_line_width(width);
    cx.set_line_join("round");
}

fn stroke(colour: RGBColor, width: f64, dash: &[f64]) -> String {
    let dashes = dash.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let dashes = if dash.is_empty() { dashes } else { format!(" stroke-dasharray=\"{dashes}\"") };
    format!("fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{dashes}", hex(colour))
}
