//! Which class is taken for which, over test samples.

use std::rc::Rc;

use leptos::prelude::*;

use super::card::{Card, watches};
use super::plot::numbers::{Numbers, Spot};
use super::plot::{Hit, Plot, Told};
use crate::state::Lab;
use crate::ui::canvas::Sheet;
use crate::ui::paint::{Brush, Frame};
use crate::ui::theme::mix;

/// Least and most room for the names of the classes, in the page's pixels; and for one letter.
const MARGIN: (f64, f64) = (28.0, 84.0);
const LETTER: f64 = 6.4;
/// Classes up to which numbers stand in the cells.
const NUMBERED: usize = 12;

/// Counts by truth (row) and answer (column).
#[derive(Debug, Clone, PartialEq, Default)]
struct Counts {
    classes: usize,
    cells: Vec<f32>,
}

impl Counts {
    fn row(&self, truth: usize) -> &[f32] {
        self.cells.get(truth * self.classes..(truth + 1) * self.classes).unwrap_or_default()
    }

    /// The pair of classes confused most often.
    fn worst(&self) -> Option<(usize, usize, f32)> {
        let wrong = self.cells.iter().enumerate().map(|(i, n)| (i / self.classes, i % self.classes, *n));
        wrong.filter(|(t, a, n)| t != a && *n > 0.0).max_by(|a, b| a.2.total_cmp(&b.2))
    }
}

#[component]
pub fn Confusion() -> impl IntoView {
    let lab = Lab::get();
    let probe = lab.probe("confusion");
    let seen = watches("confusion");
    let counts = Signal::derive(move || {
        probe.with(|m| match m.as_ref().and_then(|m| m.tensor("counts")) {
            Some((&[classes, _], cells)) => Counts { classes, cells: cells.to_vec() },
            Some(_) | None => Counts::default(),
        })
    });
    let names = move || lab.summary.with(|s| s.as_ref().map(|s| s.data.outputs.clone()).unwrap_or_default());
    let name = move |i: usize| names().get(i).cloned().unwrap_or_else(|| i.to_string());
    let label = Signal::derive(move || match counts.with(Counts::worst) {
        Some((truth, answer, n)) => {
            format!("Confusion matrix: most often, {}, {} is taken for {}", times(n), name(truth), name(answer))
        }
        None => "Confusion matrix: nothing is confused yet".into(),
    });
    let said = move || {
        counts
            .with(Counts::worst)
            .map(|(t, a, n)| format!("Most often confused: {} taken for {}, {}.", name(t), name(a), times(n)))
    };
    let figures = move || {
        let counts = counts.get();
        let columns = (0..counts.classes).map(|i| format!("taken for {}", name(i)));
        let mut n = Numbers::new("What it is", columns, |v| format!("{v:.0}"))
            .note("Rows: what it is. Columns: what the network says.");
        for truth in 0..counts.classes {
            n.row(name(truth), counts.row(truth).iter().copied());
        }
        n
    };
    let hover = move |hit: Option<Hit>| counts.with_untracked(|c| cell(hit?, c.classes, left(&untrack(names))));
    view! {
        <Card title="Confusion" help="Each row is a class, each column what the network takes it for: a good network fills the diagonal.">
            <Plot
                label=label
                class="matrix"
                height=Callback::new(move |w: f64| w - left(&names()) + MARGIN.0)
                watch=Rc::new(move || counts.track())
                draw=Rc::new(move |s: &Sheet| draw(s, &counts.get_untracked(), &untrack(names)))
                numbers=Rc::new(figures)
                hover=Rc::new(hover)
                seen=seen
            />
            <p class="said">{said}</p>
        </Card>
    }
}

/// The cell at a point of the matrix.
fn cell(hit: Hit, classes: usize, left: f64) -> Option<Told> {
    let side = (hit.width - left - 2.0) / classes.max(1) as f64;
    let place = |v: f64| (v >= 0.0 && v < side * classes as f64).then_some((v / side) as usize);
    Some(Told::Figure(Spot { series: place(hit.y - MARGIN.0)?, at: place(hit.x - left)? }))
}

/// A count in words.
fn times(n: f32) -> String {
    if n == 1.0 { "once".into() } else { format!("{n:.0} times") }
}

/// Room for the names at the left.
fn left(names: &[String]) -> f64 {
    let longest = names.iter().map(|n| n.chars().count()).max().unwrap_or(1);
    (longest as f64 * LETTER + 14.0).clamp(MARGIN.0, MARGIN.1)
}

fn draw(sheet: &Sheet, counts: &Counts, names: &[String]) {
    let (Some(brush), true) = (Brush::new(sheet), counts.classes > 0) else {
        return;
    };
    let theme = &sheet.theme;
    let n = counts.classes;
    let name = |i: usize| names.get(i).cloned().unwrap_or_else(|| i.to_string());
    let left = left(names);
    let side = (sheet.width - left - 2.0) / n as f64;
    for truth in 0..n {
        let row = counts.row(truth);
        let sum: f32 = row.iter().sum::<f32>().max(1.0);
        for (answer, count) in row.iter().enumerate() {
            let share = count / sum;
            let hue = if truth == answer { theme.below } else { theme.above };
            let strength = if *count > 0.0 { 0.12 + 0.88 * share.sqrt() } else { 0.0 };
            let (x, y) = (left + answer as f64 * side, MARGIN.0 + truth as f64 * side);
            let colour = mix(mix(theme.paper, theme.line, 0.25), hue, strength);
            brush.rect(Frame { x, y, w: side - 1.0, h: side - 1.0 }, colour);
            if n <= NUMBERED && *count > 0.0 && side > 15.0 {
                let ink = if strength > 0.55 { theme.paper } else { theme.ink };
                brush.text(
                    &format!("{count:.0}"),
                    x + side / 2.0,
                    y + side / 2.0,
                    (side * 0.42).min(12.0),
                    ink,
                    "center",
                );
            }
        }
        if side > 9.0 {
            let fitting = |room: f64| name(truth).chars().take((room / LETTER) as usize).collect::<String>();
            let middle = (truth as f64 + 0.5) * side;
            brush.text(&fitting(left - 8.0), left - 6.0, MARGIN.0 + middle, 11.0, theme.faint, "right");
            brush.text(&fitting(side), left + middle, MARGIN.0 - 10.0, 11.0, theme.faint, "center");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_finds_its_cell() {
        let hit = |x, y| cell(Hit { x, y, width: 132.0, height: 128.0 }, 10, 30.0);
        assert_eq!(hit(30.5, 28.5), Some(Told::Figure(Spot { series: 0, at: 0 })));
        assert_eq!(hit(129.0, 39.0), Some(Told::Figure(Spot { series: 1, at: 9 })));
        assert_eq!((hit(12.0, 60.0), hit(60.0, 12.0), hit(131.5, 60.0)), (None, None, None));
    }
}
