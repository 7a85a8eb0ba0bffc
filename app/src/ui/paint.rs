//! Pixels onto a canvas.

use plotters::style::RGBColor;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use super::canvas::Sheet;
use super::theme::css;

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
    cx: CanvasRenderingContext2d,
    /// Carries pixels to the sheet, enlarged.
    carrier: Option<(HtmlCanvasElement, CanvasRenderingContext2d)>,
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok().flatten()?.dyn_into().ok()
}

impl Brush {
    /// `None` when the browser gives no drawing context, as when it is short of memory.
    pub fn new(sheet: &Sheet) -> Option<Self> {
        let cx = context(&sheet.canvas)?;
        cx.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).ok()?;
        cx.clear_rect(0.0, 0.0, f64::from(sheet.canvas.width()), f64::from(sheet.canvas.height()));
        cx.set_transform(sheet.scale, 0.0, 0.0, sheet.scale, 0.0, 0.0).ok()?;
        let carrier = sheet.canvas.owner_document().and_then(|d| d.create_element("canvas").ok()).and_then(|c| {
            let canvas: HtmlCanvasElement = c.dyn_into().ok()?;
            let cx = context(&canvas)?;
            Some((canvas, cx))
        });
        Some(Self { cx, carrier })
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
        if let Ok(image) = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&pixels.rgba), w, h) {
            let _ = cx.put_image_data(&image, 0.0, 0.0);
            self.cx.set_image_smoothing_enabled(smooth);
            let _ =
                self.cx.draw_image_with_html_canvas_element_and_dw_and_dh(canvas, frame.x, frame.y, frame.w, frame.h);
        }
    }

    pub fn rect(&self, frame: Frame, colour: RGBColor) {
        self.cx.set_fill_style_str(&css(colour));
        self.cx.fill_rect(frame.x, frame.y, frame.w, frame.h);
    }

    pub fn outline(&self, frame: Frame, colour: RGBColor, width: f64) {
        self.cx.set_stroke_style_str(&css(colour));
        self.cx.set_line_width(width);
        self.cx.stroke_rect(frame.x, frame.y, frame.w, frame.h);
    }

    /// A dot with a rim.
    pub fn dot(&self, x: f64, y: f64, radius: f64, fill: RGBColor, rim: RGBColor) {
        self.cx.begin_path();
        if self.cx.arc(x, y, radius, 0.0, std::f64::consts::TAU).is_ok() {
            self.cx.set_fill_style_str(&css(fill));
            self.cx.fill();
            self.cx.set_stroke_style_str(&css(rim));
            self.cx.set_line_width(0.75);
            self.cx.stroke();
        }
    }

    /// A line through `points`.
    pub fn path(&self, points: &[(f64, f64)], colour: RGBColor, width: f64) {
        self.cx.begin_path();
        for (x, y) in points {
            self.cx.line_to(*x, *y);
        }
        self.cx.set_stroke_style_str(&css(colour));
        self.cx.set_line_width(width);
        self.cx.set_line_join("round");
        self.cx.stroke();
    }

    /// Text about (`x`, `y`); `align` is `left`, `center` or `right`.
    pub fn text(&self, text: &str, x: f64, y: f64, size: f64, colour: RGBColor, align: &str) {
        self.cx.set_font(&format!("{size}px ui-sans-serif, system-ui, sans-serif"));
        self.cx.set_fill_style_str(&css(colour));
        self.cx.set_text_align(align);
        self.cx.set_text_baseline("middle");
        let _ = self.cx.fill_text(text, x, y);
    }
}
