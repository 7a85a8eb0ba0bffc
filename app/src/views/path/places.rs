//! The places of a sequence, each in the colour and with the number of the expert that counts most there; a row of them
//! for each route.

use leptos::prelude::*;

use super::{row, written};
use crate::state::{Lab, Measured};
use crate::ui::canvas::Sheet;
use crate::ui::paint::{Brush, Frame};
use crate::ui::theme::mix;
use crate::views::plot::numbers::Numbers;

/// A place: what is written there, and the number of the expert below.
const CELL: f64 = 18.0;
const LINE: f64 = 34.0;
const TITLE: f64 = 18.0;
const ROOM: f64 = 6.0;

/// One route over a sequence.
pub struct Row {
    path: String,
    /// What stands at each place, and which expert counts most.
    places: Vec<(String, Option<usize>)>,
}

/// Names of the tensors of routes over places.
fn routes(m: &Measured) -> impl Iterator<Item = &str> {
    m.tensors().filter(|(name, shape, _)| name.starts_with("weights ") && shape.len() == 3).map(|(name, ..)| name)
}

/// How many routes go over places.
pub fn count(m: &Measured) -> usize {
    routes(m).count()
}

pub fn rows(lab: Lab, m: &Measured, sample: usize) -> Vec<Row> {
    let tokens = lab.summary.with_untracked(|s| s.as_ref().map(|s| s.data.tokens.clone()).unwrap_or_default());
    let x = row(m, "x", sample).map(|(_, x)| x).unwrap_or_default();
    let one = |name: &str| {
        let (&[places, experts], weights) = row(m, name, sample)? else { return None };
        let place = |(t, weights): (usize, &[f32])| {
            let token = (x.len() == places).then(|| tokens.get(x[t] as usize)).flatten();
            let first =
                weights.iter().enumerate().fold((None, 0.0), |b, (e, w)| if *w > b.1 { (Some(e), *w) } else { b });
            (token.map_or_else(|| "·".to_owned(), |token| written(token).to_owned()), first.0)
        };
        let places = weights.chunks_exact(experts.max(1)).enumerate().map(place).collect();
        Some(Row { path: name.strip_prefix("weights ")?.to_owned(), places })
    };
    routes(m).filter_map(one).collect()
}

fn across(width: f64) -> usize {
    (width / CELL).floor().max(1.0) as usize
}

/// Height of one route's row.
fn tall(width: f64, places: usize) -> f64 {
    TITLE + places.div_ceil(across(width)) as f64 * LINE + ROOM
}

pub fn height(width: f64, places: usize, routes: usize) -> f64 {
    tall(width, places) * routes as f64
}

/// The place at a point of the picture.
pub fn at((x, y): (f64, f64), width: f64, places: usize) -> Option<usize> {
    let down = y % tall(width, places) - TITLE;
    let (line, column) = ((down / LINE).floor(), (x / CELL).floor());
    let place = line as usize * across(width) + column as usize;
    (down >= 0.0 && x >= 0.0 && column < across(width) as f64 && place < places).then_some(place)
}

pub fn words(rows: &[Row]) -> String {
    let told = |(text, expert): &(String, Option<usize>)| {
        format!("{text} {}", expert.map_or_else(|| "–".to_owned(), |e| (e + 1).to_string()))
    };
    let row = |r: &Row| format!("{}: {}", r.path, r.places.iter().map(told).collect::<Vec<_>>().join(", "));
    format!("The expert that counts most at each place. {}", rows.iter().map(row).collect::<Vec<_>>().join(". "))
}

/// The same as a table: what stands at each place, and the expert that counts most there.
pub fn numbers(rows: &[Row]) -> Numbers {
    let longest = rows.iter().map(|r| r.places.len()).max().unwrap_or(0);
    let mut n = Numbers::new("", (1..=longest).map(|p| format!("place {p}")), |v| format!("{v:.0}"));
    for row in rows {
        n.row(format!("{}, text", row.path), row.places.iter().map(|p| p.0.clone()));
        let expert = |e: Option<usize>| e.map(|e| (e + 1) as f64);
        n.row(format!("{}, expert", row.path), row.places.iter().map(|p| expert(p.1)));
    }
    n
}

pub fn draw(sheet: &Sheet, rows: &[Row], chosen: usize) {
    let Some(brush) = Brush::new(sheet) else { return };
    let theme = &sheet.theme;
    let columns = across(sheet.width);
    let mut top = 0.0;
    for row in rows {
        brush.text(&row.path, 0.0, top + TITLE / 2.0, 11.0, theme.faint, "left");
        for (t, (text, expert)) in row.places.iter().enumerate() {
            let (column, line) = ((t % columns) as f64, (t / columns) as f64);
            let at = Frame { x: column * CELL, y: top + TITLE + line * LINE, w: CELL - 1.0, h: LINE - 4.0 };
            let middle = at.x + at.w / 2.0;
            if let Some(e) = expert {
                brush.rect(at, mix(theme.paper, theme.class(*e), 0.4));
                brush.text(&(e + 1).to_string(), middle, at.y + 23.0, 10.0, theme.ink, "center");
            }
            brush.text(text, middle, at.y + 9.0, 12.5, theme.ink, "center");
            if t == chosen {
                brush.outline(Frame { x: at.x + 1.0, y: at.y + 1.0, w: at.w - 2.0, h: at.h - 2.0 }, theme.ink, 2.0);
            }
        }
        top += tall(sheet.width, row.places.len());
    }
}
