//! What the network answers everywhere in the plane, with the samples on it.

use leptos::prelude::*;
use plotters::style::RGBColor;

use super::card::{Card, watches};
use crate::state::Lab;
use crate::tongue::t;
use crate::ui::canvas::Canvas;
use crate::ui::paint::{Brush, Frame, Pixels};
use crate::ui::theme::{Theme, mix};

/// The plane is seen from −REACH to REACH in both directions.
pub const REACH: f64 = 1.2;
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
    let draw = move |sheet: &crate::ui::canvas::Sheet| {
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
                    let across = (f64::from(at[0]) + REACH) / (2.0 * REACH) * sheet.width;
                    let down = (REACH - f64::from(at[1])) / (2.0 * REACH) * sheet.height;
                    brush.dot(across, down, 2.6, theme.class(*label as usize), theme.paper);
                }
            }
        });
    };
    view! {
        <Card title=key!("Decision surface") help=t("The colour is the class that the network sees there; the paler, the less sure. Dots are samples.")>
            <Canvas label=label class="square" watch=watch draw=draw seen=seen />
        </Card>
    }
}

/// The colour of an answer: its first class, the stronger the surer.
fn answer(theme: &Theme, p: &[f32]) -> RGBColor {
    let (best, top) = p.iter().enumerate().fold((0, 0.0), |m, (i, v)| if *v > m.1 { (i, *v) } else { m });
    let even = 1.0 / p.len() as f32;
    mix(theme.paper, theme.class(best), ((top - even) / (1.0 - even)).clamp(0.0, 1.0) * STRENGTH + 0.08)
}
