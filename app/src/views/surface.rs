//! What the network answers everywhere in the plane, with the samples on it.

use std::rc::Rc;

use engine::sorting::Sorting as _;
use leptos::prelude::*;
use plotters::style::RGBColor;

use super::card::{Card, watches};
use super::plane::{Classes, at, class_name, classes, dot, place, plane};
use super::plot::numbers::{Cell, Numbers};
use super::plot::{Hit, Plot, Told};
use crate::state::{Lab, Measured};
use crate::tongue::t;
use crate::ui::canvas::Sheet;
use crate::ui::paint::{Brush, Frame, Pixels};
use crate::ui::theme::{Theme, mix};

/// How strongly a certain answer is coloured.
const STRENGTH: f32 = 0.62;

#[component]
pub fn Surface() -> impl IntoView {
    let lab = Lab::get();
    let surface = lab.probe("surface");
    let points = lab.probe("points");
    let (seen_surface, seen_points) = (watches("surface"), watches("points"));
    let seen = Callback::new(move |on: bool| {
        seen_surface.run(on);
        seen_points.run(on);
    });
    let label = Signal::derive(move || {
        let score = lab.scores.get().map(|s| {
            t!(
                ": {share} % of the test samples are on the right side",
                share = format_args!("{:.1}", s.test.accuracy * 100.0)
            )
        });
        t!("The network's answer over the plane{score}", score = score.unwrap_or_default())
    });
    let (watched, watched_points) = (surface.clone(), points.clone());
    let watch = move || {
        watched.track();
        watched_points.track();
    };
    let (counted, pointed) = (surface.clone(), surface.clone());
    let draw = move |sheet: &Sheet| {
        let Some(brush) = Brush::new(sheet) else {
            return;
        };
        let theme = &sheet.theme;
        let whole = Frame { x: 0.0, y: 0.0, w: sheet.width, h: sheet.height };
        brush.rect(whole, theme.paper);
        surface.with_untracked(|m| {
            if let Some((&[cells, classes], p)) = m.as_ref().and_then(|m| m.tensor("probabilities")) {
                let side = cells.isqrt();
                let colours = p.chunks_exact(classes.max(1)).map(|p| answer(theme, p));
                brush.pixels(&Pixels::new(side, side, colours), whole, true);
            }
        });
        points.with_untracked(|m| {
            let Some(m) = m else { return };
            if let (Some((_, x)), Some((_, y))) = (m.tensor("x"), m.tensor("y")) {
                for (at, label) in x.chunks_exact(2).zip(y) {
                    dot(&brush, sheet, at, *label as usize);
                }
            }
        });
    };
    let numbers = move || {
        let figures = counted.with(|m| m.as_ref().and_then(|m| answers(lab, m)));
        figures.unwrap_or_else(|| Numbers::new("", [], percent))
    };
    let hover = move |hit: Option<Hit>| pointed.with_untracked(|m| told(lab, hit?, m.as_ref()?));
    view! {
        <Card title=key!("Decision surface") help=t("The colour is the class that the network sees there; the paler, the less sure. Marks are samples, in the shape of their class.")>
            <Plot
                label=label
                title=Signal::stored(t("Decision surface").to_owned())
                class="square"
                watch=Rc::new(watch)
                draw=Rc::new(draw)
                numbers=Rc::new(numbers)
                legend=Rc::new(move |theme: &Theme| classes(lab, theme))
                hover=Rc::new(hover)
                below=view! { <Classes /> }.into_any()
                seen=seen
            />
        </Card>
    }
}

fn percent(v: f64) -> String {
    format!("{:.1} %", v * 100.0)
}

/// The class with the highest probability, and that.
fn best(p: &[f32]) -> (usize, f32) {
    p.iter().enumerate().fold((0, 0.0), |m, (i, v)| if *v > m.1 { (i, *v) } else { m })
}

/// The answers at a coarse grid of places. Between two classes it is the second one's probability; of more, the first.
fn answers(lab: Lab, m: &Measured) -> Option<Numbers> {
    let (&[cells, classes], p) = m.tensor("probabilities")? else { return None };
    let of = |cell: usize| &p[cell * classes..(cell + 1) * classes];
    Some(if classes == 2 {
        let note = t!("How sure the network is of class {name} there.", name = class_name(lab, 1));
        plane(cells, percent, |cell| Cell::from(of(cell)[1])).note(note)
    } else {
        let word = |cell: usize| {
            let (class, sure) = best(of(cell));
            Cell::Text(format!("{} {}", class_name(lab, class), percent(sure.into())))
        };
        plane(cells, percent, word).note(t("The class that the network sees there, and how sure it is."))
    })
}

/// The answer at a point of the picture.
fn told(lab: Lab, hit: Hit, m: &Measured) -> Option<Told> {
    let (&[cells, classes], p) = m.tensor("probabilities")? else { return None };
    let (x, y, cell) = place(hit, cells.isqrt())?;
    let mut order: Vec<usize> = (0..classes).collect();
    let of = p.get(cell * classes..(cell + 1) * classes)?;
    order.put_in_order_by(|a, b| of[*b].total_cmp(&of[*a]));
    let shares = order.into_iter().take(3).map(|c| format!("{} {}", class_name(lab, c), percent(of[c].into())));
    Some(Told::Words(format!("{}: {}", at(x, y), shares.collect::<Vec<_>>().join(", "))))
}

/// The colour of an answer: its first class, the stronger the surer.
fn answer(theme: &Theme, p: &[f32]) -> RGBColor {
    let (best, top) = best(p);
    let even = 1.0 / p.len() as f32;
    mix(theme.paper, theme.class(best), ((top - even) / (1.0 - even)).clamp(0.0, 1.0) * STRENGTH + 0.08)
}
