//! How many hidden units are active, over time: what a division into experts could make use of.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::card::{Card, watches};
use super::chart::{Axis, Chart, Line, percent, step};
use crate::state::{Lab, Measured, Trace};
use crate::ui::canvas::Sight;

/// Where few enough units are active that those of a few experts hold most of them, and where too many are: below the
/// one MoEfication kept 98 % of the quality in our runs, above the other a random division was better than any.
const FEW: f64 = 0.2;
const MANY: f64 = 0.5;

/// By the rectifier's path.
type Past = BTreeMap<String, Trace>;

fn take(past: &mut Past, m: &Measured) {
    for (name, _, data) in m.tensors() {
        if let (Some(path), Some(share)) = (name.strip_prefix("active "), data.first()) {
            past.entry(path.to_owned()).or_default().push(m.step, *share);
        }
    }
}

/// The shares that were measured last, by path.
pub fn shares(m: &Measured) -> Vec<(String, f64)> {
    let share = |(name, _, data): (&str, &[usize], &[f32])| {
        Some((name.strip_prefix("active ")?.to_owned(), f64::from(*data.first()?)))
    };
    m.tensors().filter_map(share).collect()
}

/// What the densest of the `shares` means for MoEfication.
pub fn verdict(shares: &[(String, f64)]) -> String {
    let most = shares.iter().map(|s| s.1).fold(0.0, f64::max);
    let say = if most < FEW {
        "few enough for MoEfication: a few experts can hold what is active"
    } else if most < MANY {
        "rather many for MoEfication: expect to need a large part of the experts"
    } else {
        "too many for MoEfication: whatever is left out will be missed"
    };
    format!("Up to {:.0} % of the hidden units are active at once, {say}.", most * 100.0)
}

#[component]
pub fn Density() -> impl IntoView {
    let probe = Lab::get().probe("density");
    let seen = watches("density");
    let past = RwSignal::new(Past::new());
    let said = RwSignal::new(String::new());
    Effect::new(move |_| {
        probe.with(|m| match m {
            Some(m) => {
                past.update(|past| take(past, m));
                said.set(verdict(&shares(m)));
            }
            None => past.set(Past::new()),
        });
    });
    let lines = move || {
        let line = |(i, (path, trace)): (usize, (&String, &Trace))| Line::of_many(i, path, trace.points().to_vec());
        past.with(|past| past.iter().enumerate().map(line).collect::<Vec<_>>())
    };
    let label = Signal::derive(move || {
        let last =
            lines().into_iter().filter_map(|l| Some(format!("{} {:.0} %", l.name, l.points.last()?.value * 100.0)));
        format!("Share of the hidden units that are active over time: {}", last.collect::<Vec<_>>().join(", "))
    });
    let axis = Axis {
        least: Some((0.0, 1.0)),
        most: (0.0, 1.0),
        write: |v| format!("{:.1} %", v * 100.0),
        tick: percent,
        across: step,
    };
    view! {
        <Card title="Active units" help="Behind each rectifier, the share of the hidden units that are above zero for a test sample.">
            <Sight seen=seen />
            <Chart label=label lines=lines watch=move || past.track() axis=axis />
            <p class="said">{said}</p>
        </Card>
    }
}
