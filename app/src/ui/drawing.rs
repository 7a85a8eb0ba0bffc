//! A drawing in SVG that is under way: shapes, one after the other.

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::rc::Rc;

use plotters::style::RGBColor;

#[derive(Clone)]
pub struct Drawing {
    /// Width and height in the page's pixels.
    pub size: (f64, f64),
    shapes: Rc<RefCell<String>>,
}

impl Drawing {
    /// An empty drawing of so many pixels.
    pub fn new(width: f64, height: f64) -> Self {
        Self { size: (width, height), shapes: Rc::default() }
    }

    /// The drawing as a file, under a title and with what describes it.
    pub fn file(&self, title: &str, about: &str) -> String {
        let (w, h) = self.size;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n\
             <title>{}</title>\n<desc>{}</desc>\n{}</svg>\n",
            escaped(title),
            escaped(about),
            self.shapes.borrow()
        )
    }

    pub fn shape(&self, shape: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.shapes.borrow_mut().write_fmt(format_args!("{shape}\n"));
    }

    /// Puts all of another drawing at (`x`, `y`).
    pub fn insert(&self, other: &Drawing, x: f64, y: f64) {
        let (w, h) = other.size;
        let inner = other.shapes.borrow();
        self.shape(format_args!("<svg x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\">\n{inner}</svg>"));
    }
}

pub fn escaped(text: &str) -> String {
    // Letters that no XML may hold are left out.
    let legal = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let text: String = text.chars().filter(legal).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `#rrggbb`.
pub fn hex(c: RGBColor) -> String {
    format!("#{:02x}{:02x}{:02x}", c.0, c.1, c.2)
}

/// Points as an attribute.
pub fn points(path: impl IntoIterator<Item = (f64, f64)>) -> String {
    path.into_iter().map(|(x, y)| format!("{},{}", short(x), short(y))).collect::<Vec<_>>().join(" ")
}

/// A length to a hundredth of a pixel.
pub fn short(v: f64) -> f64 {
    (v * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_xml() {
        let outer = Drawing::new(100.0, 50.0);
        let inner = Drawing::new(10.0, 10.0);
        inner.shape(format_args!("<text>{}</text>", escaped("a < \"b\" &\u{7} c")));
        outer.insert(&inner, 5.0, 6.5);
        let file = outer.file("Loss & more", "of <two>");
        assert!(file.starts_with("<svg xmlns=") && file.ends_with("</svg>\n"));
        assert!(file.contains("<title>Loss &amp; more</title>\n<desc>of &lt;two&gt;</desc>"));
        assert!(
            file.contains("<svg x=\"5\" y=\"6.5\" width=\"10\" height=\"10\">\n<text>a &lt; &quot;b&quot; &amp; c")
        );
        assert_eq!(points([(1.0, 2.005), (3.333, 4.0)]), "1,2.01 3.33,4");
    }
}
