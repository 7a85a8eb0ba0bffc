//! Numbers that the network tells, beside the true ones: a curve, a picture, or point against point; and forecasts.

use std::rc::Rc;

use engine::sorting::Sorting as _;
use leptos::prelude::*;
use plotters::style::RGBColor;

use super::card::{Card, watches};
use super::plot::numbers::{Cell, Numbers};
use super::plot::{Hit, Plot, Told};
use crate::state::{Lab, Measured};
use crate::tongue::t;
use crate::ui::canvas::Sheet;
use crate::ui::paint::{Brush, Frame};
use crate::ui::theme::{Theme, mix};

/// Forecasts stand in so many columns.
const COLUMNS: usize = 2;
const PANEL: f64 = 110.0;
const GAP: f64 = 12.0;

#[component]
pub fn Fit() -> impl IntoView {
    let lab = Lab::get();
    let probe = lab.probe("fit");
    let seen = watches("fit");
    let (watched, listed, pointed) = (probe.clone(), probe.clone(), probe.clone());
    let numbers = move || {
        let figures = listed.with(|m| m.as_ref().and_then(|m| told_and_true(m)));
        figures.unwrap_or_else(|| Numbers::new("", [], figure))
    };
    let hover = move |hit: Option<Hit>| pointed.with_untracked(|m| nearest(hit?, m.as_ref()?));
    let label = Signal::derive(move || {
        let score = lab
            .scores
            .get()
            .map(|s| t!(": R² is {mark} on the test samples", mark = format_args!("{:.3}", s.test.accuracy)));
        t!("What the network tells and what is true{score}", score = score.unwrap_or_default())
    });
    let draw = move |sheet: &Sheet| {
        probe.with_untracked(|m| {
            if let Some(m) = m {
                draw(sheet, m);
            }
        });
    };
    view! {
        <Card title=key!("Fit") help=t("Thin and dark, or at the left: what is true. Coloured, or at the right: what the network tells.")>
            <Plot
                label=label
                class="plot"
                watch=Rc::new(move || watched.track())
                draw=Rc::new(draw)
                numbers=Rc::new(numbers)
                hover=Rc::new(hover)
                seen=seen
            />
        </Card>
    }
}

#[component]
pub fn Forecasts() -> impl IntoView {
    let lab = Lab::get();
    let probe = lab.probe("forecasts");
    let seen = watches("forecasts");
    let (watched, listed, pointed) = (probe.clone(), probe.clone(), probe.clone());
    let numbers = move || {
        let figures = listed.with(|m| m.as_ref().and_then(|m| expected(m)));
        figures.unwrap_or_else(|| Numbers::new("", [], figure))
    };
    let hover = move |hit: Option<Hit>| pointed.with_untracked(|m| forecast_at(hit?, m.as_ref()?));
    let label = Signal::derive(move || {
        let score = lab
            .scores
            .get()
            .map(|s| t!(": R² is {mark} on the test samples", mark = format_args!("{:.3}", s.test.accuracy)));
        t!("Forecasts from stretches of the test series, and what came{score}", score = score.unwrap_or_default())
    });
    let draw = move |sheet: &Sheet| {
        probe.with_untracked(|m| {
            if let Some(m) = m {
                forecasts(sheet, m);
            }
        });
    };
    let height = Callback::new(|_: f64| 3.0 * (PANEL + GAP));
    view! {
        <Card title=key!("Forecasts") help=t("Grey: what the network sees of the series. Dark: what came. Coloured: what the network expected.")>
            <Plot
                label=label
                class="samples"
                height=height
                watch=Rc::new(move || watched.track())
                draw=Rc::new(draw)
                numbers=Rc::new(numbers)
                hover=Rc::new(hover)
                seen=seen
            />
        </Card>
    }
}

fn figure(v: f64) -> String {
    format!("{v:.4}")
}

/// Samples in the order of their one input, or as they come.
fn order(x: &[f32], count: usize, features: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    if features == 1 {
        order.put_in_order_by(|&a, &b| x[a].total_cmp(&x[b]));
    }
    order
}

/// A row for each sample: where it is, what is true there, and what the network tells.
fn told_and_true(m: &Measured) -> Option<Numbers> {
    let ((&[count, features], x), (&[_, outputs], truth), (_, told)) =
        (m.tensor("x")?, m.tensor("truth")?, m.tensor("told")?)
    else {
        return None;
    };
    let number = |i: usize| if outputs > 1 { format!(" {}", i + 1) } else { String::new() };
    let places = if features == 2 { vec!["x".to_owned(), "y".to_owned()] } else { Vec::new() };
    let heads = (0..outputs).flat_map(|i| [format!("true{}", number(i)), format!("told{}", number(i))]);
    let mut n = Numbers::new("", places.into_iter().chain(heads), figure).by_columns();
    for i in order(x, count, features) {
        let at = &x[i * features..(i + 1) * features];
        let name = if features == 1 {
            t!("x {x}", x = format_args!("{:.3}", at[0]))
        } else {
            t!("sample {number}", number = i + 1)
        };
        if features == 1 {
            n.places.push(at[0].into());
        }
        let places = if features == 2 { at } else { &[] };
        let values = (0..outputs).flat_map(|o| [truth[i * outputs + o], told[i * outputs + o]]);
        n.row(name, places.iter().copied().chain(values));
    }
    Some(n)
}

/// What is true and what is told at the sample that lies nearest to a point of the picture.
fn nearest(hit: Hit, m: &Measured) -> Option<Told> {
    let ((&[count, features], x), (&[_, outputs], truth), (_, told)) =
        (m.tensor("x")?, m.tensor("truth")?, m.tensor("told")?)
    else {
        return None;
    };
    let values = range(truth.iter().chain(told));
    let at = |i: usize| match features {
        1 => (along(x[i], range(x.iter()), 4.0, hit.width - 4.0), hit.y),
        2 => {
            let (across, down) = (range(x.iter().step_by(2)), range(x.iter().skip(1).step_by(2)));
            let (left, side, _) = squares(hit.width, hit.height, count);
            let from = if hit.x < hit.width / 2.0 { left[0] } else { left[1] };
            (along(x[2 * i], across, from, from + side), along(x[2 * i + 1], down, 0.0, side))
        }
        _ => {
            let (t, p) = (truth[i * outputs], told[i * outputs]);
            (along(t, values, 4.0, hit.width - 4.0), along(p, values, hit.height - 6.0, 6.0))
        }
    };
    let far = |i: &usize| {
        let (x, y) = at(*i);
        (x - hit.x).powi(2) + (y - hit.y).powi(2)
    };
    let i = (0..count).min_by(|a, b| far(a).total_cmp(&far(b)))?;
    let list = |of: &[f32]| {
        of[i * outputs..(i + 1) * outputs].iter().map(|v| figure((*v).into())).collect::<Vec<_>>().join(", ")
    };
    let place = x[i * features..(i + 1) * features].iter().take(2).map(|v| format!("{v:.3}")).collect::<Vec<_>>();
    let place =
        if features > 2 { t!("sample {number}", number = i + 1) } else { t!("at {place}", place = place.join(", ")) };
    Some(Told::Words(t!("{place}: true {truth}, told {told}", place, truth = list(truth), told = list(told))))
}

/// Where the two squares of a picture's pixels begin, how long their sides are, and how large a pixel is.
fn squares(width: f64, height: f64, count: usize) -> ([f64; 2], f64, f64) {
    let side = (width / 2.0 - GAP).min(height);
    let dot = side / (count as f64).sqrt().max(1.0) + 0.6;
    ([width / 2.0 - GAP / 2.0 - side, width / 2.0 + GAP / 2.0], side, dot)
}

/// A row for each place of the series; of each forecast, what came and what was expected.
fn expected(m: &Measured) -> Option<Numbers> {
    let ((&[count, length], past), (&[_, ahead], truth), (_, told)) =
        (m.tensor("past")?, m.tensor("truth")?, m.tensor("told")?)
    else {
        return None;
    };
    let heads = (1..=count).flat_map(|i| [t!("series {i}", i), t!("expected {i}", i)]);
    let mut n = Numbers::new("", heads, figure).by_columns();
    for place in 0..length + ahead {
        let cells = (0..count).flat_map(|i| match place.checked_sub(length) {
            None => [Cell::from(past[i * length + place]), Cell::Nothing],
            Some(later) => [truth[i * ahead + later], told[i * ahead + later]].map(Cell::from),
        });
        n.row(t!("place {place}", place = place + 1), cells);
    }
    Some(n)
}

/// What the series is, and what was expected of it, at the place of a forecast that lies nearest to the pointer.
fn forecast_at(hit: Hit, m: &Measured) -> Option<Told> {
    let ((&[count, length], past), (&[_, ahead], truth), (_, told)) =
        (m.tensor("past")?, m.tensor("truth")?, m.tensor("told")?)
    else {
        return None;
    };
    let (i, place) = forecast_place(hit, count, length + ahead)?;
    let told = match place.checked_sub(length) {
        None => figure(past[i * length + place].into()),
        Some(later) => t!(
            "{truth}, expected {told}",
            truth = figure(truth[i * ahead + later].into()),
            told = figure(told[i * ahead + later].into())
        ),
    };
    Some(Told::Words(t!("series {i}, place {place}: {told}", i = i + 1, place = place + 1, told)))
}

/// Number of the forecast that the pointer is in, of `count`, and of the place nearest to it, of `places`.
fn forecast_place(hit: Hit, count: usize, places: usize) -> Option<(usize, usize)> {
    let wide = (hit.width - GAP) / COLUMNS as f64;
    let (column, row) = ((hit.x / (wide + GAP)) as usize, (hit.y / (PANEL + GAP)) as usize);
    let i = row * COLUMNS + column;
    let (x, y) = (hit.x - column as f64 * (wide + GAP), hit.y - row as f64 * (PANEL + GAP));
    let inside = column < COLUMNS && i < count && x <= wide && y <= PANEL && places > 0;
    let step = wide / places.max(2) as f64;
    inside.then(|| (i, ((x / step).round() as usize).min(places - 1)))
}

/// The least and the greatest of `values`, apart from each other.
fn range<'a>(values: impl Iterator<Item = &'a f32>) -> (f64, f64) {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::MAX, f64::MIN), |(low, high), &v| (low.min(v.into()), high.max(v.into())));
    if low < high { (low, high) } else { (low.min(0.0) - 1.0, high.max(0.0) + 1.0) }
}

/// Where `v` of `range` lies between `from` and `to`.
fn along(v: f32, (low, high): (f64, f64), from: f64, to: f64) -> f64 {
    from + (f64::from(v) - low) / (high - low) * (to - from)
}

fn draw(sheet: &Sheet, m: &Measured) {
    let (Some(brush), Some((&[count, features], x)), Some((&[_, outputs], truth)), Some((_, told))) =
        (Brush::new(sheet), m.tensor("x"), m.tensor("truth"), m.tensor("told"))
    else {
        return;
    };
    let theme = &sheet.theme;
    let values = range(truth.iter().chain(told));
    let (w, h) = (sheet.width, sheet.height);
    match features {
        1 => {
            let places = range(x.iter());
            let order = order(x, count, features);
            for output in 0..outputs {
                let curve = |of: &[f32]| {
                    let point = |&i: &usize| {
                        let y = along(of[i * outputs + output], values, h - 6.0, 6.0);
                        (along(x[i], places, 4.0, w - 4.0), y)
                    };
                    order.iter().map(point).collect::<Vec<_>>()
                };
                brush.path(&curve(truth), theme.ink, 1.0);
                brush.path(&curve(told), theme.class(output), 2.25);
            }
        }
        2 => {
            let (lefts, side, dot) = squares(w, h, count);
            let (across, down) = (range(x.iter().step_by(2)), range(x.iter().skip(1).step_by(2)));
            for (left, of) in lefts.into_iter().zip([truth, told]) {
                for (at, v) in x.chunks_exact(2).zip(of.chunks_exact(outputs.max(1))) {
                    let (x, y) = (along(at[0], across, left, left + side - dot), along(at[1], down, 0.0, side - dot));
                    brush.rect(Frame { x, y, w: dot, h: dot }, colour(theme, v, values));
                }
            }
        }
        _ => {
            brush.path(&[(4.0, h - 6.0), (w - 4.0, 6.0)], theme.line, 1.0);
            for (t, p) in truth.iter().zip(told).take(800) {
                let (x, y) = (along(*t, values, 4.0, w - 4.0), along(*p, values, h - 6.0, 6.0));
                brush.dot(x, y, 2.4, theme.test, theme.paper);
            }
        }
    }
}

/// Three numbers are red, green and blue; one is a shade.
fn colour(theme: &Theme, v: &[f32], values: (f64, f64)) -> RGBColor {
    let share = |v: f32| along(v, values, 0.0, 1.0).clamp(0.0, 1.0) as f32;
    match *v {
        [r, g, b] => RGBColor((share(r) * 255.0) as u8, (share(g) * 255.0) as u8, (share(b) * 255.0) as u8),
        [v, ..] => mix(RGBColor(0, 0, 0), RGBColor(255, 255, 255), share(v)),
        [] => theme.line,
    }
}

fn forecasts(sheet: &Sheet, m: &Measured) {
    let (Some(brush), Some((&[count, length], past)), Some((&[_, ahead], truth)), Some((_, told))) =
        (Brush::new(sheet), m.tensor("past"), m.tensor("truth"), m.tensor("told"))
    else {
        return;
    };
    let theme = &sheet.theme;
    let values = range(past.iter().chain(truth).chain(told));
    let wide = (sheet.width - GAP) / COLUMNS as f64;
    for i in 0..count {
        let (left, top) = ((i % COLUMNS) as f64 * (wide + GAP), (i / COLUMNS) as f64 * (PANEL + GAP));
        let step = wide / (length + ahead).max(2) as f64;
        let line = |of: &[f32], from: usize| {
            let point = |(j, v): (usize, &f32)| {
                (left + (from + j) as f64 * step, along(*v, values, top + PANEL - 4.0, top + 4.0))
            };
            of.iter().enumerate().map(point).collect::<Vec<_>>()
        };
        let seen = &past[i * length..(i + 1) * length];
        let joined = |of: &[f32]| [&seen[length - 1..], &of[i * ahead..(i + 1) * ahead]].concat();
        brush.outline(Frame { x: left + 0.5, y: top + 0.5, w: wide - 1.0, h: PANEL - 1.0 }, theme.line, 1.0);
        brush.path(&line(seen, 0), theme.faint, 1.25);
        brush.path(&line(&joined(truth), length - 1), theme.ink, 1.25);
        brush.path(&line(&joined(told), length - 1), theme.test, 2.25);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_finds_its_forecast() {
        // Two columns of 100, ten places to each.
        let at = |x: f64, y: f64| forecast_place(Hit { x, y, width: 200.0 + GAP, height: 400.0 }, 6, 10);
        assert_eq!(at(1.0, 5.0), Some((0, 0)));
        assert_eq!(at(31.0, 5.0), Some((0, 3)));
        assert_eq!(at(99.0, 5.0), Some((0, 9)));
        assert_eq!(at(100.0 + GAP + 52.0, PANEL + GAP + 1.0), Some((3, 5)));
        assert_eq!(at(100.0 + GAP / 2.0, 5.0), None, "between two");
        assert_eq!(at(1.0, PANEL + GAP / 2.0), None);
        assert_eq!(at(1.0, 3.0 * (PANEL + GAP) + 1.0), None, "below the last");
    }
}
