//! The plane that networks of two inputs are seen over: its places, its samples, and figures at some of its places.

use leptos::prelude::*;

use super::plot::Hit;
use super::plot::figure::Key;
use super::plot::numbers::{Cell, Numbers};
use crate::state::Lab;
use crate::tongue::t;
use crate::ui::canvas::Sheet;
use crate::ui::drawing::hex;
use crate::ui::paint::Brush;
use crate::ui::theme::Theme;

/// The plane is seen from −REACH to REACH in both directions.
pub const REACH: f64 = 1.2;
/// Places to a row of a table, and rows.
const COARSE: usize = 12;
/// Radius of a sample's mark, in the page's pixels.
const DOT: f64 = 2.7;
/// The shapes of [`Brush::mark`], as signs.
const SIGNS: [&str; 5] = ["●", "■", "▲", "◆", "▼"];

/// The middle of column (or row) `i` of so many.
fn across(i: usize, side: usize) -> f64 {
    ((i as f64 + 0.5) / side.max(1) as f64 * 2.0 - 1.0) * REACH
}

/// Of a square of `side × side` cells, the place at a point of its picture: x, y and the cell.
pub fn place(hit: Hit, side: usize) -> Option<(f64, f64, usize)> {
    let (x, y) = (hit.x / hit.width, hit.y / hit.height);
    if !(0.0..1.0).contains(&x) || !(0.0..1.0).contains(&y) {
        return None;
    }
    let cell = (y * side as f64) as usize * side + (x * side as f64) as usize;
    Some(((2.0 * x - 1.0) * REACH, (1.0 - 2.0 * y) * REACH, cell))
}

/// A place in words.
pub fn at(x: f64, y: f64) -> String {
    t!("x {x}, y {y}", x = format_args!("{x:.2}"), y = format_args!("{y:.2}"))
}

/// Figures of a square of cells at a coarse grid of places: rows from the top, columns from the left.
pub fn plane(cells: usize, write: fn(f64) -> String, cell: impl Fn(usize) -> Cell) -> Numbers {
    let side = cells.isqrt();
    let shown = side.min(COARSE);
    let of = |i: usize| ((i as f64 + 0.5) / shown as f64 * side as f64) as usize;
    let mut n =
        Numbers::new("", (0..shown).map(|i| t!("x {x}", x = format_args!("{:.2}", across(of(i), side)))), write);
    for row in 0..shown {
        n.row(
            t!("y {y}", y = format_args!("{:.2}", -across(of(row), side))),
            (0..shown).map(|column| cell(of(row) * side + of(column))),
        );
    }
    n
}

/// A sample at its place, in the colour and the shape of its class.
pub fn dot(brush: &Brush, sheet: &Sheet, at: &[f32], class: usize) {
    let across = (f64::from(at[0]) + REACH) / (2.0 * REACH) * sheet.width;
    let down = (REACH - f64::from(at[1])) / (2.0 * REACH) * sheet.height;
    brush.mark(class, (across, down), DOT, sheet.theme.class(class), sheet.theme.paper);
}

fn names(lab: Lab) -> Vec<String> {
    lab.summary.with(|s| s.as_ref().map(|s| s.data.outputs.clone()).unwrap_or_default())
}

/// The name of a class.
pub fn class_name(lab: Lab, class: usize) -> String {
    untrack(|| names(lab)).get(class).cloned().unwrap_or_else(|| class.to_string())
}

/// The classes' marks, for a figure's legend.
pub fn classes(lab: Lab, theme: &Theme) -> Vec<Key> {
    let key = |(i, name): (usize, String)| Key {
        name: t!("class {name}", name),
        colour: theme.class(i),
        dash: &[],
        mark: Some(i),
    };
    untrack(|| names(lab)).into_iter().enumerate().map(key).collect()
}

/// The same beside a picture.
#[component]
pub fn Classes() -> impl IntoView {
    let lab = Lab::get();
    let theme = expect_context::<Signal<Theme>>();
    let entries = move || {
        let entry = |(i, name): (usize, String)| {
            let colour = theme.with(|t| hex(t.class(i)));
            view! { <li><span style:color=colour aria-hidden="true">{SIGNS[i % SIGNS.len()]}</span> {t!("class {name}", name)}</li> }
        };
        names(lab).into_iter().enumerate().map(entry).collect_view()
    };
    view! { <ul class="legend" aria-label=t("Marks of the samples")>{entries}</ul> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::plot::numbers::Spot;

    #[test]
    fn places_of_the_plane_are_found() {
        let hit = |x, y| place(Hit { x, y, width: 200.0, height: 200.0 }, 50);
        let (x, y, cell) = hit(199.0, 1.0).unwrap_or_default();
        assert!(x > 1.18 && y > 1.18 && cell == 49, "the right upper corner: {x} {y} {cell}");
        assert_eq!(hit(100.0, 100.0).map(|p| p.2), Some(25 * 50 + 25));
        assert_eq!(hit(200.0, 3.0), None);
    }

    #[test]
    fn the_coarse_grid_is_of_the_cells_it_names() {
        let n = plane(24 * 24, |v| v.to_string(), |i| Cell::from(i as f64));
        assert_eq!(n.extent(), (12, 12));
        assert_eq!(n.reading(Spot { series: 0, at: 11 }), "x 1.15, y 1.05: 47");
        assert_eq!(
            plane(4, |v| v.to_string(), |i| Cell::from(i as f64)).csv(),
            ",x -0.60,x 0.60\ny 0.60,0,1\ny -0.60,2,3\n"
        );
    }
}
