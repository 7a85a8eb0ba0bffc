//! Small multiples of how each stage is taught: cosine to backpropagation's gradient, signal to noise, size of the step
//! beside the weights, one line of three small curves a stage.

use leptos::prelude::*;

use super::card::{Card, watches};
use crate::state::{Lab, Point, Trace};
use crate::ui::canvas::{Canvas, Sheet, Sight};
use crate::ui::paint::Brush;

/// A quantity: probe, tensor, name, what it means, how it is written, and the least range of its curve.
#[derive(Clone, Copy)]
struct Quantity {
    probe: &'static str,
    tensor: &'static str,
    name: &'static str,
    title: &'static str,
    write: fn(f64) -> String,
    range: (f64, f64),
}

static QUANTITIES: [Quantity; 3] = [
    Quantity {
        probe: "alignment",
        tensor: "cosine",
        name: "Cosine",
        title: "Between the rule's update and backpropagation's gradient: 1 is the same direction",
        write: |v| format!("{v:.2}"),
        range: (0.0, 1.0),
    },
    Quantity {
        probe: "signal-to-noise",
        tensor: "ratio",
        name: "Signal to noise",
        title: "What two batches agree on, over what they do not",
        write: |v| if v < 100.0 { format!("{v:.2}") } else { format!("{v:.0}") },
        range: (0.0, 1.0),
    },
    Quantity {
        probe: "update-size",
        tensor: "size",
        name: "Update size",
        title: "The step's length over that of the weights",
        write: |v| if v == 0.0 { "0".to_owned() } else { format!("{v:.0e}") },
        range: (0.0, 0.0),
    },
];

#[component]
pub fn Stages() -> impl IntoView {
    let lab = Lab::get();
    let traces: [RwSignal<Vec<Trace>>; 3] = QUANTITIES.map(|q| {
        let reading = lab.probe(q.probe);
        let all = RwSignal::new(Vec::<Trace>::new());
        Effect::new(move |_| {
            reading.with(|m| match m {
                Some(m) => all.update(|all| {
                    let figures = m.tensor(q.tensor).map(|(_, c)| c).unwrap_or_default();
                    all.resize(figures.len(), Trace::default());
                    for (trace, figure) in all.iter_mut().zip(figures) {
                        trace.push(m.step, *figure);
                    }
                }),
                None => all.set(Vec::new()),
            });
        });
        all
    });
    let watched = QUANTITIES.map(|q| watches(q.probe));
    let seen = Callback::new(move |on: bool| watched.iter().for_each(|w| w.run(on)));
    let count = Memo::new(move |_| lab.loaded.with(|s| s.as_ref().map_or(0, |s| s.stages.len())));
    let small = move |stage: usize, i: usize| {
        let (quantity, all) = (&QUANTITIES[i], traces[i]);
        let last = move || all.with(|all| all.get(stage).and_then(Trace::last));
        let told = move || last().map_or_else(|| "–".to_owned(), |p| (quantity.write)(p.value));
        let called =
            if stage + 1 == count.get_untracked() { "Read-out".to_owned() } else { format!("Stage {}", stage + 1) };
        let label = Signal::derive(move || format!("{called}, {}: {}", quantity.name, told()));
        let draw = move |sheet: &Sheet| {
            all.with_untracked(|all| {
                if let Some(trace) = all.get(stage) {
                    spark(sheet, trace.points(), quantity.range);
                }
            });
        };
        view! {
            <td>
                <Canvas label=label class="spark" watch=move || all.track() draw=draw />
                <span aria-hidden="true">{told}</span>
            </td>
        }
    };
    let row = move |stage: usize| {
        let name = if stage + 1 == count.get() { "Read-out".to_owned() } else { (stage + 1).to_string() };
        view! { <tr><th scope="row">{name}</th>{(0..QUANTITIES.len()).map(|i| small(stage, i)).collect_view()}</tr> }
    };
    view! {
        <Card title="Stage by stage" help="How each stage is taught, over the steps seen so far. It costs about four steps a look; close it to switch it off.">
            <Sight seen=seen />
            <table class="multiples">
                <thead>
                    <tr>
                        <th scope="col">"Stage"</th>
                        {QUANTITIES.map(|q| view! { <th scope="col" title=q.title>{q.name}</th> }).into_iter().collect_view()}
                    </tr>
                </thead>
                <tbody>{move || (0..count.get()).map(row).collect_view()}</tbody>
            </table>
        </Card>
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
