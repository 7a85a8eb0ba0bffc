//! What blocks show of themselves: where attention looks, and which expert works on what.

use leptos::prelude::*;

use super::card::{Card, watches};
use super::surface::REACH;
use crate::state::{Lab, Measured};
use crate::tongue::t;
use crate::ui::canvas::{Canvas, Sheet, Sight};
use crate::ui::paint::{Brush, Frame, Pixels};
use crate::ui::theme::mix;
use wasm_bindgen::JsCast;

/// Heads stand side by side in squares of at most this side.
const HEAD: f64 = 150.0;
const GAP: f64 = 8.0;
/// A small image, and a line of text.
const THUMB: f64 = 26.0;
const LINE: f64 = 20.0;
/// Lines that a sequence may take.
const LINES: usize = 3;

/// Where a picture of this size was clicked.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Hit {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Hit {
    fn of(e: &leptos::ev::MouseEvent) -> Option<Self> {
        let on = e.target()?.dyn_into::<web_sys::Element>().ok()?;
        let (width, height) = (f64::from(on.client_width()), f64::from(on.client_height()));
        Some(Self { x: e.offset_x().into(), y: e.offset_y().into(), width, height })
    }
}

/// Names of the tensors that begin with `what`, without it.
fn paths(m: &Measured, what: &str) -> Vec<String> {
    m.tensors().filter_map(|(name, ..)| name.strip_prefix(what)).map(str::to_owned).collect()
}

/// Which sample lies where the pointer is.
type Finds = fn(Hit, &Measured, &str) -> Option<usize>;

/// One figure for each path of the probe `id` that has a tensor `what PATH`.
fn figures(
    id: &'static str,
    what: &'static str,
    class: &'static str,
    height: Option<fn(f64) -> f64>,
    label: fn(&Measured, &str) -> String,
    draw: fn(Lab, &Sheet, &Measured, &str),
    hit: Option<Finds>,
) -> impl IntoView {
    let lab = Lab::get();
    let probe = lab.probe(id);
    let seen = watches(id);
    let all = {
        let probe = probe.clone();
        Memo::new(move |_| probe.with(|m| m.as_ref().map(|m| paths(m, what)).unwrap_or_default()))
    };
    let figure = move |path: String| {
        let (named, drawn, watched) = (probe.clone(), probe.clone(), probe.clone());
        let (caption, of, at, on) = (path.clone(), path.clone(), path.clone(), path);
        let hits = probe.clone();
        let pick = move |e: leptos::ev::MouseEvent| {
            let at = Hit::of(&e);
            let sample = hit.and_then(|hit| hits.with_untracked(|m| hit(at?, m.as_ref()?, &on)));
            if let Some(sample) = sample {
                lab.followed.set(sample);
            }
        };
        let said = Signal::derive(move || named.with(|m| m.as_ref().map(|m| label(m, &of)).unwrap_or_default()));
        let paint = move |sheet: &Sheet| {
            drawn.with_untracked(|m| {
                if let Some(m) = m {
                    draw(lab, sheet, m, &at);
                }
            });
        };
        let height = height.map(|h| Callback::new(h));
        view! {
            <figure>
                <figcaption>{caption}</figcaption>
                <div class:pickable=hit.is_some() on:click=pick>
                    <Canvas label=said class=class height=height watch=move || watched.track() draw=paint />
                </div>
            </figure>
        }
    };
    view! {
        <Sight seen=seen />
        <For each=move || all.get() key=Clone::clone let:path>
            {figure(path)}
        </For>
    }
}

/// Where each head looks from each place of the first test sample.
#[component]
pub fn Attention() -> impl IntoView {
    let label = |m: &Measured, path: &str| {
        let heads = m.tensor(&format!("attention {path}")).map_or(0, |(shape, _)| shape[0]);
        t!("Attention of {heads} heads in {path}", heads, path)
    };
    view! {
        <Card title=key!("Attention") help=t("One square a head: each row is a place of the first test sample that looks, each column a place that is looked at; the darker, the more.")>
            {figures("attention", "attention ", "samples", Some(tall), label, heads, None)}
        </Card>
    }
}

/// High enough for four heads side by side, which is the usual number.
fn tall(width: f64) -> f64 {
    ((width + GAP) / 4.0 - GAP).clamp(0.0, HEAD)
}

fn heads(_: Lab, sheet: &Sheet, m: &Measured, path: &str) {
    let (Some(brush), Some((&[count, queries, keys], shares))) =
        (Brush::new(sheet), m.tensor(&format!("attention {path}")))
    else {
        return;
    };
    let theme = &sheet.theme;
    let side = ((sheet.width + GAP) / count.max(1) as f64 - GAP).min(HEAD).min(sheet.height);
    for (head, shares) in shares.chunks_exact((queries * keys).max(1)).enumerate() {
        let frame = Frame { x: head as f64 * (side + GAP), y: 0.0, w: side, h: side };
        let colours = shares.iter().map(|v| mix(theme.paper, theme.ink, v.clamp(0.0, 1.0).sqrt()));
        brush.pixels(&Pixels::new(keys, queries, colours), frame, false);
        brush.outline(Frame { x: frame.x + 0.5, y: 0.5, w: side - 1.0, h: side - 1.0 }, theme.line, 1.0);
    }
}

/// How many experts the route at `path` has, and the expert of each row.
fn experts<'a>(m: &'a Measured, path: &str) -> Option<(usize, &'a [usize], &'a [f32])> {
    let (shape, experts) = m.tensor(&format!("experts {path}"))?;
    let count = m.tensor(&format!("of {path}"))?.1.first().copied()?;
    Some((count as usize, shape, experts))
}

/// The test samples, or the places of test sequences, by the expert that likes them best.
#[component]
pub fn Assignments() -> impl IntoView {
    let label = |m: &Measured, path: &str| {
        let Some((count, shape, experts)) = experts(m, path) else { return String::new() };
        let used = (0..count).filter(|e| experts.iter().any(|v| *v as usize == *e)).count();
        let mut said = t!("{used} of {count} experts are somebody's first choice in {path}", used, count, path);
        if let &[_, places] = shape {
            let pairs = || experts.chunks_exact(places.max(1)).flat_map(|row| row.windows(2));
            let same = pairs().filter(|p| (p[0] - p[1]).abs() < 0.5).count() as f64 / pairs().count().max(1) as f64;
            said += &t!("; {share} % of neighbours have the same", share = format_args!("{:.0}", same * 100.0));
        }
        said
    };
    let height: fn(f64) -> f64 = |_| 320.0;
    view! {
        <Card title=key!("Who gets what") help=t("Test samples by the expert that the router likes best for them: images in the row of their expert, tokens in its colour. Click on one to follow its path.")>
            {figures("assignments", "experts ", "samples", Some(height), label, assignments, Some(picked))}
        </Card>
    }
}

/// The sample at a point of the picture of assignments.
fn picked(at: Hit, m: &Measured, path: &str) -> Option<usize> {
    let (count, shape, experts) = experts(m, path)?;
    match *shape {
        [_] => {
            let row = (at.height / count.max(1) as f64).min(THUMB + 4.0);
            let (expert, n) = ((at.y / row).floor(), ((at.x - 26.0) / (row - 1.0)).floor());
            let of_expert = experts.iter().enumerate().filter(|(_, e)| f64::from(**e) == expert);
            (n >= 0.0).then(|| of_expert.map(|(i, _)| i).nth(n as usize)).flatten()
        }
        [rows, places] => {
            let lines = rows * places.div_ceil(places.div_ceil(LINES).max(1));
            let row = (at.height / lines.max(1) as f64).min(LINE);
            let sample = (at.y / row) as usize / (lines / rows.max(1)).max(1);
            (sample < rows).then_some(sample)
        }
        _ => None,
    }
}

fn assignments(lab: Lab, sheet: &Sheet, m: &Measured, path: &str) {
    let (Some(brush), Some((count, shape, experts)), Some((inputs, x))) =
        (Brush::new(sheet), experts(m, path), m.tensor("x"))
    else {
        return;
    };
    let theme = &sheet.theme;
    match (shape, inputs) {
        (&[_], &[_, h, w, _]) => {
            let row = (sheet.height / count.max(1) as f64).min(THUMB + 4.0);
            let side = row - 4.0;
            let mut taken = vec![0usize; count];
            for (image, expert) in x.chunks_exact((h * w).max(1)).zip(experts) {
                let expert = *expert as usize;
                let Some(n) = taken.get_mut(expert) else { continue };
                let at = Frame { x: 26.0 + *n as f64 * (side + 3.0), y: expert as f64 * row, w: side, h: side };
                *n += 1;
                let colours = image.iter().map(|v| mix(theme.paper, theme.ink, v.clamp(0.0, 1.0)));
                brush.pixels(&Pixels::new(w, h, colours), at, false);
            }
            for expert in 0..count {
                let y = expert as f64 * row;
                brush.rect(Frame { x: 0.0, y, w: 4.0, h: side }, theme.class(expert));
                brush.text(&(expert + 1).to_string(), 20.0, y + side / 2.0, 11.0, theme.faint, "right");
            }
        }
        (&[rows, places], _) if x.len() == rows * places => {
            let tokens = lab.summary.with_untracked(|s| s.as_ref().map(|s| s.data.tokens.clone()).unwrap_or_default());
            let across = places.div_ceil(LINES).max(1);
            let cell = (sheet.width / across as f64).min(22.0);
            let row = (sheet.height / (rows * places.div_ceil(across)).max(1) as f64).min(LINE);
            for (i, (token, expert)) in x.iter().zip(experts).enumerate() {
                let (sequence, place) = (i / places, i % places);
                let line = sequence * places.div_ceil(across) + place / across;
                let at = Frame { x: (place % across) as f64 * cell, y: line as f64 * row, w: cell, h: row - 2.0 };
                brush.rect(at, mix(theme.paper, theme.class(*expert as usize), 0.45));
                let name = tokens.get(*token as usize).map_or("", |t| if t == "\n" { "↵" } else { t.as_str() });
                let size = (cell * 0.7).clamp(6.0, 12.0);
                brush.text(name, at.x + cell / 2.0, at.y + row / 2.0 - 1.0, size, theme.ink, "center");
            }
        }
        _ => {}
    }
}

/// The plane by expert.
#[component]
pub fn Regions() -> impl IntoView {
    let label = |m: &Measured, path: &str| {
        let Some((count, _, experts)) = experts(m, path) else { return String::new() };
        let used = (0..count).filter(|e| experts.iter().any(|v| *v as usize == *e)).count();
        t!("{used} of {count} experts have a region of the plane in {path}", used, count, path)
    };
    view! {
        <Card title=key!("Regions") help=t("Each colour is an expert: the router likes it best there. Dots are samples, in the colours of their classes.")>
            {figures("regions", "experts ", "square", None, label, regions, None)}
        </Card>
    }
}

fn regions(lab: Lab, sheet: &Sheet, m: &Measured, path: &str) {
    let (Some(brush), Some((_, shape, experts))) = (Brush::new(sheet), experts(m, path)) else { return };
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
            let across = (f64::from(at[0]) + REACH) / (2.0 * REACH) * sheet.width;
            let down = (REACH - f64::from(at[1])) / (2.0 * REACH) * sheet.height;
            brush.dot(across, down, 2.2, theme.class(*label as usize), theme.paper);
        }
    });
}
