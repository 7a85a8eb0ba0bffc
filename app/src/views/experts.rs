//! The share of the work that each expert of a route gets, over time, and how undecided the router is.

use leptos::prelude::*;

use super::card::{Card, watches};
use crate::state::{Lab, Measured};
use crate::ui::canvas::{Canvas, Sheet, Sight};
use crate::ui::format;
use crate::ui::paint::{Brush, Frame};

/// Moments kept; beyond, every other one is dropped.
const MOMENTS: usize = 600;
/// Below this part of an even share an expert counts as idle.
const IDLE: f32 = 0.1;
const AXIS: f64 = 40.0;
const FOOT: f64 = 20.0;

/// One moment of one route.
#[derive(Debug, Clone, PartialEq)]
struct Moment {
    step: u64,
    load: Vec<f32>,
    /// Of the router's distribution, as a part of the largest that there can be.
    entropy: f32,
}

/// The past of one route.
#[derive(Debug, Clone, PartialEq, Default)]
struct Past {
    path: String,
    moments: Vec<Moment>,
}

#[component]
pub fn Experts() -> impl IntoView {
    let lab = Lab::get();
    let probe = lab.probe("experts");
    let seen = watches("experts");
    let pasts = RwSignal::new(Vec::<Past>::new());
    Effect::new(move |_| {
        probe.with(|m| match m {
            Some(m) => pasts.update(|pasts| note(pasts, m)),
            None => pasts.set(Vec::new()),
        });
    });
    let paths = Memo::new(move |_| pasts.with(|all| all.iter().map(|p| p.path.clone()).collect::<Vec<_>>()));
    let route = move |path: String| {
        let past = {
            let path = path.clone();
            Signal::derive(move || pasts.with(|all| all.iter().find(|p| p.path == path).cloned().unwrap_or_default()))
        };
        let said = Signal::derive(move || past.with(said));
        view! {
            <figure>
                <figcaption>{format!("Route {path}")}</figcaption>
                <Canvas
                    label=Signal::derive(move || format!("Share of each expert over time. {}", said.get()))
                    class="plot"
                    watch=move || past.track()
                    draw=move |s| past.with_untracked(|p| draw(s, p))
                />
                <p class="said">{said}</p>
            </figure>
        }
    };
    view! {
        <Card title="Experts" help="Each band is one expert, as thick as its share of the samples. The line is the router's entropy: at the top it spreads evenly, at the bottom it is certain.">
            <Sight seen=seen />
            <For each=move || paths.get() key=Clone::clone let:path>
                {route(path)}
            </For>
        </Card>
    }
}

fn note(pasts: &mut Vec<Past>, m: &Measured) {
    for (name, shape, load) in m.tensors() {
        let Some(path) = name.strip_prefix("load ") else {
            continue;
        };
        let most = (shape.first().copied().unwrap_or(1).max(2) as f32).ln();
        let entropy = m.tensor(&format!("entropy {path}")).and_then(|(_, e)| e.first().copied()).unwrap_or(0.0);
        if !pasts.iter().any(|p| p.path == path) {
            pasts.push(Past { path: path.to_owned(), moments: Vec::new() });
        }
        let Some(past) = pasts.iter_mut().find(|p| p.path == path) else {
            continue;
        };
        past.moments.retain(|n| n.step < m.step);
        past.moments.push(Moment { step: m.step, load: load.to_vec(), entropy: entropy / most });
        if past.moments.len() > MOMENTS {
            let mut n = 0;
            past.moments.retain(|_| {
                n += 1;
                n % 2 == 1
            });
        }
    }
}

/// The present state in words.
fn said(past: &Past) -> String {
    let Some(now) = past.moments.last() else {
        return String::new();
    };
    let even = 1.0 / now.load.len().max(1) as f32;
    let idle: Vec<_> =
        (0..now.load.len()).filter(|e| now.load[*e] < even * IDLE).map(|e| (e + 1).to_string()).collect();
    let (busiest, share) = now.load.iter().enumerate().fold((0, 0.0), |m, (i, l)| if *l > m.1 { (i, *l) } else { m });
    let idle = match idle.len() {
        0 => "no expert is idle".into(),
        1 => format!("expert {} is idle", idle[0]),
        _ => format!("experts {} are idle", idle.join(", ")),
    };
    format!(
        "Expert {} is busiest with {:.0} %; {idle}. Entropy is {:.0} % of the largest.",
        busiest + 1,
        share * 100.0,
        now.entropy * 100.0
    )
}

fn draw(sheet: &Sheet, past: &Past) {
    let (Some(brush), Some(last)) = (Brush::new(sheet), past.moments.last()) else {
        return;
    };
    let theme = &sheet.theme;
    let (w, h) = (sheet.width - AXIS - 8.0, sheet.height - FOOT - 6.0);
    let count = past.moments.len();
    for (i, moment) in past.moments.iter().enumerate() {
        let (x, next) = (AXIS + w * i as f64 / count as f64, AXIS + w * (i + 1) as f64 / count as f64);
        let sum = moment.load.iter().sum::<f32>().max(1e-9);
        let mut top = 6.0;
        for (expert, load) in moment.load.iter().enumerate() {
            let part = f64::from(load / sum) * h;
            brush.rect(Frame { x, y: top, w: next - x + 0.6, h: part }, theme.class(expert));
            top += part;
        }
    }
    // Thin seams between the bands, so that neighbours of like colour stay apart.
    let mut seam = 6.0;
    let sum = last.load.iter().sum::<f32>().max(1e-9);
    for (expert, load) in last.load.iter().enumerate() {
        let part = f64::from(load / sum) * h;
        if part > 12.0 {
            brush.text(&(expert + 1).to_string(), AXIS - 8.0, seam + part / 2.0, 11.0, theme.faint, "right");
        }
        seam += part;
    }
    let line: Vec<_> = past
        .moments
        .iter()
        .enumerate()
        .map(|(i, m)| {
            (AXIS + w * (i as f64 + 0.5) / count as f64, 6.0 + h * f64::from(1.0 - m.entropy.clamp(0.0, 1.0)))
        })
        .collect();
    brush.path(&line, theme.paper, 4.0);
    brush.path(&line, theme.ink, 1.75);
    let first = past.moments.first().map_or(0, |m| m.step);
    brush.text(&format!("step {}", format::count(first)), AXIS, sheet.height - FOOT / 2.0, 11.0, theme.faint, "left");
    brush.text(&format::count(last.step), AXIS + w, sheet.height - FOOT / 2.0, 11.0, theme.faint, "right");
}
