//! Test samples with what the network takes them for.

use std::rc::Rc;

use engine::sorting::Sorting as _;
use leptos::prelude::*;

use super::card::{Card, watches};
use super::plot::numbers::{Cell, Numbers};
use super::plot::{Hit, Plot, Told};
use crate::state::{Lab, Measured};
use crate::tongue::t;
use crate::ui::canvas::Sheet;
use crate::ui::paint::{Brush, Frame, Pixels};
use crate::ui::theme::mix;

const CELL: f64 = 64.0;
const CAPTION: f64 = 18.0;
const GAP: f64 = 8.0;
/// Samples that are measured.
const SHOWN: usize = 24;

#[component]
pub fn Samples() -> impl IntoView {
    let lab = Lab::get();
    let samples = lab.probe("samples");
    let seen = watches("samples");
    let label = {
        let samples = samples.clone();
        Signal::derive(move || {
            let (right, all) = samples.with(|m| m.as_ref().map(|m| tally(m)).unwrap_or_default());
            t!("Test samples with the network's answers: {right} of {all} are right", right, all)
        })
    };
    let watched = samples.clone();
    let (listed, pointed) = (samples.clone(), samples.clone());
    let names = move || lab.summary.with_untracked(|s| s.as_ref().map(|s| s.data.outputs.clone()).unwrap_or_default());
    let numbers = move || {
        let figures = listed.with(|m| m.as_ref().and_then(|m| table(m, &names())));
        figures.unwrap_or_else(|| Numbers::new("", [], percent))
    };
    let hover = move |hit: Option<Hit>| pointed.with_untracked(|m| told(hit?, m.as_ref()?, &names()));
    let draw = move |sheet: &Sheet| {
        samples.with_untracked(|m| {
            if let Some(m) = m {
                draw(sheet, m, &names());
            }
        });
    };
    view! {
        <Card title=key!("Samples") help=t("Test samples with the class that the network gives them and how sure it is. A bar and a cross mark the wrong ones.")>
            <Plot
                label=label
                class="samples"
                height=Callback::new(height)
                watch=Rc::new(move || watched.track())
                draw=Rc::new(draw)
                numbers=Rc::new(numbers)
                hover=Rc::new(hover)
                seen=seen
            />
        </Card>
    }
}

/// Height for the samples that are shown, in rows of this width.
fn height(width: f64) -> f64 {
    SHOWN.div_ceil(columns(width)) as f64 * (CELL + CAPTION + GAP) - GAP
}

fn columns(width: f64) -> usize {
    ((width + GAP) / (CELL + GAP)).floor().max(1.0) as usize
}

/// The class with the highest probability, and how high that is.
fn best(p: &[f32]) -> (usize, f32) {
    p.iter().enumerate().fold((0, f32::MIN), |m, (i, v)| if *v > m.1 { (i, *v) } else { m })
}

/// How many samples are right, and of how many.
fn tally(m: &Measured) -> (usize, usize) {
    let (Some((_, labels)), Some((&[all, classes], p))) = (m.tensor("labels"), m.tensor("probabilities")) else {
        return (0, 0);
    };
    let right = p.chunks_exact(classes.max(1)).zip(labels).filter(|(p, l)| best(p).0 == **l as usize).count();
    (right, all)
}

fn percent(v: f64) -> String {
    format!("{:.1} %", v * 100.0)
}

fn called(names: &[String], class: usize) -> String {
    names.get(class).cloned().unwrap_or_else(|| class.to_string())
}

/// A row for each sample: what it is, what it is taken for, and how likely each class is found.
fn table(m: &Measured, names: &[String]) -> Option<Numbers> {
    let ((_, labels), (&[_, classes], p)) = (m.tensor("labels")?, m.tensor("probabilities")?) else { return None };
    let heads = ["is".to_owned(), t("is taken for").to_owned()].into_iter();
    let mut n =
        Numbers::new("", heads.chain((0..classes).map(|c| t!("class {name}", name = called(names, c)))), percent);
    for (i, (p, label)) in p.chunks_exact(classes.max(1)).zip(labels).enumerate() {
        let words = [*label as usize, best(p).0].map(|c| Cell::Text(called(names, c)));
        n.row(t!("sample {number}", number = i + 1), words.into_iter().chain(p.iter().map(|v| Cell::from(*v))));
    }
    Some(n)
}

/// The answers to the sample at a point of the picture, the likeliest first.
fn told(hit: Hit, m: &Measured, names: &[String]) -> Option<Told> {
    let ((_, labels), (&[_, classes], p)) = (m.tensor("labels")?, m.tensor("probabilities")?) else { return None };
    let columns = columns(hit.width);
    let left = (hit.width - columns as f64 * (CELL + GAP) + GAP) / 2.0;
    let (column, row) = ((hit.x - left) / (CELL + GAP), hit.y / (CELL + CAPTION + GAP));
    if column < 0.0 || row < 0.0 || column as usize >= columns {
        return None;
    }
    let i = row as usize * columns + column as usize;
    let (p, label) = (p.get(i * classes..(i + 1) * classes)?, labels.get(i)?);
    let mut order: Vec<usize> = (0..classes).collect();
    order.put_in_order_by(|a, b| p[*b].total_cmp(&p[*a]));
    let shares = order.into_iter().take(3).map(|c| format!("{} {}", called(names, c), percent(p[c].into())));
    let shares = shares.collect::<Vec<_>>().join(", ");
    Some(Told::Words(t!(
        "sample {number} is {name}: {shares}",
        number = i + 1,
        name = called(names, *label as usize),
        shares
    )))
}

fn draw(sheet: &Sheet, m: &Measured, names: &[String]) {
    let (Some(brush), Some((&[_, h, w], images)), Some((_, labels)), Some((&[_, classes], p))) =
        (Brush::new(sheet), m.tensor("images"), m.tensor("labels"), m.tensor("probabilities"))
    else {
        return;
    };
    let theme = &sheet.theme;
    let columns = columns(sheet.width);
    let left = (sheet.width - columns as f64 * (CELL + GAP) + GAP) / 2.0;
    let every = images.chunks_exact((h * w).max(1)).zip(labels).zip(p.chunks_exact(classes.max(1)));
    for (i, ((image, label), p)) in every.enumerate() {
        let (x, y) = (left + (i % columns) as f64 * (CELL + GAP), (i / columns) as f64 * (CELL + CAPTION + GAP));
        if y + CELL + CAPTION > sheet.height {
            break;
        }
        let (class, sure) = best(p);
        let right = class == *label as usize;
        let pixels = Pixels::new(w, h, image.iter().map(|v| mix(theme.paper, theme.ink, v.clamp(0.0, 1.0))));
        brush.pixels(&pixels, Frame { x, y, w: CELL, h: CELL }, false);
        let frame = Frame { x: x + 0.5, y: y + 0.5, w: CELL - 1.0, h: CELL - 1.0 };
        let mark = if right { theme.line } else { theme.above };
        brush.outline(frame, mark, 1.0);
        if !right {
            brush.rect(Frame { x, y: y + CELL - 3.0, w: CELL, h: 3.0 }, theme.above);
        }
        let called = |class: usize| called(names, class);
        let text = if right {
            format!("{} {:.0} %", called(class), sure * 100.0)
        } else {
            t!("✗ {class}, is {label}", class = called(class), label = called(*label as usize))
        };
        brush.text(
            &text,
            x + CELL / 2.0,
            y + CELL + CAPTION / 2.0 + 1.0,
            11.5,
            if right { theme.ink } else { theme.above },
            "center",
        );
    }
}
