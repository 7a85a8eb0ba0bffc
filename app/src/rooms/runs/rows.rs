//! The lines of the table of past runs: single runs, and races with their runs under them.

use std::collections::BTreeSet;

use engine::spec::{Spec, text};
use leptos::prelude::*;

use super::{Run, ago, mark};
use crate::rooms::Room;
use crate::shelf::Raced;
use crate::state::Lab;
use crate::tongue::t;
use crate::ui::format;
use crate::views::touched::said;

/// A line of the table.
#[derive(Clone, PartialEq)]
pub(super) enum Line {
    /// A run by itself, or one of the race above it.
    Run { run: Run, raced: bool },
    /// A race, with how many of its runs are kept, and the one that did best.
    Race { race: Raced, runs: usize, best: Run, open: bool },
}

impl Line {
    pub(super) fn key(&self) -> (String, u64, bool) {
        match self {
            Line::Run { run, .. } => (run.record.id.clone(), run.record.saved.to_bits(), false),
            Line::Race { race, runs, open, .. } => (race.id.clone(), *runs as u64, *open),
        }
    }
}

/// The lines of the table: a race is one, and its runs are under it where it is open.
pub(super) fn lines(all: &[Run], open: &BTreeSet<String>) -> Vec<Line> {
    let mut out = Vec::new();
    let mut met = BTreeSet::new();
    for run in all {
        let Some(race) = &run.record.race else {
            out.push(Line::Run { run: run.clone(), raced: false });
            continue;
        };
        if !met.insert(race.id.as_str()) {
            continue;
        }
        let own: Vec<&Run> =
            all.iter().filter(|r| r.record.race.as_ref().is_some_and(|other| other.id == race.id)).collect();
        let how = |r: &&Run| r.record.scores.map_or(f32::NEG_INFINITY, |s| s.test.accuracy);
        let best = own.iter().copied().max_by(|a, b| how(a).total_cmp(&how(b))).unwrap_or(run).clone();
        let is_open = open.contains(&race.id);
        out.push(Line::Race { race: race.clone(), runs: own.len(), best, open: is_open });
        if is_open {
            out.extend(own.into_iter().map(|run| Line::Run { run: run.clone(), raced: true }));
        }
    }
    out
}

/// A race: its best run, and the way to all of them.
#[component]
pub(super) fn RaceRow(
    race: Raced,
    runs: usize,
    best: Run,
    is_open: bool,
    open: RwSignal<BTreeSet<String>>,
    remove: Callback<String>,
) -> impl IntoView {
    let lab = Lab::get();
    let Run { record, spec, .. } = best;
    let mark = mark(&record, lab, spec.as_ref());
    let whole = text::read(&race.spec).ok();
    let kind = if whole.as_ref().is_some_and(|s| !s.sweep.is_empty()) { t("Sweep") } else { t("Race") };
    // What its lanes change, and how many seeds and steps they have, is not what it is about.
    let about = |s: Spec| {
        let usual = Spec::new(s.data.clone(), Vec::new());
        lab.described(&Spec { lanes: Vec::new(), sweep: Vec::new(), seeds: usual.seeds, steps: usual.steps, ..s })
    };
    let name = whole.clone().map_or_else(|| t("not readable by this version").into(), about);
    let when = ago(record.saved);
    let called = format!("{kind}: {name}, {when}");
    let lane = record.race.as_ref().map_or_else(String::new, |r| r.lane.clone());
    let test = record.scores.map_or_else(|| "–".into(), |s| mark.write(s.test.accuracy.into()));
    let loss = record.scores.and_then(|s| s.test.loss).map_or_else(|| "–".into(), format::loss);
    let id = StoredValue::new(race.id);
    let turn = move |_| {
        id.with_value(|id| {
            open.update(|open| {
                if !open.remove(id) {
                    open.insert(id.clone());
                }
            });
        });
    };
    let none = whole.is_none();
    let again = move |_| {
        if let Some(spec) = whole.clone() {
            lab.open(spec);
            lab.room.set(Room::Lab);
        }
    };
    view! {
        <tr class="of-race">
            <td>
                <button type="button" class="quiet" aria-expanded=is_open.to_string() aria-label=t!("The runs of {called}", called) on:click=turn>
                    {if is_open { "▾" } else { "▸" }}
                </button>
            </td>
            <th scope="row">{format!("{kind}: {name}")}</th>
            <td class="differs">{t!("{runs}; best: {lane}", runs = if runs == 1 { t("one run").to_owned() } else { t!("{runs} runs", runs) }, lane)}</td>
            <td>{when}</td>
            <td>{record.step}</td>
            <td>{test}</td>
            <td>{loss}</td>
            <td>
                <button type="button" class="quiet" disabled=none aria-label=t!("Open {called}", called) on:click=again>{t("Open")}</button>
                <button type="button" class="quiet" aria-label=t!("Forget {called}", called) on:click=move |_| remove.run(id.get_value())>
                    {t("Forget")}
                </button>
            </td>
        </tr>
    }
}

#[component]
pub(super) fn Row(
    run: Run,
    raced: bool,
    chosen: RwSignal<BTreeSet<String>>,
    remove: Callback<Vec<String>>,
) -> impl IntoView {
    let lab = Lab::get();
    let Run { record, spec, name, differs } = run;
    let done = said(lab, &record.touches);
    let id = StoredValue::new(record.id.clone());
    let mark = mark(&record, lab, spec.as_ref());
    let when = ago(record.saved);
    let test = record.scores.map_or_else(|| "–".into(), |s| mark.write(s.test.accuracy.into()));
    let loss = record.scores.and_then(|s| s.test.loss).map_or_else(|| "–".into(), format::loss);
    let called = format!("{name}, {when}");
    let on = move || id.with_value(|id| chosen.with(|c| c.contains(id)));
    let turn = move |_| {
        id.with_value(|id| {
            chosen.update(|c| {
                if !c.remove(id) {
                    c.insert(id.clone());
                }
            });
        });
    };
    let step = record.step;
    let goes_on = record.state;
    let open = move |_| {
        lab.take_down(&record);
        lab.room.set(Room::Lab);
    };
    let verb = if goes_on { t("Go on") } else { t("Run again") };
    view! {
        <tr class:raced=raced>
            <td><input type="checkbox" aria-label=t!("Compare {called}", called) prop:checked=on on:change=turn /></td>
            <th scope="row">
                {name}
                {(!done.is_empty()).then(|| view! { <small class="done">{done}</small> })}
            </th>
            <td class="differs">{differs}</td>
            <td>{when}</td>
            <td>{step}</td>
            <td>{test}</td>
            <td>{loss}</td>
            <td>
                <button type="button" class="quiet" disabled=spec.is_none() aria-label=format!("{verb}: {called}") on:click=open>{verb}</button>
                <button type="button" class="quiet" aria-label=t!("Forget {called}", called) on:click=move |_| remove.run(vec![id.get_value()])>
                    {t("Forget")}
                </button>
            </td>
        </tr>
    }
}
