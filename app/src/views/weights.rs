//! The weights of the first layer: as pictures where the samples are pictures, else as one matrix.

use engine::data::Look;
use leptos::prelude::*;
use plotters::style::RGBColor;

use super::card::{Card, watches};
use super::units::{GAP, SIDE, columns, tiles_height};
use crate::state::{Lab, Measured};
use crate::tongue::t;
use crate::ui::canvas::{Canvas, Sheet};
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
        units.unwrap_or(UNITS).min(UNITS)
    });
    let draw = move |sheet: &Sheet| {
        let look = lab.summary.with_untracked(|s| s.as_ref().map(|s| s.data.look));
        weights.with_untracked(|m| {
            if let Some(m) = m {
                draw(sheet, m, look);
            }
        });
    };
    let help = t("What each unit of the first layer looks for: orange adds to its answer, blue takes away from it.");
    view! {
        <Card title=key!("First weights") help=help>
                <Canvas
                    label=Signal::derive(move || t!("Weights of {shown} units of the first layer", shown = shown.get()))
                    class="tile-canvas"
                    height=Callback::new(move |w| tiles_height(w, shown.get()))
                    watch=move || watched.track()
                    draw=draw
                    seen=seen
                />
        </Card>
    }
}

fn draw(sheet: &Sheet, m: &Measured, look: Option<Look>) {
    let (Some(brush), Some((&[inputs, units], values))) = (Brush::new(sheet), m.tensor("weights")) else {
        return;
    };
    let theme = &sheet.theme;
    let colour = |v: f32, most: f32| -> RGBColor { theme.diverging(v / most) };
    match look {
        Some(Look::Image { height, width }) if height * width == inputs => {
            let columns = columns(sheet.width);
            for unit in 0..units.min(UNITS) {
                let column = || values.iter().skip(unit).step_by(units);
                let most = column().fold(1e-6_f32, |m, v| m.max(v.abs()));
                let pixels = Pixels::new(width, height, column().map(|v| colour(*v, most)));
                let (x, y) = ((unit % columns) as f64 * (SIDE + GAP), (unit / columns) as f64 * (SIDE + GAP));
                brush.pixels(&pixels, Frame { x, y, w: SIDE, h: SIDE }, false);
            }
        }
        Some(Look::Image { .. } | Look::Plane | Look::Series | Look::Table | Look::Text) | None => {
            let most = values.iter().fold(1e-6_f32, |m, v| m.max(v.abs()));
            let pixels = Pixels::new(units, inputs, values.iter().map(|v| colour(*v, most)));
            brush.pixels(&pixels, Frame { x: 0.0, y: 0.0, w: sheet.width, h: sheet.height }, false);
        }
    }
}
