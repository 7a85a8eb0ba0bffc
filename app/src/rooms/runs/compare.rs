//! Several past runs side by side.

use engine::race::differences;
use engine::spec::Spec;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Run, mark};
use crate::shelf;
use crate::state::{Curve, Lab};
use crate::tongue::t;
use crate::ui::format::Mark;
use crate::views::chart::{Chart, Line, marks};
use crate::views::touched::said;

/// Test accuracy of several runs over their steps, and all that differs between them.
#[component]
pub(super) fn Compare(runs: Vec<Run>) -> impl IntoView {
    let lab = Lab::get();
    let specs: Vec<&Spec> = runs.iter().filter_map(|r| r.spec.as_ref()).collect();
    let mut rows = if specs.len() == runs.len() { differences(&specs) } else { Vec::new() };
    let done: Vec<String> = runs.iter().map(|r| said(lab, &r.record.touches)).collect();
    if done.iter().any(|done| !done.is_empty()) {
        rows.push((t("done to it").to_owned(), done));
    }
    let names: Vec<String> = runs.iter().enumerate().map(|(i, r)| format!("{}. {}", i + 1, r.name)).collect();
    let axis = marks(runs.first().map_or(Mark::Accuracy, |r| mark(&r.record, lab, r.spec.as_ref())));
    let heads = names.clone();
    // Curves lie apart from the records, and are read when they are to be seen.
    let curves = RwSignal::new(Vec::<Curve>::new());
    let ids: Vec<String> = runs.iter().map(|r| r.record.id.clone()).collect();
    spawn_local(async move {
        let mut read = Vec::new();
        for id in &ids {
            read.push(shelf::curve(id).await);
        }
        curves.set(read);
    });
    let lines = move || {
        let line = |(i, curve): (usize, &Curve)| {
            let name = names.get(i).cloned().unwrap_or_default();
            Line { width: 2.0, ..Line::of_many(i, name, curve.test_accuracy.points().to_vec()) }
        };
        curves.with_untracked(|all| all.iter().enumerate().map(line).collect::<Vec<_>>())
    };
    view! {
        <h3>{t("Side by side")}</h3>
        <Chart label=t("How well each run answered test samples, over its steps") lines=lines watch=move || curves.track() axis=axis of=Signal::stored(t("Runs that this browser keeps").to_owned()) />
        <div class="scroll" tabindex="0" role="region" aria-label=t("What differs between the runs")>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{t("What differs")}</th>
                        {heads.into_iter().map(|n| view! { <th scope="col">{n}</th> }).collect_view()}
                    </tr>
                </thead>
                <tbody>
                    {rows.into_iter().map(|(field, texts)| {
                        let cells = texts.into_iter().map(|t| view! { <td>{if t.is_empty() { "–".into() } else { t }}</td> });
                        view! { <tr><th scope="row">{field}</th>{cells.collect_view()}</tr> }
                    }).collect_view()}
                </tbody>
            </table>
        </div>
    }
}
