//! What each hidden unit answers over the plane: one small map a unit, a row of them a stage.

use std::rc::Rc;
use std::sync::Arc;

use engine::protocol::StageInfo;
use leptos::prelude::*;

use super::card::{Card, watches};
use super::plane::{at, place, plane};
use super::plot::numbers::{Cell, Numbers};
use super::plot::{Hit, Plot, Told};
use crate::state::{Lab, Measured};
use crate::tongue::{heard, t};
use crate::ui::canvas::{Sheet, Sight};
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
        let (counted, pointed) = (units.clone(), units.clone());
        let (of, on) = (name.clone(), name.clone());
        let numbers = move || {
            let figures = counted.with(|m| m.as_ref().and_then(|m| answers(m, &of)));
            figures.unwrap_or_else(|| Numbers::new("", [], figure))
        };
        let hover = move |hit: Option<Hit>| pointed.with_untracked(|m| told(hit?, m.as_ref()?, &on));
        let called = heard(&name).into_owned();
        let count =
            if shown < width { t!("first {shown} of {width} units", shown, width) } else { t!("{width} units", width) };
        view! {
            <figure>
                <figcaption>{capital(&called)} <small>{count}</small></figcaption>
                <Plot
                    label=Signal::stored(t!("Response of {shown} units of {name} over the plane", shown, name = called))
                    class="tile-canvas"
                    height=Callback::new(move |w| tiles_height(w, shown))
                    watch=Rc::new(move || watched.track())
                    draw=Rc::new(move |s: &Sheet| drawn.with_untracked(|m| draw(s, m.as_ref(), &stage)))
                    numbers=Rc::new(numbers)
                    hover=Rc::new(hover)
                />
            </figure>
        }
    };
    let room = move |width| lab.summary.with(|s| s.as_ref().map_or(0.0, |s| room(width, &s.stages)));
    view! {
        <Card title=key!("What the units see") help=t("Each square is the plane as one hidden unit sees it: where it answers strongly, and with which sign.")>
            <Sight seen=seen there=Signal::derive(move || stages.with(|s| !s.is_empty())) room=Callback::new(room) />
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

/// About the height of the maps of all hidden stages, with their names and tools.
fn room(width: f64, stages: &[StageInfo]) -> f64 {
    let hidden = stages.split_last().map_or(&[][..], |(_, hidden)| hidden);
    let units = hidden.iter().filter_map(|s| s.output.last().copied());
    units.map(|units| 60.0 + tiles_height(width, units.min(UNITS))).sum()
}

/// Where the tile at a point of the picture is: its number, and the point within it.
pub fn tile(hit: Hit, tiles: usize) -> Option<(usize, Hit)> {
    let columns = columns(hit.width);
    let (column, row) = ((hit.x / (SIDE + GAP)).floor(), (hit.y / (SIDE + GAP)).floor());
    let inside = Hit { x: hit.x - column * (SIDE + GAP), y: hit.y - row * (SIDE + GAP), width: SIDE, height: SIDE };
    let number = row as usize * columns + column as usize;
    let on = hit.x >= 0.0 && hit.y >= 0.0 && (column as usize) < columns && number < tiles;
    (on && inside.x < SIDE && inside.y < SIDE).then_some((number, inside))
}

fn figure(v: f64) -> String {
    format!("{v:.3}")
}

/// What each unit answers at a coarse grid of places: a row for each unit and each row of the grid.
fn answers(m: &Measured, stage: &str) -> Option<Numbers> {
    let (&[cells, units], values) = m.tensor(stage)? else { return None };
    let mut all = None::<Numbers>;
    for unit in 0..units.min(UNITS) {
        let of_unit = plane(cells, figure, |cell| Cell::from(values[cell * units + unit]));
        let all = all.get_or_insert_with(|| Numbers { rows: Vec::new(), ..of_unit.clone() });
        all.rows.extend(of_unit.rows.into_iter().map(|(y, cells)| (t!("unit {unit}, {y}", unit = unit + 1, y), cells)));
    }
    all
}

/// What the unit at a point of the picture answers there.
fn told(hit: Hit, m: &Measured, stage: &str) -> Option<Told> {
    let (&[cells, units], values) = m.tensor(stage)? else { return None };
    let (unit, within) = tile(hit, units.min(UNITS))?;
    let (x, y, cell) = place(within, cells.isqrt())?;
    let value = values.get(cell * units + unit)?;
    Some(Told::Words(t!(
        "unit {unit}, {place}: {value}",
        unit = unit + 1,
        place = at(x, y),
        value = figure((*value).into())
    )))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_finds_its_tile() {
        // Three in a row of 132.
        let hit = |x, y| tile(Hit { x, y, width: 132.0, height: 84.0 }, 5).map(|(n, h)| (n, h.x, h.y));
        assert_eq!(hit(1.0, 2.0), Some((0, 1.0, 2.0)));
        assert_eq!(hit(50.0, 50.0), Some((4, 6.0, 6.0)));
        assert_eq!((hit(90.0, 50.0), hit(42.0, 3.0)), (None, None), "there is no sixth, and nothing between two");
    }
}
