//! What blocks show of themselves: where attention looks, and which expert works on what.

use std::rc::Rc;

use engine::spec::BlockSpec;
use leptos::prelude::*;

use super::card::{Card, watches};
use super::plot::figure::Key;
use super::plot::numbers::{Cell, Numbers, Spot};
use super::plot::{Hit, Plot, Told};
use crate::state::{Lab, Measured};
use crate::tongue::t;
use crate::tree;
use crate::ui::canvas::{Sheet, Sight};
use crate::ui::paint::{Brush, Frame, Pixels};
use crate::ui::theme::{Theme, mix};

/// Heads stand side by side in squares of at most this side.
const HEAD: f64 = 150.0;
const GAP: f64 = 8.0;
/// A small image, and a line of text.
const THUMB: f64 = 26.0;
const LINE: f64 = 20.0;
/// Lines that a sequence may take.
const LINES: usize = 3;

/// Names of the tensors that begin with `what`, without it.
fn paths(m: &Measured, what: &str) -> Vec<String> {
    m.tensors().filter_map(|(name, ..)| name.strip_prefix(what)).map(str::to_owned).collect()
}

/// The sample at a place of a picture.
type Pick = fn(Hit, &Measured, &str) -> Option<usize>;

/// What the figures of a probe are made of.
pub struct Exhibit {
    /// The probe, and what the names of its tensors begin with.
    pub probe: &'static str,
    pub what: &'static str,
    pub class: &'static str,
    pub height: Option<fn(f64) -> f64>,
    /// Which blocks have a figure, about; and about how high one is of this width with all that belongs to it, in the page's
    /// pixels.
    pub made_by: fn(&BlockSpec) -> bool,
    pub room: fn(f64) -> f64,
    pub title: &'static str,
    pub label: fn(&Measured, &str) -> String,
    pub draw: fn(Lab, &Sheet, &Measured, &str),
    pub numbers: fn(Lab, &Measured, &str) -> Option<Numbers>,
    pub told: fn(Hit, &Measured, &str) -> Option<Told>,
    /// The sample that a click is on.
    pub pick: Option<Pick>,
    pub legend: fn(Lab, &Theme, &Measured) -> Vec<Key>,
}

/// One figure for each path of the probe that has a tensor `what PATH`.
pub fn figures(exhibit: Exhibit) -> impl IntoView {
    let lab = Lab::get();
    let Exhibit { probe, what, class, height, made_by, room, title, label, draw, numbers, told, pick, legend } =
        exhibit;
    let seen = watches(probe);
    let probe = lab.probe(probe);
    let all = {
        let probe = probe.clone();
        Memo::new(move |_| probe.with(|m| m.as_ref().map(|m| paths(m, what)).unwrap_or_default()))
    };
    let figure = move |path: String| {
        let path = StoredValue::new(path);
        let probe = StoredValue::new(probe.clone());
        let with = move |f: &mut dyn FnMut(&Measured, &str)| {
            path.with_value(|path| {
                probe.with_value(|p| {
                    p.with_untracked(|m| {
                        if let Some(m) = m {
                            f(m, path);
                        }
                    });
                });
            });
        };
        let read = move |f: &dyn Fn(&Measured, &str) -> Option<Told>| {
            let mut told = None;
            with(&mut |m, path| told = f(m, path));
            told
        };
        let track = move || probe.with_value(|p| p.track());
        let said = Signal::derive(move || {
            track();
            let mut said = String::new();
            with(&mut |m, path| said = label(m, path));
            said
        });
        let figures = move || {
            let mut found = None;
            with(&mut |m, path| found = numbers(lab, m, path));
            found.unwrap_or_else(|| Numbers::new("", [], |v| v.to_string()))
        };
        let keys = move |theme: &Theme| {
            let mut keys = Vec::new();
            with(&mut |m, _| keys = legend(lab, theme, m));
            keys
        };
        let choose = move |hit: Hit| {
            with(&mut |m, path| {
                if let Some(sample) = pick.and_then(|pick| pick(hit, m, path)) {
                    lab.followed.set(sample);
                }
            });
        };
        let choose = pick.map(|_| -> Rc<dyn Fn(Hit)> { Rc::new(choose) });
        let hover = move |hit: Option<Hit>| hit.and_then(|hit| read(&|m, path| told(hit, m, path)));
        let titled = Signal::derive(move || format!("{title} {}", path.get_value()));
        view! {
            <figure>
                <figcaption>{path.get_value()}</figcaption>
                <Plot
                    label=said
                    title=titled
                    class=class
                    height=height.map(|h| Callback::new(h))
                    watch=Rc::new(track)
                    draw=Rc::new(move |sheet: &Sheet| with(&mut |m, path| draw(lab, sheet, m, path)))
                    numbers=Rc::new(figures)
                    legend=Rc::new(keys)
                    hover=Rc::new(hover)
                    pick=choose
                />
            </figure>
        }
    };
    let room = Callback::new(move |width| {
        let figures = lab.loaded.with(|s| s.as_ref().map_or(0, |s| tree::count(s, made_by)));
        figures.max(1) as f64 * room(width)
    });
    view! {
        <Sight seen=seen there=Signal::derive(move || all.with(|all| !all.is_empty())) room=room />
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
            {figures(Exhibit {
                probe: "attention",
                what: "attention ",
                class: "samples",
                height: Some(tall),
                made_by: |b| b.block.id.contains("attention"),
                room: |width| tall(width) + 54.0,
                title: t("Attention in"),
                label,
                draw: heads,
                numbers: looks,
                told: looked,
                pick: None,
                legend: |_, _, _| Vec::new(),
            })}
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
    let side = side_of(sheet.width, sheet.height, count);
    for (head, shares) in shares.chunks_exact((queries * keys).max(1)).enumerate() {
        let frame = Frame { x: head as f64 * (side + GAP), y: 0.0, w: side, h: side };
        let colours = shares.iter().map(|v| mix(theme.paper, theme.ink, v.clamp(0.0, 1.0).sqrt()));
        brush.pixels(&Pixels::new(keys, queries, colours), frame, false);
        brush.outline(Frame { x: frame.x + 0.5, y: 0.5, w: side - 1.0, h: side - 1.0 }, theme.line, 1.0);
    }
}

/// What each place of each head looks at.
fn looks(_: Lab, m: &Measured, path: &str) -> Option<Numbers> {
    let (&[heads, queries, keys], shares) = m.tensor(&format!("attention {path}"))? else { return None };
    let columns = (1..=keys).map(|k| t!("looks at place {k}", k));
    let mut n = Numbers::new("", columns, |v| format!("{:.1} %", v * 100.0));
    for (i, row) in shares.chunks_exact(keys.max(1)).take(heads * queries).enumerate() {
        n.row(t!("head {head}, place {place}", head = i / queries + 1, place = i % queries + 1), row.iter().copied());
    }
    Some(n)
}

fn looked(hit: Hit, m: &Measured, path: &str) -> Option<Told> {
    let (&[count, queries, keys], _) = m.tensor(&format!("attention {path}"))? else { return None };
    let side = side_of(hit.width, hit.height, count);
    let head = (hit.x / (side + GAP)) as usize;
    let (x, y) = ((hit.x - head as f64 * (side + GAP)) / side, hit.y / side);
    let inside = head < count && (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
    let series = head * queries + (y * queries as f64) as usize;
    inside.then_some(Told::Figure(Spot { series, at: (x * keys as f64) as usize }))
}

/// The side of a head's square.
fn side_of(width: f64, height: f64, heads: usize) -> f64 {
    ((width + GAP) / heads.max(1) as f64 - GAP).min(HEAD).min(height)
}

/// How many experts the route at `path` has, and the expert of each row.
pub fn experts<'a>(m: &'a Measured, path: &str) -> Option<(usize, &'a [usize], &'a [f32])> {
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
            {figures(Exhibit {
                probe: "assignments",
                what: "experts ",
                class: "samples",
                height: Some(height),
                made_by: |b| b.routing.is_some(),
                room: |_| 380.0,
                title: t("Who gets what in"),
                label,
                draw: assignments,
                numbers: whose,
                told: |hit, m, path| {
                    let sample = picked(hit, m, path)?;
                    let (_, shape, experts) = experts(m, path)?;
                    let one = |e: f32| t!(": expert {expert}", expert = format_args!("{:.0}", e + 1.0));
                    let expert = if shape.len() == 1 { experts.get(sample).copied().map(one) } else { None };
                    Some(Told::Words(t!("sample {number}{expert}", number = sample + 1, expert = expert.unwrap_or_default())))
                },
                pick: Some(picked),
                legend: |_, _, _| Vec::new(),
            })}
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

/// The expert of each sample, or of each place of it.
fn whose(lab: Lab, m: &Measured, path: &str) -> Option<Numbers> {
    let (_, shape, experts) = experts(m, path)?;
    let whole = |v: f64| format!("{v:.0}");
    let (places, columns): (usize, Vec<String>) = match *shape {
        [_] => (1, vec![t("expert").to_owned()]),
        [_, places] => (places, (1..=places).map(|p| t!("place {p}", p)).collect()),
        _ => return None,
    };
    let mut n = Numbers::new("", columns, whole);
    if places == 1 {
        n = n.by_columns();
    }
    let tokens = lab.summary.with_untracked(|s| s.as_ref().map(|s| s.data.tokens.clone()).unwrap_or_default());
    let x = m.tensor("x").map(|(_, x)| x).filter(|x| places > 1 && x.len() == experts.len());
    for (i, row) in experts.chunks_exact(places).enumerate() {
        let cell = |(place, expert): (usize, &f32)| {
            let token = x.and_then(|x| tokens.get(*x.get(i * places + place)? as usize));
            match token {
                Some(token) => Cell::Text(format!("{} {:.0}", written(token), expert + 1.0)),
                None => Cell::from(expert + 1.0),
            }
        };
        n.row(t!("sample {number}", number = i + 1), row.iter().enumerate().map(cell));
    }
    Some(n)
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
                let name = tokens.get(*token as usize).map_or("", |t| written(t));
                let size = (cell * 0.7).clamp(6.0, 12.0);
                brush.text(name, at.x + cell / 2.0, at.y + row / 2.0 - 1.0, size, theme.ink, "center");
                // The expert is told by its number too, wherever it changes.
                let before = i.checked_sub(1).filter(|_| place > 0).and_then(|b| experts.get(b));
                if before != Some(expert) && row > 15.0 {
                    let number = format!("{:.0}", expert + 1.0);
                    brush.text(&number, at.x + 1.0, at.y + 4.0, 7.0, theme.ink, "left");
                }
            }
        }
        _ => {}
    }
}

/// A token as it is shown: a line's end has a sign.
fn written(token: &str) -> &str {
    if token == "\n" { "↵" } else { token }
}
