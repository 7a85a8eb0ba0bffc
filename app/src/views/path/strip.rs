//! The strip of stages with what works on a sample lit: experts in a column, a tree from its root to its leaves.

use super::stop::Stop;
use super::{Answer, Input};
use crate::ui::canvas::Sheet;
use crate::ui::paint::{Brush, Frame, Pixels};
use crate::ui::theme::{Theme, mix};

/// Room for what goes in, for what comes out, and for the stages' numbers.
const IN: f64 = 52.0;
const OUT: f64 = 64.0;
const FOOT: f64 = 20.0;
/// An expert's box is at most so high, and at least.
const BOX: f64 = 18.0;
const LEAST: f64 = 5.0;
/// Trees of more leaves are drawn by their lit way alone.
const DRAWN: usize = 64;

/// What stands in one column.
enum Column<'a> {
    Plain(usize),
    Route(&'a Stop),
}

impl Column<'_> {
    /// How much of the width it asks for.
    fn wants(&self) -> f64 {
        match self {
            Column::Plain(_) => 1.0,
            Column::Route(stop) if stop.tree => 1.5 + 0.6 * f64::from(stop.depth()),
            Column::Route(_) => 2.0,
        }
    }

    fn stage(&self) -> usize {
        match self {
            Column::Plain(stage) => *stage,
            Column::Route(stop) => stop.stage,
        }
    }
}

/// The frame that a column's picture may fill.
struct Place<'a> {
    brush: &'a Brush,
    theme: &'a Theme,
    frame: Frame,
}

/// A column for each route, and for each stage without one.
fn columns(stages: usize, stops: &[Stop]) -> Vec<Column<'_>> {
    let mut columns = Vec::new();
    for stage in 1..=stages {
        let before = columns.len();
        columns.extend(stops.iter().filter(|s| s.stage == stage).map(Column::Route));
        if columns.len() == before {
            columns.push(Column::Plain(stage));
        }
    }
    columns
}

/// How wide a column is that asks for one part, in a strip of this width.
fn unit(columns: &[Column<'_>], width: f64) -> f64 {
    (width - IN - OUT).max(1.0) / columns.iter().map(Column::wants).sum::<f64>().max(1.0)
}

/// What stands where the pointer is: a route with what it decides, a stage without one, or the answer.
pub fn told(x: f64, width: f64, stages: usize, stops: &[Stop], answer: Option<&str>) -> Option<String> {
    if x > width - OUT {
        return answer.map(|answer| t!("Answer: {answer}", answer));
    }
    let columns = columns(stages, stops);
    let unit = unit(&columns, width);
    let mut end = IN;
    let column = columns.iter().find(|column| {
        end += column.wants() * unit;
        x < end
    });
    match column.filter(|_| x >= IN)? {
        Column::Plain(stage) => Some(t!("stage {number}: no route", number = stage)),
        Column::Route(stop) => Some(format!("{}: {}", stop.path, stop.words())),
    }
}

pub fn draw(sheet: &Sheet, stages: usize, stops: &[Stop], input: &Input, answer: Option<&Answer>) {
    let Some(brush) = Brush::new(sheet) else { return };
    let theme = &sheet.theme;
    let columns = columns(stages, stops);
    let high = sheet.height - FOOT;
    let middle = high / 2.0;
    let unit = unit(&columns, sheet.width);
    let mut at = (IN - 6.0, middle);
    let mut x = IN;
    for column in &columns {
        let width = column.wants() * unit;
        let frame = Frame { x: x + width * 0.12, y: 4.0, w: width * 0.76, h: high - 8.0 };
        let place = Place { brush: &brush, theme, frame };
        at = match column {
            Column::Plain(_) => place.plain(at),
            Column::Route(stop) if stop.tree => place.tree(at, stop),
            Column::Route(stop) => place.experts(at, stop),
        };
        let label =
            if unit < 46.0 { column.stage().to_string() } else { t!("stage {number}", number = column.stage()) };
        brush.text(&label, x + width / 2.0, sheet.height - FOOT / 2.0, 11.0, theme.faint, "center");
        x += width;
    }
    brush.path(&[at, (sheet.width - OUT + 4.0, middle)], theme.train, 2.5);
    entry(&brush, theme, input, middle);
    if let Some(answer) = answer {
        let x = sheet.width - OUT / 2.0 + 4.0;
        brush.text(
            &answer.name,
            x,
            middle - 8.0,
            if answer.name.chars().count() < 4 { 22.0 } else { 12.0 },
            theme.ink,
            "center",
        );
        brush.text(&format!("{:.0} %", answer.sure * 100.0), x, middle + 12.0, 11.0, theme.faint, "center");
        if let Some(truth) = &answer.truth {
            brush.text(&t!("✗ is {truth}", truth), x, middle + 28.0, 11.0, theme.above, "center");
        }
    }
}

fn entry(brush: &Brush, theme: &Theme, input: &Input, middle: f64) {
    let side = IN - 12.0;
    match input {
        Input::Image { width, height, pixels } => {
            let colours = pixels.iter().map(|v| mix(theme.paper, theme.ink, v.clamp(0.0, 1.0)));
            let at = Frame { x: 1.0, y: middle - side / 2.0, w: side, h: side };
            brush.pixels(&Pixels::new(*width, *height, colours), at, false);
            brush.outline(at, theme.line, 1.0);
        }
        Input::Words(words) => {
            for (i, word) in words.split(' ').enumerate() {
                let size = if word.chars().count() < 3 { 20.0 } else { 11.0 };
                brush.text(word, side / 2.0, middle + i as f64 * 14.0, size, theme.ink, "center");
            }
        }
    }
}

impl Place<'_> {
    fn middle(&self) -> f64 {
        self.frame.y + self.frame.h / 2.0
    }

    /// Where lines leave the column.
    fn end(&self) -> (f64, f64) {
        (self.frame.x + self.frame.w, self.middle())
    }

    fn line(&self, points: &[(f64, f64)], width: f64) {
        self.brush.path(points, self.theme.train, width);
    }

    /// A stage that works on everything.
    fn plain(&self, from: (f64, f64)) -> (f64, f64) {
        let w = self.frame.w.min(16.0);
        let x = self.frame.x + (self.frame.w - w) / 2.0;
        self.line(&[from, (x, self.middle())], 2.5);
        let at = Frame { x, y: self.middle() - 22.0, w, h: 44.0 };
        self.brush.rect(at, mix(self.theme.paper, self.theme.train, 0.35));
        self.brush.outline(at, self.theme.train, 1.5);
        (x + w, self.middle())
    }

    /// Experts one below the other, in several columns where they are many.
    fn experts(&self, from: (f64, f64), stop: &Stop) -> (f64, f64) {
        let (frame, theme) = (self.frame, self.theme);
        let count = stop.weights.len().max(1);
        let rows = count.min((frame.h / (LEAST + 2.0)) as usize).max(1);
        // Even columns rather than a short last one.
        let columns = count.div_ceil(rows);
        let rows = count.div_ceil(columns);
        let (w, row) = (frame.w / columns as f64, (frame.h / rows as f64).min(BOX + 3.0));
        let top = self.middle() - row * rows as f64 / 2.0;
        let wide = (w - 4.0).clamp(3.0, 44.0);
        let boxed = |e: usize| Frame {
            x: frame.x + (e / rows) as f64 * w + (w - wide) / 2.0,
            y: top + (e % rows) as f64 * row + 1.5,
            w: wide,
            h: row - 3.0,
        };
        let lit = stop.lit();
        let most = lit.first().map_or(1.0, |l| l.1);
        let end = self.end();
        if lit.is_empty() {
            self.line(&[from, (frame.x, top - 2.0), (end.0, top - 2.0), end], 1.0);
        }
        for &(e, weight) in &lit {
            let at = boxed(e);
            let y = at.y + at.h / 2.0;
            let width = 1.0 + 2.5 * f64::from(weight / most);
            self.line(&[from, (at.x, y)], width);
            self.line(&[(at.x + at.w, y), end], width);
        }
        for e in 0..count {
            let at = boxed(e);
            let weight = stop.weights.get(e).copied().unwrap_or(0.0);
            let shade = if weight > 0.0 { 0.3 + 0.3 * weight / most } else { 0.0 };
            self.brush.rect(at, mix(theme.paper, theme.class(e), shade));
            self.brush.outline(
                at,
                if weight > 0.0 { theme.class(e) } else { theme.line },
                if weight > 0.0 { 2.0 } else { 1.0 },
            );
            if at.h >= 9.0 && at.w >= 14.0 {
                let ink = if weight > 0.0 { theme.ink } else { theme.faint };
                let size = (at.h - 2.0).min(11.0);
                let percent =
                    if weight > 0.0 && at.w >= 40.0 { format!(" · {:.0} %", weight * 100.0) } else { String::new() };
                let size = if percent.is_empty() { size } else { size.min(9.5) };
                self.brush.text(
                    &format!("{}{percent}", e + 1),
                    at.x + at.w / 2.0,
                    at.y + at.h / 2.0,
                    size,
                    ink,
                    "center",
                );
            }
        }
        end
    }

    /// A tree from left to right; what goes left is drawn above.
    fn tree(&self, from: (f64, f64), stop: &Stop) -> (f64, f64) {
        let (frame, theme) = (self.frame, self.theme);
        let (depth, leaves) = (stop.depth(), stop.weights.len());
        let leaf = (frame.h / leaves.max(1) as f64).min(BOX);
        let step = (frame.w - 26.0).max(4.0) / f64::from(depth.max(1));
        let at = |level: u32, n: usize| {
            let y = frame.y + (n as f64 + 0.5) * frame.h / f64::from(1_u32 << level);
            (frame.x + f64::from(level) * step, y)
        };
        if leaves <= DRAWN {
            for level in 0..depth {
                for n in 0..1_usize << level {
                    for child in [2 * n, 2 * n + 1] {
                        self.brush.path(&[at(level, n), at(level + 1, child)], theme.line, 1.0);
                    }
                }
            }
        }
        let boxed = |n: usize| {
            let (x, y) = at(depth, n);
            Frame { x, y: y - leaf / 2.0 + 0.5, w: 24.0, h: (leaf - 1.0).max(1.0) }
        };
        self.line(&[from, at(0, 0)], 2.5);
        let lit = stop.lit();
        let most = lit.first().map_or(1.0, |l| l.1);
        let end = self.end();
        for &(n, weight) in lit.iter().rev() {
            let way: Vec<_> = (0..=depth).map(|level| at(level, n >> (depth - level))).collect();
            let width = 1.0 + 2.0 * f64::from(weight / most);
            self.line(&way, width);
            let leaf = boxed(n);
            self.line(&[(leaf.x + leaf.w, leaf.y + leaf.h / 2.0), end], width);
        }
        for n in 0..leaves {
            let at = boxed(n);
            let weight = stop.weights[n];
            let shade = if weight > 0.0 { 0.3 + 0.3 * weight / most } else { 0.0 };
            self.brush.rect(at, mix(theme.paper, theme.class(n), shade));
            let (edge, width) = if weight > 0.0 { (theme.class(n), 2.0) } else { (theme.line, 1.0) };
            self.brush.outline(at, edge, width);
            if at.h >= 9.0 {
                let ink = if weight > 0.0 { theme.ink } else { theme.faint };
                self.brush.text(
                    &(n + 1).to_string(),
                    at.x + at.w / 2.0,
                    at.y + at.h / 2.0,
                    (at.h - 1.0).min(11.0),
                    ink,
                    "center",
                );
            }
        }
        if let Some(&(n, _)) = lit.first() {
            for (level, decision) in (0..depth).zip(stop.decisions(n)) {
                let (x, y) = at(level, n >> (depth - level));
                self.brush.dot(x, y, 4.0, theme.train, theme.paper);
                if step >= 34.0 {
                    // Beside the side that is not taken, where there is room.
                    let y = if decision.right { y - 11.0 } else { y + 11.0 };
                    self.brush.text(&format!("{:.0} %", decision.sure * 100.0), x + 6.0, y, 10.0, theme.ink, "left");
                }
            }
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_finds_its_stage() {
        let stop = Stop {
            path: "2 › 1.route".into(),
            stage: 2,
            tree: false,
            weights: vec![0.0, 1.0],
            chances: vec![0.4, 0.6],
        };
        // A part for each plain stage, two for the route: of 400 pixels between what goes in and what comes out.
        let at = |x: f64| told(IN + x, IN + OUT + 400.0, 3, std::slice::from_ref(&stop), Some("7"));
        assert_eq!(at(-1.0), None);
        assert_eq!(at(50.0).as_deref(), Some("stage 1: no route"));
        assert_eq!(at(150.0), Some(format!("2 › 1.route: {}", stop.words())));
        assert_eq!(at(350.0).as_deref(), Some("stage 3: no route"));
        assert_eq!(at(401.0).as_deref(), Some("Answer: 7"));
    }
}
