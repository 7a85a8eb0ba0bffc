//! How good the rule's updates are, stage by stage: how far they point where backpropagation's gradient points, how far
//! two batches agree on them, and how large the steps are that come of them.

use leptos::prelude::*;

use super::card::{Card, watches};
use super::chart::{Axis, Chart, Line, decimals, step};
use crate::state::{Lab, Trace};
use crate::ui::field::{Choose, Select};

/// Steps between measurements that are offered.
const EVERY: [u32; 5] = [1, 10, 50, 100, 500];

#[component]
pub fn Alignment() -> impl IntoView {
    let lab = Lab::get();
    let every = Signal::derive(move || lab.every.get().to_string());
    let options: Vec<_> = EVERY
        .iter()
        .map(|n| Choose::new(n.to_string(), if *n == 1 { "every step".into() } else { format!("every {n} steps") }))
        .collect();
    let axis =
        Axis { least: Some((0.0, 1.0)), most: (-1.0, 1.0), write: |v| format!("{v:.3}"), tick: decimals, across: step };
    view! {
        <Card
            title="Alignment with backprop"
            help="Cosine between what the rule does and the true gradient: 1 is the same direction, 0 is unrelated. It costs a backward pass; close it to switch it off."
        >
            <Stages probe="alignment" tensor="cosine" said="Cosine between the rule's update and the gradient, by stage" axis=axis />
            <Select label="Measure" options=options value=every choose=move |v| {
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
            title="Signal to noise"
            help="What two batches agree on in each stage's update, over what they do not: above 1 a step goes mostly where the mean goes. It costs two steps; close it to switch it off."
        >
            <Stages probe="signal-to-noise" tensor="ratio" said="Signal to noise of the rule's update, by stage" axis=axis />
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
            title="Update size"
            help="How large a step is beside the weights that it changes, by stage. About 0.001 is usual; much more shakes what was learned, much less learns slowly."
        >
            <Stages probe="update-size" tensor="size" said="Size of the step beside the weights, by stage" axis=axis />
        </Card>
    }
}

/// A figure for each stage over the steps.
#[component]
fn Stages(probe: &'static str, tensor: &'static str, said: &'static str, axis: Axis) -> impl IntoView {
    let reading = Lab::get().probe(probe);
    let seen = watches(probe);
    let tracks = RwSignal::new(Vec::<Trace>::new());
    Effect::new(move |_| {
        reading.with(|m| match m {
            Some(m) => tracks.update(|all| {
                let figures = m.tensor(tensor).map(|(_, c)| c).unwrap_or_default();
                all.resize(figures.len(), Trace::default());
                for (track, figure) in all.iter_mut().zip(figures) {
                    track.push(m.step, *figure);
                }
            }),
            None => tracks.set(Vec::new()),
        });
    });
    let lines = move || {
        let name = |i: usize, all: usize| if i + 1 == all { "read-out".to_owned() } else { format!("stage {}", i + 1) };
        tracks.with(|all| {
            let line = |(i, t): (usize, &Trace)| Line::of_many(i, name(i, all.len()), t.points().to_vec());
            all.iter().enumerate().map(line).collect()
        })
    };
    let label = Signal::derive(move || {
        let last = tracks
            .with(|all| all.iter().filter_map(Trace::last).map(|p| format!("{:.2}", p.value)).collect::<Vec<_>>());
        format!("{said}: {}", last.join(", "))
    });
    view! { <Chart label=label lines=lines watch=move || tracks.track() axis=axis seen=seen /> }
}
