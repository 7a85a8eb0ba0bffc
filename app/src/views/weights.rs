//! The weights of the first layer: as pictures where the samples are pictures, else as one matrix.

use std::rc::Rc;

use engine::data::Look;
use leptos::prelude::*;
use plotters::style::RGBColor;

use super::card::{Card, watches};
use super::plot::numbers::{Numbers, Spot};
use super::plot::{Hit, Plot, Told};
use super::units::{GAP, SIDE, columns, tile, tiles_height};
use crate::state::{Lab, Measured};
use crate::tongue::t;
use crate::ui::canvas::Sheet;
use crate::ui::paint::{Brush, Frame, Pixels};

/// Units shown.
const UNITS: usize = 64;

#[component]
pub fn Weights() -> impl IntoView {
    let lab = Lab::get();
    let weights = lab.probe("weights");
    let seen = watches("weights");
    let (watched, counted) = (weights.clone(), weights.clone());
    let shown = Memo::new(move |_| {
        let units = counted.with(|m| m.as_ref().and_then(|m| m.tensor("weights")).and_then(|(s, _)| s.get(1).copied()));
        // Before they are measured, as many as the first block most likely has.
        let likely = || lab.summary.with(|s| s.as_ref()?.stages.first()?.blocks.first()?.output.last().copied());
        units.or_else(likely).unwrap_or(UNITS).min(UNITS)
    });
    let (listed, pointed) = (weights.clone(), weights.clone());
    let look = move || lab.summary.with_untracked(|s| s.as_ref().map(|s| s.data.look));
    let numbers = move || {
        let figures = listed.with(|m| m.as_ref().and_then(|m| table(m, look())));
        figures.unwrap_or_else(|| Numbers::new("", [], figure))
    };
    let hover = move |hit: Option<Hit>| pointed.with_untracked(|m| told(hit?, m.as_ref()?, look()));
    let draw = move |sheet: &Sheet| {
        weights.with_untracked(|m| {
            if let Some(m) = m {
                draw(sheet, m, look());
            }
        });
    };
    let help = t("What each unit of the first layer looks for: orange adds to its answer, blue takes away from it.");
    view! {
        <Card title=key!("First weights") help=help>
            <Plot
                label=Signal::derive(move || t!("Weights of {shown} units of the first layer", shown = shown.get()))
                title=Signal::stored(t("First weights").to_owned())
                class="tile-canvas"
                height=Callback::new(move |w| tiles_height(w, shown.get()))
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

/// The size of the samples' pictures, where they are pictures that the layer sees whole.
fn picture(look: Option<Look>, inputs: usize) -> Option<(usize, usize)> {
    match look {
        Some(Look::Image { height, width }) if height * width == inputs => Some((height, width)),
        Some(Look::Image { .. } | Look::Plane | Look::Series | Look::Table | Look::Text) | None => None,
    }
}

fn input(i: usize, picture: Option<(usize, usize)>) -> String {
    match picture {
        Some((_, width)) => t!("row {row}, column {column}", row = i / width.max(1) + 1, column = i % width.max(1) + 1),
        None => t!("input {number}", number = i + 1),
    }
}

/// A row for each input, a column for each unit.
fn table(m: &Measured, look: Option<Look>) -> Option<Numbers> {
    let (&[inputs, units], values) = m.tensor("weights")? else { return None };
    let mut n = Numbers::new("", (1..=units).map(|u| t!("unit {u}", u)), figure).by_columns();
    for (i, row) in values.chunks_exact(units.max(1)).enumerate() {
        n.row(input(i, picture(look, inputs)), row.iter().copied());
    }
    Some(n)
}

/// The weight at a point of the picture.
fn told(hit: Hit, m: &Measured, look: Option<Look>) -> Option<Told> {
    let (&[inputs, units], _) = m.tensor("weights")? else { return None };
    let part =
        |v: f64, whole: f64, parts: usize| (0.0..whole).contains(&v).then(|| (v / whole * parts as f64) as usize);
    let (at, series) = match picture(look, inputs) {
        Some((height, width)) => {
            let (unit, within) = tile(hit, units.min(UNITS))?;
            (part(within.y, SIDE, height)? * width + part(within.x, SIDE, width)?, unit)
        }
        None => (part(hit.y, hit.height, inputs)?, part(hit.x, hit.width, units)?),
    };
    Some(Told::Figure(Spot { series, at }))
}

fn draw(sheet: &Sheet, m: &Measured, look: Option<Look>) {
    let (Some(brush), Some((&[inputs, units], values))) = (Brush::new(sheet), m.tensor("weights")) else {
        return;
    };
    let theme = &sheet.theme;
    let colour = |v: f32, most: f32| -> RGBColor { theme.diverging(v / most) };
    match picture(look, inputs) {
        Some((height, width)) => {
            let columns = columns(sheet.width);
            for unit in 0..units.min(UNITS) {
                let column = || values.iter().skip(unit).step_by(units);
                let most = column().fold(1e-6_f32, |m, v| m.max(v.abs()));
                let pixels = Pixels::new(width, height, column().map(|v| colour(*v, most)));
                let (x, y) = ((unit % columns) as f64 * (SIDE + GAP), (unit / columns) as f64 * (SIDE + GAP));
                brush.pixels(&pixels, Frame { x, y, w: SIDE, h: SIDE }, false);
            }
        }
        None => {
            let most = values.iter().fold(1e-6_f32, |m, v| m.max(v.abs()));
            let pixels = Pixels::new(units, inputs, values.iter().map(|v| colour(*v, most)));
            brush.pixels(&pixels, Frame { x: 0.0, y: 0.0, w: sheet.width, h: sheet.height }, false);
        }
    }
}
