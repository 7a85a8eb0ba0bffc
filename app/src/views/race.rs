//! The lanes of a race as curves: the mean over the seeds, within the band from the least to the greatest.

pub mod heat;

use engine::sorting::Sorting as _;
use leptos::prelude::*;

use super::chart::{Axis, Chart, Line, decimals, marks, step};
use crate::race::{Contender, Race, Reading};
use crate::state::Point;
use crate::tongue::t;
use crate::ui::field::{Check, Choose, Select};
use crate::ui::format;

/// Places along the axis at which the seeds are compared.
const GRID: usize = 80;
/// Lines that can be told apart by their colours.
const APART: usize = 10;

/// What runs along the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Along {
    Steps,
    Seconds,
    Operations,
    Examples,
}

const ALONG: [(Along, &str, &str); 4] = [
    (Along::Steps, "steps", key!("steps")),
    (Along::Seconds, "seconds", key!("seconds, evaluations included")),
    (Along::Operations, "operations", key!("operations, counted")),
    (Along::Examples, "examples", key!("examples seen")),
];

impl Along {
    fn of(self, run: &Contender, reading: &Reading) -> f64 {
        match self {
            Along::Steps => reading.step as f64,
            Along::Seconds => reading.seconds,
            Along::Operations => reading.step as f64 * run.work as f64,
            Along::Examples => reading.step as f64 * f64::from(run.entrant.spec.batch),
        }
    }

    fn write(self, v: f64) -> String {
        match self {
            Along::Steps => t!("step {step}", step = format_args!("{v:.0}")),
            Along::Seconds => format!("{v:.1} s"),
            Along::Operations => t!("{number} operations", number = format::count(v as u64)),
            Along::Examples => t!("{number} examples", number = format::count(v as u64)),
        }
    }
}

/// Value of a polyline at `x` within its ends.
fn at(points: &[(f64, f64)], x: f64) -> Option<f64> {
    let after = points.partition_point(|p| p.0 < x);
    let next = points.get(after)?;
    let Some(before) = after.checked_sub(1).map(|i| points[i]) else { return (next.0 <= x).then_some(next.1) };
    let share = (x - before.0) / (next.0 - before.0).max(1e-12);
    Some(before.1 + share * (next.1 - before.1))
}

/// Mean over the seeds of a lane, with the least and the greatest, where all seeds that began have been.
fn band(series: &[Vec<(f64, f64)>]) -> Vec<(f64, [f64; 3])> {
    let begun: Vec<_> = series.iter().filter(|s| !s.is_empty()).collect();
    let first = begun.iter().map(|s| s[0].0).fold(0.0, f64::max);
    let last = begun.iter().filter_map(|s| s.last()).map(|p| p.0).fold(f64::INFINITY, f64::min);
    if begun.is_empty() || last < first {
        return Vec::new();
    }
    (0..=GRID)
        .filter_map(|i| {
            let x = first + (last - first) * i as f64 / GRID as f64;
            let values: Vec<f64> = begun.iter().filter_map(|s| at(s, x)).collect();
            let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (values.len() == begun.len()).then_some((x, [mean, least, most]))
        })
        .collect()
}

fn lines(race: Race, along: Along, loss: bool) -> Vec<Line> {
    let names = race.names.get_untracked();
    race.runs.with_untracked(|runs| {
        let line = |(lane, name): (usize, &String)| {
            let series: Vec<Vec<(f64, f64)>> = runs
                .iter()
                .filter(|r| r.entrant.lane == lane)
                .map(|r| {
                    let value = |p: &Reading| if loss { p.loss } else { Some(p.accuracy) };
                    r.readings.iter().filter_map(|p| Some((along.of(r, p), value(p)?))).collect()
                })
                .collect();
            let band = band(&series);
            let points = band.iter().map(|&(step, [value, ..])| Point { step, value }).collect();
            Line {
                band: band.iter().map(|&(x, [_, least, most])| (x, least, most)).collect(),
                width: 2.0,
                ..Line::of_many(lane, name, points)
            }
        };
        names.iter().enumerate().map(line).collect()
    })
}

/// The same, but of a race of many lanes those alone that end best.
fn ahead(race: Race, along: Along, loss: bool) -> Vec<Line> {
    let mut all = lines(race, along, loss);
    if all.len() > APART {
        let last = |l: &Line| l.points.last().map_or(f64::NEG_INFINITY, |p| if loss { -p.value } else { p.value });
        all.put_in_order_by(|a, b| last(b).total_cmp(&last(a)));
        all.truncate(APART);
    }
    all
}

#[component]
pub fn Curves() -> impl IntoView {
    let race = Race::get();
    let along = RwSignal::new(Along::Steps);
    let (loss, log) = (RwSignal::new(false), RwSignal::new(false));
    let options: Vec<_> = ALONG.iter().map(|(_, id, name)| Choose::new(*id, t(name))).collect();
    let chosen = Signal::derive(move || {
        let now = along.get();
        ALONG.iter().find(|a| a.0 == now).map_or("", |a| a.1).to_owned()
    });
    let watch = move || {
        race.runs.track();
        along.track();
        loss.track();
    };
    let label = Signal::derive(move || {
        watch();
        let last = ahead(race, along.get(), loss.get()).into_iter().filter_map(|l| {
            let value = l.points.last()?.value;
            Some(format!(
                "{} {}",
                l.name,
                if loss.get() { format::loss(value as f32) } else { race.mark().write(value) }
            ))
        });
        let what = if loss.get() { t("Test loss").to_owned() } else { t!("Test {mark}", mark = race.mark().name()) };
        t!("{what} of each lane, mean over the seeds: {shares}", what, shares = last.collect::<Vec<_>>().join(", "))
    });
    let mark = Memo::new(move |_| race.mark());
    let axis = move || Axis {
        across: match along.get() {
            Along::Steps => |v| Along::Steps.write(v),
            Along::Seconds => |v| Along::Seconds.write(v),
            Along::Operations => |v| Along::Operations.write(v),
            Along::Examples => |v| Along::Examples.write(v),
        },
        ..if loss.get() {
            Axis { least: None, most: (0.0, f64::MAX), write: |v| format::loss(v as f32), tick: decimals, across: step }
        } else {
            marks(mark.get())
        }
    };
    let many = move || race.names.with(Vec::len) > APART;
    view! {
        <Show when=many><p class="help">{t!("The {apart} cells that stand best.", apart = APART)}</p></Show>
        <div class="race-axes">
            <Select label=t("Along") options=options value=chosen choose=move |id| {
                if let Some(a) = ALONG.iter().find(|a| a.1 == id) {
                    along.set(a.0);
                }
            } />
            <Check label=t("Show the loss") value=loss set=move |on| loss.set(on) />
            <Check label=t("Logarithmic") called=t("Logarithmic axis of the race") value=log set=move |on| log.set(on) />
        </div>
        {move || view! {
            <Chart
                label=label
                lines=move || ahead(race, along.get_untracked(), loss.get_untracked())
                watch=watch
                axis=axis()
                log=log
            />
        }}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_compared_where_all_of_them_have_been() {
        let a = vec![(0.0, 0.0), (10.0, 1.0)];
        let b = vec![(0.0, 0.5), (5.0, 0.5), (20.0, 2.0)];
        let band = band(&[a, b, Vec::new()]);
        assert_eq!((band[0].0, band[GRID].0), (0.0, 10.0));
        assert_eq!(band[0].1, [0.25, 0.0, 0.5]);
        assert_eq!(band[GRID / 2].1, [0.5, 0.5, 0.5]);
        assert!(super::band(&[]).is_empty());
    }
}
