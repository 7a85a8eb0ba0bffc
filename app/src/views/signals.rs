//! What the rule itself goes by, stage by stage: single figures over the steps of the run, series within one step.

use std::collections::{BTreeMap, BTreeSet};

use leptos::prelude::*;

use super::card::{Card, watches};
use super::chart::{Axis, Chart, Line, step};
use crate::state::{Lab, Measured, Point, Trace};
use crate::tongue::t;
use crate::ui::canvas::Sight;
use crate::ui::format;

/// The stages of one quantity.
#[derive(Debug, Clone, PartialEq)]
enum Shown {
    /// A figure a step.
    Figures(BTreeMap<usize, Trace>),
    /// A series within the last step that was measured.
    Series(BTreeMap<usize, Vec<f32>>),
}

/// By the quantity's name.
type Quantities = BTreeMap<String, Shown>;

/// Adds a measurement to what was seen before.
fn take(all: &mut Quantities, m: &Measured) {
    for (name, shape, data) in m.tensors() {
        let Some((quantity, stage)) = name.rsplit_once('/').and_then(|(q, s)| Some((q, s.parse::<usize>().ok()?)))
        else {
            continue;
        };
        if shape.is_empty() {
            let shown = all.entry(quantity.to_owned()).or_insert_with(|| Shown::Figures(BTreeMap::new()));
            if let (Shown::Figures(stages), Some(value)) = (shown, data.first()) {
                stages.entry(stage).or_default().push(m.step, *value);
            }
        } else {
            let shown = all.entry(quantity.to_owned()).or_insert_with(|| Shown::Series(BTreeMap::new()));
            if let Shown::Series(stages) = shown {
                stages.insert(stage, data.to_vec());
            }
        }
    }
}

fn lines(shown: &Shown) -> Vec<Line> {
    let line =
        |i: usize, stage: usize, points: Vec<Point>| Line::of_many(i, t!("stage {number}", number = stage), points);
    match shown {
        Shown::Figures(stages) => {
            stages.iter().enumerate().map(|(i, (s, t))| line(i, *s, t.points().to_vec())).collect()
        }
        Shown::Series(stages) => stages
            .iter()
            .enumerate()
            .map(|(n, (s, values))| {
                let point = |(i, v): (usize, &f32)| Point { step: (i + 1) as f64, value: f64::from(*v) };
                line(n, *s, values.iter().enumerate().filter(|(_, v)| v.is_finite()).map(point).collect())
            })
            .collect(),
    }
}

#[component]
pub fn Signals() -> impl IntoView {
    let probe = Lab::get().probe("signals");
    let watched = watches("signals");
    // Measured as long as one of the charts, or the place where they will be, is on the screen.
    let visible = StoredValue::new(BTreeSet::<String>::new());
    let seen = move |what: String| {
        Callback::new(move |on: bool| {
            visible.update_value(|v| {
                if on {
                    v.insert(what.clone());
                } else {
                    v.remove(&what);
                }
            });
            watched.run(visible.with_value(|v| !v.is_empty()));
        })
    };
    let all = RwSignal::new(Quantities::new());
    Effect::new(move |_| {
        probe.with(|m| match m {
            Some(m) => all.update(|all| take(all, m)),
            None => all.set(Quantities::new()),
        });
    });
    let names = Memo::new(move |_| {
        all.with(|all| all.iter().map(|(n, s)| (n.clone(), matches!(s, Shown::Series(_)))).collect::<Vec<_>>())
    });
    let chart = move |(name, series): (String, bool)| {
        let (of, told) = (name.clone(), name.clone());
        let seen = seen(name.clone());
        let label = Signal::derive(move || {
            let last = all.with(|all| all.get(&told).map(lines).unwrap_or_default());
            let last =
                last.iter().filter_map(|l| Some(format!("{} {}", l.name, format::plain(l.points.last()?.value))));
            format!("{told}: {}", last.collect::<Vec<_>>().join(", "))
        });
        let axis = Axis {
            least: None,
            most: (f64::MIN, f64::MAX),
            write: figure,
            tick: |v, _| figure(v),
            across: if series { |v| t!("iteration {number}", number = format_args!("{v:.0}")) } else { step },
        };
        let lines = move || all.with(|all| all.get(&of).map(lines).unwrap_or_default());
        view! {
            <figure>
                <figcaption>{format::capital(&name)} {series.then_some(t(", within one step"))}</figcaption>
                <Chart label=label lines=lines watch=move || all.track() axis=axis seen=seen />
            </figure>
        }
    };
    view! {
        <Card title=key!("The rule's signals") help=t("What the rule itself goes by at each stage, on the batch of the next step.")>
            <Sight seen=seen(String::new()) there=Signal::derive(move || names.with(|n| !n.is_empty())) room=Callback::new(|_| 280.0) />
            {move || names.get().into_iter().map(chart).collect_view()}
        </Card>
    }
}

/// Three digits that count.
fn figure(v: f64) -> String {
    let size = v.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if !(1e-3..1e5).contains(&size) {
        format!("{v:.1e}")
    } else {
        let places = (2.0 - size.log10().floor()).clamp(0.0, 5.0) as usize;
        format!("{v:.places$}")
    }
}
