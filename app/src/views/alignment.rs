//! How good the rule's updates are, stage by stage: how far they point where backpropagation's gradient points, how far
//! two batches agree on them, and how large the steps are that come of them.

use leptos::prelude::*;

use super::card::{Card, watches};
use super::chart::{Axis, Chart, Line, decimals, step};
use super::quantities::{COSINE, Quantity, SIGNAL_TO_NOISE, UPDATE_SIZE, traces};
use crate::state::{Lab, Trace};
use crate::tongue::t;
use crate::ui::field::{Choose, Select};

/// Steps between measurements that are offered.
const EVERY: [u32; 5] = [1, 10, 50, 100, 500];

#[component]
pub fn Alignment() -> impl IntoView {
    let lab = Lab::get();
    let every = Signal::derive(move || lab.every.get().to_string());
    let options: Vec<_> = EVERY
        .iter()
        .map(|n| Choose::new(n.to_string(), if *n == 1 { t("every step").into() } else { t!("every {n} steps", n) }))
        .collect();
    let axis =
        Axis { least: Some((0.0, 1.0)), most: (-1.0, 1.0), write: |v| format!("{v:.3}"), tick: decimals, across: step };
    view! {
        <Card
            title=key!("Alignment with backprop")
            help=t("Cosine between what the rule does and the true gradient: 1 is the same direction, 0 is unrelated. It costs a backward pass; close it to switch it off.")
        >
            <Stages of=&COSINE said=t("Cosine between the rule's update and the gradient, by stage") axis=axis />
            <Select label=t("Measure") options=options value=every choose=move |v| {
                if let Ok(n) = v.parse() {
                    lab.every.set(n);
                }
            } />
        </Card>
    }
}

#[component]
pub fn SignalToNoise() -> impl IntoView {
    let axis = Axis {
        least: Some((0.0, 1.0)),
        most: (0.0, f64::MAX),
        write: |v| format!("{v:.3}"),
        tick: decimals,
        across: step,
    };
    view! {
        <Card
            title=key!("Signal to noise")
            help=t("What two batches agree on in each stage's update, over what they do not: above 1 a step goes mostly where the mean goes. It costs two steps; close it to switch it off.")
        >
            <Stages of=&SIGNAL_TO_NOISE said=t("Signal to noise of the rule's update, by stage") axis=axis />
        </Card>
    }
}

#[component]
pub fn UpdateSize() -> impl IntoView {
    let axis = Axis {
        least: None,
        most: (0.0, f64::MAX),
        write: |v| format!("{v:.1e}"),
        tick: |v, _| format!("{v:.0e}"),
        across: step,
    };
    view! {
        <Card
            title=key!("Update size")
            help=t("How large a step is beside the weights that it changes, by stage. About 0.001 is usual; much more shakes what was learned, much less learns slowly.")
        >
            <Stages of=&UPDATE_SIZE said=t("Size of the step beside the weights, by stage") axis=axis />
        </Card>
    }
}

/// A figure for each stage over the steps.
#[component]
fn Stages(of: &'static Quantity, said: &'static str, axis: Axis) -> impl IntoView {
    let seen = watches(of.probe);
    let traces = traces(Lab::get(), of);
    let lines = move || {
        traces.with(|all| {
            let line = |(i, t): (usize, &Trace)| Line::of_many(i, named(i, all.len()), t.points().to_vec());
            all.iter().enumerate().map(line).collect()
        })
    };
    let label = Signal::derive(move || {
        let last = traces
            .with(|all| all.iter().filter_map(Trace::last).map(|p| format!("{:.2}", p.value)).collect::<Vec<_>>());
        format!("{said}: {}", last.join(", "))
    });
    view! { <Chart label=label lines=lines watch=move || traces.track() axis=axis seen=seen /> }
}

fn named(stage: usize, count: usize) -> String {
    if stage + 1 == count { t("read-out").to_owned() } else { t!("stage {number}", number = stage + 1) }
}
