//! What tells how a stage is taught: cosine to backpropagation's gradient, signal to noise, size of the step beside the
//! weights; each as a figure of a stage, and as a small curve of the steps seen so far.

use leptos::prelude::*;

use crate::panels::track::stage_name;
use crate::state::{Lab, Point, Trace};
use crate::tongue::t;
use crate::ui::canvas::{Canvas, Sheet};
use crate::ui::paint::Brush;

/// One of them, and the probe that measures it.
#[derive(Clone, Copy)]
pub struct Quantity {
    pub probe: &'static str,
    tensor: &'static str,
    pub name: &'static str,
    /// What it means.
    pub title: &'static str,
    write: fn(f64) -> String,
    /// What its curve shows at least.
    range: (f64, f64),
}

pub static COSINE: Quantity = Quantity {
    probe: "alignment",
    tensor: "cosine",
    name: key!("Cosine"),
    title: key!("Between the rule's update and backpropagation's gradient: 1 is the same direction"),
    write: |v| format!("{v:.2}"),
    range: (0.0, 1.0),
};

pub static SIGNAL_TO_NOISE: Quantity = Quantity {
    probe: "signal-to-noise",
    tensor: "ratio",
    name: key!("Signal to noise"),
    title: key!("What two batches agree on, over what they do not"),
    write: |v| if v < 100.0 { format!("{v:.2}") } else { format!("{v:.0}") },
    range: (0.0, 1.0),
};

pub static UPDATE_SIZE: Quantity = Quantity {
    probe: "update-size",
    tensor: "size",
    name: key!("Update size"),
    title: key!("The step's length over that of the weights"),
    write: |v| if v == 0.0 { "0".to_owned() } else { format!("{v:.0e}") },
    range: (0.0, 0.0),
};

pub static QUANTITIES: [&Quantity; 3] = [&COSINE, &SIGNAL_TO_NOISE, &UPDATE_SIZE];

/// What is measured of a quantity while it is watched, a trace a stage, empty ones at first; it begins anew with each run.
pub fn traces(lab: Lab, quantity: &'static Quantity) -> RwSignal<Vec<Trace>> {
    let reading = lab.probe(quantity.probe);
    let all = RwSignal::new(Vec::<Trace>::new());
    Effect::new(move |_| {
        reading.with(|m| match m {
            Some(m) => all.update(|all| {
                let figures = m.tensor(quantity.tensor).map(|(_, c)| c).unwrap_or_default();
                all.resize(figures.len(), Trace::default());
                for (trace, figure) in all.iter_mut().zip(figures) {
                    trace.push(m.step, *figure);
                }
            }),
            None => all.set(vec![Trace::default(); lab.loaded.with(|s| s.as_ref().map_or(0, |s| s.stages.len()))]),
        });
    });
    all
}

/// A stage's small curve and its last figure.
#[component]
pub fn Gauge(quantity: &'static Quantity, traces: RwSignal<Vec<Trace>>, stage: usize, count: usize) -> impl IntoView {
    let last = move || traces.with(|all| all.get(stage).and_then(Trace::last));
    let told = move || last().map_or_else(|| "–".to_owned(), |p| (quantity.write)(p.value));
    let label = Signal::derive(move || format!("{}, {}: {}", stage_name(stage, count), t(quantity.name), told()));
    let draw = move |sheet: &Sheet| {
        traces.with_untracked(|all| {
            if let Some(trace) = all.get(stage) {
                spark(sheet, trace.points(), quantity.range);
            }
        });
    };
    view! {
        <Canvas label=label class="spark" watch=move || traces.track() draw=draw />
        <span aria-hidden="true">{told}</span>
    }
}

/// A curve without axes, within `range` or more.
fn spark(sheet: &Sheet, points: &[Point], range: (f64, f64)) {
    let (Some(brush), Some(first), Some(last)) = (Brush::new(sheet), points.first(), points.last()) else { return };
    let (low, high) = points.iter().fold(range, |(a, b), p| (a.min(p.value), b.max(p.value)));
    let (low, high) = if high > low { (low, high) } else { (low - 0.5, low + 0.5) };
    let across = (last.step - first.step).max(1e-9);
    let at = |p: &Point| {
        let (x, y) = ((p.step - first.step) / across, (p.value - low) / (high - low));
        (1.0 + x * (sheet.width - 4.0), sheet.height - 2.0 - y * (sheet.height - 4.0))
    };
    let zero = sheet.height - 2.0 - (0.0 - low) / (high - low) * (sheet.height - 4.0);
    brush.path(&[(0.0, zero), (sheet.width, zero)], sheet.theme.line, 1.0);
    let line: Vec<(f64, f64)> = points.iter().map(at).collect();
    brush.path(&line, sheet.theme.train, 1.5);
    let (x, y) = at(last);
    brush.dot(x, y, 2.0, sheet.theme.train, sheet.theme.paper);
}
