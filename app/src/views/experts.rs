//! What each expert of a route gets over time: its share of the work, how many are used at all, how undecided the router
//! is, and what is left out.

use std::rc::Rc;

use leptos::prelude::*;

use super::card::{Card, watches};
use super::chart::{Axis, Chart, Line, percent, step};
use super::plot::numbers::{Numbers, Spot};
use super::plot::{Hit, Plot, Told};
use crate::state::{Lab, Measured, Trace};
use crate::tongue::t;
use crate::tree;
use crate::ui::canvas::{Sheet, Sight};
use crate::ui::format;
use crate::ui::paint::{Brush, Frame};

/// Moments kept; beyond, every other one is dropped.
const MOMENTS: usize = 600;
/// Below this part of an even share an expert counts as idle.
const IDLE: f32 = 0.1;
/// Room around the bands: for their numbers at the right, for steps below.
const AXIS: f64 = 30.0;
const FOOT: f64 = 20.0;
const EDGE: f64 = 8.0;
const TOP: f64 = 6.0;

/// One moment of one route.
#[derive(Debug, Clone, PartialEq)]
struct Moment {
    step: u64,
    load: Vec<f32>,
}

/// The past of one route.
#[derive(Debug, Clone, PartialEq, Default)]
struct Past {
    path: String,
    moments: Vec<Moment>,
    /// The share of the experts that work on test samples.
    used: Trace,
    /// The router's entropy, as a part of the largest that there can be.
    entropy: Trace,
    dropped: Trace,
    /// How much of the work on test samples each expert had at last.
    reached: Vec<f32>,
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
    let room = Callback::new(move |_| {
        650.0 * lab.loaded.with(|s| s.as_ref().map_or(1, |s| tree::count(s, |b| b.routing.is_some()))) as f64
    });
    view! {
        <Card title=key!("Experts") help=t("Each band is one expert, as thick as its share of what the training batches send.")>
            <Sight seen=seen there=Signal::derive(move || paths.with(|p| !p.is_empty())) room=room />
            <For each=move || paths.get() key=Clone::clone let:path>
                <OneRoute path=path pasts=pasts />
            </For>
        </Card>
    }
}

#[component]
fn OneRoute(path: String, pasts: RwSignal<Vec<Past>>) -> impl IntoView {
    let lab = Lab::get();
    let past = {
        let path = path.clone();
        Signal::derive(move || pasts.with(|all| all.iter().find(|p| p.path == path).cloned().unwrap_or_default()))
    };
    let one = {
        let path = path.clone();
        let tree = Memo::new(move |_| lab.loaded.with(|s| s.as_ref().is_some_and(|s| tree::is_tree(s, &path))));
        move || if tree.get() { [t("leaf"), t("leaves")] } else { [t("expert"), t("experts")] }
    };
    let said = Signal::derive(move || past.with(|p| said(p, one())));
    let used = move || past.with(|p| used(&p.reached));
    let count = move || past.with(|p| p.reached.len());
    let threshold = move || {
        let each = 100.0 * f64::from(IDLE) / count().max(1) as f64;
        t!(
            "{experts} used: at least {each} % of the work on test samples, a tenth of an even share, is theirs.",
            experts = format::capital(one()[1]),
            each = short(each)
        )
    };
    let lines = move || {
        past.with(|p| {
            let points = |trace: &Trace| trace.points().to_vec();
            vec![
                Line::new(t!("{experts} used", experts = one()[1]), |t, _| t.train, points(&p.used)),
                Line { dash: 1, ..Line::new(t("router's entropy"), |t, _| t.ink, points(&p.entropy)) },
                Line { dash: 2, ..Line::new(t("left out"), |t, _| t.above, points(&p.dropped)) },
            ]
        })
    };
    let axis = Axis {
        least: Some((0.0, 1.0)),
        most: (0.0, 1.0),
        write: |v| format!("{:.0} %", v * 100.0),
        tick: percent,
        across: step,
    };
    view! {
        <figure class="route-past">
            <figcaption>{t!("Route {path}", path)}</figcaption>
            <p class="headline" title=threshold><b>{used}</b> " " {t("of")} " " <b>{count}</b> {move || t!(" {experts} used", experts = one()[1])}</p>
            <Plot
                label=Signal::derive(move || t!("Share of each expert over time. {said}", said = said.get()))
                class="plot"
                watch=Rc::new(move || past.track())
                draw=Rc::new(move |s: &Sheet| past.with_untracked(|p| draw(s, p)))
                numbers=Rc::new(move || past.with(|p| shares(p, untrack(one)[0])))
                hover=Rc::new(move |hit: Option<Hit>| past.with_untracked(|p| band(hit?, p)))
            />
            <Chart
                label=Signal::derive(move || t!("Use, entropy and what is left out over time: {lines}", lines = spoken(&lines())))
                lines=lines
                watch=move || past.track()
                axis=axis
            />
            <p class="said">{said}</p>
            <p class="help">{threshold}</p>
        </figure>
    }
}

fn note(pasts: &mut Vec<Past>, m: &Measured) {
    for (name, shape, load) in m.tensors() {
        let Some(path) = name.strip_prefix("load ") else {
            continue;
        };
        let most = (shape.first().copied().unwrap_or(1).max(2) as f32).ln();
        let figure = |what: &str| m.tensor(&format!("{what} {path}")).and_then(|(_, e)| e.first().copied());
        if !pasts.iter().any(|p| p.path == path) {
            pasts.push(Past { path: path.to_owned(), ..Past::default() });
        }
        let Some(past) = pasts.iter_mut().find(|p| p.path == path) else {
            continue;
        };
        past.moments.retain(|n| n.step < m.step);
        past.moments.push(Moment { step: m.step, load: load.to_vec() });
        if past.moments.len() > MOMENTS {
            let mut n = 0;
            past.moments.retain(|_| {
                n += 1;
                n % 2 == 1
            });
        }
        past.entropy.push(m.step, figure("entropy").unwrap_or(0.0) / most);
        past.dropped.push(m.step, figure("dropped").unwrap_or(0.0));
        // A rule may build its step and its answer with other paths: then the step's own loads say who is used.
        let reached = m.tensor(&format!("reached {path}")).map_or(load, |(_, reached)| reached);
        past.reached = reached.to_vec();
        past.used.push(m.step, used(reached) as f32 / reached.len().max(1) as f32);
    }
}

/// How many have a share that is worth speaking of.
fn used(shares: &[f32]) -> usize {
    let least = IDLE / shares.len().max(1) as f32;
    shares.iter().filter(|s| **s >= least).count()
}

/// A number of percent, as short as tells it from 0.
fn short(percent: f64) -> String {
    if percent >= 1.0 { format!("{percent:.0}") } else { format!("{percent:.2}").trim_end_matches('0').to_owned() }
}

fn spoken(lines: &[Line]) -> String {
    let last = lines.iter().filter_map(|l| Some(format!("{} {:.0} %", l.name, l.points.last()?.value * 100.0)));
    last.collect::<Vec<_>>().join(", ")
}

/// The present state in words.
fn said(past: &Past, [one, many]: [&str; 2]) -> String {
    let Some(now) = past.moments.last() else {
        return String::new();
    };
    let least = IDLE / past.reached.len().max(1) as f32;
    let idle: Vec<_> =
        (0..past.reached.len()).filter(|e| past.reached[*e] < least).map(|e| (e + 1).to_string()).collect();
    let (busiest, share) = now.load.iter().enumerate().fold((0, 0.0), |m, (i, l)| if *l > m.1 { (i, *l) } else { m });
    let idle = match idle.len() {
        0 => t!("no {one} is idle", one),
        1 => t!("{one} {number} is idle", one, number = idle[0]),
        2..=12 => t!("{many} {numbers} are idle", many, numbers = idle.join(", ")),
        n => t!("{n} {many} are idle", n, many),
    };
    let entropy = past.entropy.last().map_or(0.0, |p| p.value);
    let dropped = past.dropped.last().map_or(0.0, |p| p.value);
    let left = if dropped > 0.0 {
        t!(" {share} % of what was asked is left out.", share = format_args!("{:.0}", dropped * 100.0))
    } else {
        String::new()
    };
    t!(
        "{expert} {number} is busiest with {share} %; {idle}. Entropy is {entropy} % of the largest.{left}",
        expert = format::capital(one),
        number = busiest + 1,
        share = format_args!("{:.0}", share * 100.0),
        idle,
        entropy = format_args!("{:.0}", entropy * 100.0),
        left
    )
}

/// The shares that are drawn: a row for each moment.
fn shares(past: &Past, one: &str) -> Numbers {
    let experts = past.moments.last().map_or(0, |m| m.load.len());
    let columns = (0..experts).map(|e| format!("{one} {}", e + 1));
    let mut n = Numbers::new("", columns, |v| format!("{:.1} %", v * 100.0)).by_columns();
    n.backwards = true;
    for moment in &past.moments {
        let sum = moment.load.iter().sum::<f32>().max(1e-9);
        n.row(step(moment.step as f64), moment.load.iter().map(|l| l / sum));
        n.places.push(moment.step as f64);
    }
    n
}

/// The expert and the moment at a point of the picture.
fn band(hit: Hit, past: &Past) -> Option<Told> {
    let (w, h) = (hit.width - AXIS - EDGE, hit.height - FOOT - TOP);
    let (across, down) = ((hit.x - EDGE) / w, (hit.y - TOP) / h);
    if !(0.0..1.0).contains(&across) || !(0.0..1.0).contains(&down) {
        return None;
    }
    let at = (across * past.moments.len() as f64) as usize;
    let load = &past.moments.get(at)?.load;
    let sum = load.iter().sum::<f32>().max(1e-9);
    let mut top = 0.0;
    let series = load.iter().position(|l| {
        top += f64::from(l / sum);
        down < top
    })?;
    Some(Told::Figure(Spot { series, at }))
}

fn draw(sheet: &Sheet, past: &Past) {
    let (Some(brush), Some(last)) = (Brush::new(sheet), past.moments.last()) else {
        return;
    };
    let theme = &sheet.theme;
    let (w, h) = (sheet.width - AXIS - EDGE, sheet.height - FOOT - TOP);
    let count = past.moments.len();
    for (i, moment) in past.moments.iter().enumerate() {
        let (x, next) = (EDGE + w * i as f64 / count as f64, EDGE + w * (i + 1) as f64 / count as f64);
        let sum = moment.load.iter().sum::<f32>().max(1e-9);
        let mut top = TOP;
        for (expert, load) in moment.load.iter().enumerate() {
            let part = f64::from(load / sum) * h;
            // A seam tells bands apart without their colours.
            let seam = if part > 3.0 { 1.0 } else { 0.0 };
            brush.rect(Frame { x, y: top, w: next - x + 0.6, h: part - seam }, theme.class(expert));
            top += part;
        }
    }
    // Where each band has come to, its number.
    let mut seam = TOP;
    let sum = last.load.iter().sum::<f32>().max(1e-9);
    for (expert, load) in last.load.iter().enumerate() {
        let part = f64::from(load / sum) * h;
        if part > 10.0 {
            brush.text(&(expert + 1).to_string(), EDGE + w + 8.0, seam + part / 2.0, 11.0, theme.faint, "left");
        }
        seam += part;
    }
    let first = past.moments.first().map_or(0, |m| m.step);
    let foot = sheet.height - FOOT / 2.0;
    brush.text(&t!("step {step}", step = format::count(first)), EDGE, foot, 11.0, theme.faint, "left");
    brush.text(&format::count(last.step), EDGE + w, foot, 11.0, theme.faint, "right");
}
