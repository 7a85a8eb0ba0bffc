//! Test samples with what the network takes them for.

use leptos::prelude::*;

use super::card::{Card, watches};
use crate::state::{Lab, Measured};
use crate::tongue::t;
use crate::ui::canvas::{Canvas, Sheet};
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
    let draw = move |sheet: &Sheet| {
        let classes = lab.summary.with_untracked(|s| s.as_ref().map(|s| s.data.outputs.clone()).unwrap_or_default());
        samples.with_untracked(|m| {
            if let Some(m) = m {
                draw(sheet, m, &classes);
            }
        });
    };
    view! {
        <Card title=key!("Samples") help=t("Test samples with the class that the network gives them and how sure it is. A bar and a cross mark the wrong ones.")>
            <Canvas label=label class="samples" height=Callback::new(height) watch=move || watched.track() draw=draw seen=seen />
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
        let called = |class: usize| names.get(class).cloned().unwrap_or_else(|| class.to_string());
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
