//! The lines of a chart: what they are drawn with, and what they are as figures.

use engine::sorting::Sorting as _;
use plotters::style::RGBColor;

use super::Axis;
use crate::state::Point;
use crate::tongue::t;
use crate::ui::theme::Theme;
use crate::views::plot::numbers::{Cell, Numbers};

/// What tells lines apart beside their colours: lengths of dashes and gaps in the page's pixels; none for a whole line.
const DASHES: [&[f64]; 5] = [&[], &[8.0, 4.0], &[2.0, 3.0], &[14.0, 4.0], &[5.0, 8.0]];

/// One line.
#[derive(Clone)]
pub struct Line {
    pub name: String,
    pub colour: fn(&Theme, usize) -> RGBColor,
    pub points: Vec<Point>,
    /// What the line is the mean of: place along the axis, least and greatest; often empty.
    pub band: Vec<(f64, f64, f64)>,
    /// Width in the page's pixels.
    pub width: f64,
    /// How strong, 0 to 1.
    pub opacity: f64,
    /// Number of its dashes.
    pub dash: usize,
}

impl Line {
    /// A line of the usual width.
    pub fn new(name: impl Into<String>, colour: fn(&Theme, usize) -> RGBColor, points: Vec<Point>) -> Self {
        Self { name: name.into(), colour, points, band: Vec::new(), width: 1.75, opacity: 1.0, dash: 0 }
    }

    /// One of many alike, which are told apart by their numbers.
    pub fn of_many(i: usize, name: impl Into<String>, points: Vec<Point>) -> Self {
        Self { dash: i, ..Self::new(name, |t, i| t.class(i), points) }
    }

    pub fn dashes(&self) -> &'static [f64] {
        DASHES[self.dash % DASHES.len()]
    }

    /// Its value at a place between its ends.
    fn at(&self, place: f64) -> Option<f64> {
        between(self.points.len(), place, |i| self.points[i].step, |i| self.points[i].value)
    }
}

/// The value at `place` of a line through points that lie one after the other.
fn between(len: usize, place: f64, x: impl Fn(usize) -> f64, y: impl Fn(usize) -> f64) -> Option<f64> {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = usize::midpoint(low, high);
        if x(middle) < place { low = middle + 1 } else { high = middle }
    }
    if low == len {
        return None;
    }
    if x(low) <= place {
        return Some(y(low));
    }
    let before = low.checked_sub(1)?;
    let share = (place - x(before)) / (x(low) - x(before)).max(1e-12);
    Some(y(before) + share * (y(low) - y(before)))
}

/// The lines as figures: a row for each place at which one of the strong ones has a point.
pub fn numbers(lines: &[Line], axis: Axis, log: bool) -> Numbers {
    let shown: Vec<&Line> = lines.iter().filter(|l| !l.points.is_empty()).collect();
    let strong = shown.iter().filter(|l| l.opacity >= 1.0);
    let mut places: Vec<f64> = strong.flat_map(|l| &l.points).map(|p| p.step).collect();
    if places.is_empty() {
        places = shown.iter().flat_map(|l| &l.points).map(|p| p.step).collect();
    }
    places.put_in_order_by(f64::total_cmp);
    let apart = places.last().copied().unwrap_or(0.0).abs() * 1e-9;
    places.dedup_by(|a, b| *a - *b <= apart);
    let heads = shown.iter().flat_map(|l| {
        let ends = if l.band.is_empty() { &[][..] } else { &[key!(", least"), key!(", greatest")][..] };
        std::iter::once(l.name.clone()).chain(ends.iter().map(|end| format!("{}{}", l.name, t(end))))
    });
    let mut n = Numbers::new("", heads, axis.write).by_columns();
    (n.log, n.backwards) = (log, true);
    for place in &places {
        let cells = shown.iter().flat_map(|l| {
            let value = std::iter::once(Cell::from(l.at(*place)));
            let end = |which: fn(&(f64, f64, f64)) -> f64| {
                Cell::from(between(l.band.len(), *place, |i| l.band[i].0, |i| which(&l.band[i])))
            };
            let ends = if l.band.is_empty() { Vec::new() } else { vec![end(|b| b.1), end(|b| b.2)] };
            value.chain(ends)
        });
        n.row((axis.across)(*place), cells);
    }
    n.places = places;
    n
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::format::Mark;
    use crate::views::chart::marks;

    #[test]
    fn lines_are_told_where_the_strong_ones_have_points() {
        let points = |all: &[(f64, f64)]| all.iter().map(|&(step, value)| Point { step, value }).collect::<Vec<_>>();
        let batch = Line { opacity: 0.3, ..Line::new("batch", |t, _| t.train, points(&[(1.0, 4.0), (5.0, 0.0)])) };
        let test = Line {
            band: vec![(0.0, 0.0, 2.0), (4.0, 1.0, 5.0)],
            ..Line::new("test", |t, _| t.test, points(&[(0.0, 1.0), (4.0, 3.0)]))
        };
        let n = numbers(&[batch, test], marks(Mark::Determination), true);
        assert_eq!(n.head, ["", "batch", "test", "test, least", "test, greatest"]);
        assert_eq!(n.places, [0.0, 4.0]);
        let texts = |i: usize| n.rows[i].1.iter().map(|c| n.text(c)).collect::<Vec<_>>();
        assert_eq!(texts(0), ["–", "1.000", "0.000", "2.000"]);
        assert_eq!(texts(1), ["1.000", "3.000", "1.000", "5.000"]);
        assert!(n.log && n.backwards);
    }
}
