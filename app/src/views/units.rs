//! What each hidden unit answers over the plane: one small map a unit, a row of them a stage.

use std::sync::Arc;

use leptos::prelude::*;

use super::card::{Card, watches};
use crate::state::{Lab, Measured};
use crate::tongue::t;
use crate::ui::canvas::{Canvas, Sheet, Sight};
use crate::ui::format::capital;
use crate::ui::paint::{Brush, Frame, Pixels};

/// Units shown of one stage.
const UNITS: usize = 48;
/// Side and gap of a map, in the page's pixels.
pub const SIDE: f64 = 40.0;
pub const GAP: f64 = 4.0;

#[component]
pub fn Units() -> impl IntoView {
    let lab = Lab::get();
    let units = lab.probe("units");
    let seen = watches("units");
    let stages = {
        let units = units.clone();
        Memo::new(move |_| {
            units.with(|m| {
                let tensors = m.iter().flat_map(|m| m.tensors());
                tensors
                    .map(|(name, shape, _)| (name.to_owned(), shape.get(1).copied().unwrap_or(0)))
                    .collect::<Vec<_>>()
            })
        })
    };
    let map = move |(name, width): (String, usize)| {
        let (watched, drawn, stage) = (units.clone(), units.clone(), name.clone());
        let shown = width.min(UNITS);
        let count =
            if shown < width { t!("first {shown} of {width} units", shown, width) } else { t!("{width} units", width) };
        view! {
            <figure>
                <figcaption>{capital(&name)} <small>{count}</small></figcaption>
                    <Canvas
                        label=t!("Response of {shown} units of {name} over the plane", shown, name)
                        class="tile-canvas"
                        height=Callback::new(move |w| tiles_height(w, shown))
                        watch=move || watched.track()
                        draw=move |s| drawn.with_untracked(|m| draw(s, m.as_ref(), &stage))
                    />
            </figure>
        }
    };
    view! {
        <Card title=key!("What the units see") help=t("Each square is the plane as one hidden unit sees it: where it answers strongly, and with which sign.")>
            <Sight seen=seen />
            <For each=move || stages.get() key=Clone::clone let:stage>
                {map(stage)}
            </For>
        </Card>
    }
}

/// Tiles in a row of this width.
pub fn columns(width: f64) -> usize {
    ((width + GAP) / (SIDE + GAP)).floor().max(1.0) as usize
}

/// Height of so many tiles in rows of this width.
pub fn tiles_height(width: f64, tiles: usize) -> f64 {
    tiles.max(1).div_ceil(columns(width)) as f64 * (SIDE + GAP) - GAP
}

fn draw(sheet: &Sheet, measured: Option<&Arc<Measured>>, stage: &str) {
    let (Some(brush), Some((&[cells, units], values))) = (Brush::new(sheet), measured.and_then(|m| m.tensor(stage)))
    else {
        return;
    };
    let side = cells.isqrt();
    let columns = columns(sheet.width);
    for unit in 0..units.min(UNITS) {
        let column = || values.iter().skip(unit).step_by(units);
        let most = column().fold(1e-6_f32, |m, v| m.max(v.abs()));
        let pixels = Pixels::new(side, side, column().map(|v| sheet.theme.diverging(v / most)));
        let (x, y) = ((unit % columns) as f64 * (SIDE + GAP), (unit / columns) as f64 * (SIDE + GAP));
        brush.pixels(&pixels, Frame { x, y, w: SIDE, h: SIDE }, true);
        brush.outline(Frame { x: x + 0.5, y: y + 0.5, w: SIDE - 1.0, h: SIDE - 1.0 }, sheet.theme.line, 1.0);
    }
}
