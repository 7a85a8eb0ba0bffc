//! Which expert the router likes best, everywhere in the plane.

use leptos::prelude::*;

use super::card::Card;
use super::exhibits::{Exhibit, experts, figures};
use super::plane::{at, classes, dot, place, plane};
use super::plot::Told;
use super::plot::numbers::{Cell, Numbers};
use crate::state::{Lab, Measured};
use crate::tongue::t;
use crate::ui::canvas::Sheet;
use crate::ui::paint::{Brush, Frame, Pixels};
use crate::ui::theme::mix;

/// The plane by expert.
#[component]
pub fn Regions() -> impl IntoView {
    let label = |m: &Measured, path: &str| {
        let Some((count, _, experts)) = experts(m, path) else { return String::new() };
        let used = (0..count).filter(|e| experts.iter().any(|v| *v as usize == *e)).count();
        t!("{used} of {count} experts have a region of the plane in {path}", used, count, path)
    };
    view! {
        <Card title=key!("Regions") help=t("Each colour, with its number, is an expert: the router likes it best there. Marks are samples, in the shape of their class.")>
            {figures(Exhibit {
                probe: "regions",
                what: "experts ",
                class: "square",
                height: None,
                made_by: |b| b.routing.is_some(),
                room: |width| width.min(440.0) + 60.0,
                title: t("Regions of"),
                label,
                draw: regions,
                numbers: plane_of,
                told: |hit, m, path| {
                    let (_, shape, experts) = experts(m, path)?;
                    let side = shape.first().copied()?.isqrt();
                    let (x, y, cell) = place(hit, side)?;
                    Some(Told::Words(t!("{place}: expert {expert}", place = at(x, y), expert = format_args!("{:.0}", experts.get(cell)? + 1.0))))
                },
                pick: None,
                legend: |lab, theme, _| classes(lab, theme),
            })}
        </Card>
    }
}

/// The expert at places of the plane.
fn plane_of(_: Lab, m: &Measured, path: &str) -> Option<Numbers> {
    let (_, _, experts) = experts(m, path)?;
    Some(
        plane(experts.len(), |v| format!("{v:.0}"), |cell| Cell::from(experts[cell] + 1.0))
            .note(t("The expert that the router likes best there.")),
    )
}

fn regions(lab: Lab, sheet: &Sheet, m: &Measured, path: &str) {
    let (Some(brush), Some((count, shape, experts))) = (Brush::new(sheet), experts(m, path)) else { return };
    let theme = &sheet.theme;
    let side = shape.first().copied().unwrap_or(0).isqrt();
    let whole = Frame { x: 0.0, y: 0.0, w: sheet.width, h: sheet.height };
    let colours = experts.iter().map(|e| mix(theme.paper, theme.class(*e as usize), 0.5));
    brush.pixels(&Pixels::new(side, side, colours), whole, false);
    lab.probe("points").with_untracked(|points| {
        let Some((Some((_, x)), Some((_, y)))) = points.as_ref().map(|m| (m.tensor("x"), m.tensor("y"))) else {
            return;
        };
        for (at, label) in x.chunks_exact(2).zip(y) {
            dot(&brush, sheet, at, *label as usize);
        }
    });
    // Each region's number, at the place of it that lies nearest to its middle.
    let cell = |i: usize| ((i % side) as f64 + 0.5, (i / side) as f64 + 0.5);
    for expert in 0..count {
        let own: Vec<usize> = (0..experts.len()).filter(|i| experts[*i] as usize == expert).collect();
        let sum = own.iter().map(|i| cell(*i)).fold((0.0, 0.0), |s, c| (s.0 + c.0, s.1 + c.1));
        let middle = (sum.0 / own.len().max(1) as f64, sum.1 / own.len().max(1) as f64);
        let far = |i: &usize| (cell(*i).0 - middle.0).powi(2) + (cell(*i).1 - middle.1).powi(2);
        let Some(near) = own.iter().min_by(|a, b| far(a).total_cmp(&far(b))) else { continue };
        let (x, y) = (cell(*near).0 / side as f64 * sheet.width, cell(*near).1 / side as f64 * sheet.height);
        brush.rect(Frame { x: x - 9.0, y: y - 8.0, w: 18.0, h: 16.0 }, theme.paper);
        brush.bold(&(expert + 1).to_string(), x, y, 12.0, theme.ink, "center");
    }
}
