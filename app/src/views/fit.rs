//! Numbers that the network tells, beside the true ones: a curve, a picture, or point against point; and forecasts.

use leptos::prelude::*;
use plotters::style::RGBColor;

use super::card::{Card, watches};
use crate::state::{Lab, Measured};
use crate::tongue::t;
use crate::ui::canvas::{Canvas, Sheet};
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
    let watched = probe.clone();
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
            <Canvas label=label class="plot" watch=move || watched.track() draw=draw seen=seen />
        </Card>
    }
}

#[component]
pub fn Forecasts() -> impl IntoView {
    let lab = Lab::get();
    let probe = lab.probe("forecasts");
    let seen = watches("forecasts");
    let watched = probe.clone();
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
            <Canvas label=label class="samples" height=height watch=move || watched.track() draw=draw seen=seen />
        </Card>
    }
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
            let mut order: Vec<usize> = (0..count).collect();
            order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
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
            let side = (w / 2.0 - GAP).min(h);
            let dot = side / (count as f64).sqrt().max(1.0) + 0.6;
            let (across, down) = (range(x.iter().step_by(2)), range(x.iter().skip(1).step_by(2)));
            for (left, of) in [(w / 2.0 - GAP / 2.0 - side, truth), (w / 2.0 + GAP / 2.0, told)] {
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
