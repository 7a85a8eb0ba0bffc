//! A picture as a figure to take away: under its title and the experiment's name, with its legend and a sentence that says
//! how to read it, light for print.

use plotters::style::RGBColor;

use crate::ui::canvas::{Onto, Sheet};
use crate::ui::paint::Brush;
use crate::ui::theme::Theme;

/// Pixels of a PNG to one of the page's.
const SCALE: f64 = 2.0;
const MARGIN: f64 = 16.0;
/// Letters of the title, and of all else: their size, and about how wide one is.
const TITLE: (f64, f64) = (15.0, 7.8);
const SMALL: (f64, f64) = (11.0, 5.7);
const LINE: f64 = 16.0;
/// Narrower than this no figure is, for the sake of its words.
const LEAST: f64 = 320.0;

/// One entry of a legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub name: String,
    pub colour: RGBColor,
    /// Lengths of the dashes and gaps of its line.
    pub dash: &'static [f64],
    /// Number of its mark, where it is told by one and not by a line.
    pub mark: Option<usize>,
}

/// What a figure is made of.
pub struct Figure<'a> {
    pub title: String,
    /// The experiment in a line.
    pub about: String,
    /// How it is read.
    pub help: String,
    pub legend: Vec<Key>,
    /// Of the picture, in the page's pixels.
    pub size: (f64, f64),
    pub theme: Theme,
    pub draw: &'a dyn Fn(&Sheet),
}

/// Words in lines of so many letters at most, where they have gaps.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::<String>::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Keys in lines of this width: each with its left end.
fn rows(legend: &[Key], width: f64) -> Vec<Vec<(f64, &Key)>> {
    let mut rows = Vec::<Vec<(f64, &Key)>>::new();
    let mut x = 0.0;
    for key in legend {
        let wide = 40.0 + key.name.chars().count() as f64 * SMALL.1;
        if rows.is_empty() || x + wide > width {
            x = 0.0;
            rows.push(Vec::new());
        }
        if let Some(row) = rows.last_mut() {
            row.push((x, key));
        }
        x += wide;
    }
    rows
}

impl Figure<'_> {
    /// The figure as a file in SVG.
    pub fn svg(&self) -> Option<String> {
        let sheet = self.on(&|w, h| Some(Sheet::svg(w, h, self.theme)))?;
        match &sheet.onto {
            Onto::Svg(drawing) => Some(drawing.file(&self.title, &format!("{}. {}", self.about, self.help))),
            Onto::Canvas(_) => None,
        }
    }

    /// The figure as pixels. `None` where the browser gives no canvas.
    pub fn png(&self) -> Option<Sheet> {
        self.on(&|w, h| Sheet::canvas(w, h, SCALE, self.theme))
    }

    fn on(&self, new: &dyn Fn(f64, f64) -> Option<Sheet>) -> Option<Sheet> {
        let (w, h) = self.size;
        let picture = new(w, h)?;
        (self.draw)(&picture);
        let wide = w.max(LEAST);
        let letters = |size: (f64, f64)| (wide / size.1) as usize;
        let (title, about) = (wrapped(&self.title, letters(TITLE)), wrapped(&self.about, letters(SMALL)));
        let (help, keys) = (wrapped(&self.help, letters(SMALL)), rows(&self.legend, wide));
        let head = title.len() as f64 * (LINE + 4.0) + about.len() as f64 * LINE + 8.0;
        let foot = (help.len() + keys.len()) as f64 * LINE + 8.0;
        let sheet = new(wide + 2.0 * MARGIN, head + h + foot + 2.0 * MARGIN)?;
        let (brush, theme) = (Brush::new(&sheet)?, &self.theme);
        brush.rect(crate::ui::paint::Frame { x: 0.0, y: 0.0, w: sheet.width, h: sheet.height }, theme.paper);
        let mut y = MARGIN;
        for line in &title {
            brush.bold(line, MARGIN, y + LINE / 2.0, TITLE.0, theme.ink, "left");
            y += LINE + 4.0;
        }
        for line in &about {
            brush.text(line, MARGIN, y + LINE / 2.0, SMALL.0, theme.faint, "left");
            y += LINE;
        }
        y += 8.0;
        brush.sheet(&picture, MARGIN + (wide - w) / 2.0, y);
        y += h + 8.0;
        for row in keys {
            for (x, key) in row {
                let (x, y) = (MARGIN + x, y + LINE / 2.0);
                match key.mark {
                    Some(i) => brush.mark(i, (x + 11.0, y), 4.0, key.colour, theme.paper),
                    None => brush.dashed(&[(x, y), (x + 22.0, y)], key.colour, 2.0, key.dash),
                }
                brush.text(&key.name, x + 28.0, y, SMALL.0, theme.ink, "left");
            }
            y += LINE;
        }
        for line in &help {
            brush.text(line, MARGIN, y + LINE / 2.0, SMALL.0, theme.faint, "left");
            y += LINE;
        }
        Some(sheet)
    }
}

#[cfg(test)]
mod tests {
    use plotters::style::BLACK;

    use super::*;

    #[test]
    fn words_and_keys_break_where_the_line_ends() {
        assert_eq!(wrapped("one two  three four", 9), ["one two", "three", "four"]);
        assert!(wrapped("", 9).is_empty());
        let key = |name: &str| Key { name: name.into(), colour: BLACK, dash: &[], mark: None };
        let legend = ["a", "b", "a rather long name of a lane"].map(key);
        let rows = rows(&legend, 200.0);
        assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert!(rows[0][1].0 > rows[0][0].0 && rows[1][0].0 == 0.0);
    }
}
