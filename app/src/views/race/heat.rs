//! A sweep as a table: a cell for each pair of values, with what came of it; a cell leads to its experiment.

use engine::registry::Setting;
use engine::spec::Axis;
use leptos::prelude::*;

use crate::race::knobs::{self, Swept};
use crate::race::{Contender, Race, Standing};
use crate::state::Lab;
use crate::ui;
use crate::ui::field::{Choose, Select};
use crate::ui::format::{self, Mark};

/// What the cells tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    Accuracy,
    Loss,
    Seconds,
}

const FIGURES: [(Figure, &str); 3] =
    [(Figure::Accuracy, "accuracy"), (Figure::Loss, "loss"), (Figure::Seconds, "seconds")];

impl Figure {
    fn of(self, run: &Contender) -> Option<f64> {
        let last = run.readings.last()?;
        match self {
            Figure::Accuracy => Some(last.accuracy),
            Figure::Loss => last.loss,
            Figure::Seconds => Some(last.seconds),
        }
    }

    fn write(self, v: f64, mark: Mark) -> String {
        match self {
            Figure::Accuracy => mark.write(v),
            Figure::Loss => format::loss(v as f32),
            Figure::Seconds => format!("{v:.1} s"),
        }
    }
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    /// Mean over the seeds, and half the distance from the least to the greatest.
    figure: Option<(f64, f64)>,
    /// What goes on, or went wrong.
    note: String,
    /// Whether every seed came to its last step.
    whole: bool,
}

fn told(runs: &[Contender], lane: usize, figure: Figure) -> Told {
    let own: Vec<&Contender> = runs.iter().filter(|r| r.entrant.lane == lane).collect();
    let values: Vec<f64> = own.iter().filter_map(|r| figure.of(r)).collect();
    let of = own.len();
    let stands = |s: fn(&Standing) -> bool| own.iter().filter(|r| s(&r.standing)).count();
    let done = stands(|s| *s == Standing::Done);
    let running = stands(|s| *s == Standing::Running);
    let failed = own.iter().find_map(|r| match &r.standing {
        Standing::Failed(why) => Some(why.as_str()),
        Standing::Waiting | Standing::Running | Standing::Done => None,
    });
    let note = match failed {
        Some(why) if of > 1 => format!("{} of {of} failed: {why}", stands(|s| matches!(s, Standing::Failed(_)))),
        Some(why) => why.to_owned(),
        None if done == of => String::new(),
        None if running > 0 => {
            let step = own.iter().filter_map(|r| r.readings.last()).map(|r| r.step).max().unwrap_or(0);
            format!("at step {step}")
        }
        None if done > 0 => format!("{done} of {of} done"),
        None => "waits".to_owned(),
    };
    Told { figure: engine::race::spread(&values), note, whole: done == of && of > 0 }
}

/// The cell that is best, of those whose runs are all done: the greatest accuracy, the least of all else.
fn best(all: &[Told], figure: Figure) -> Option<usize> {
    let better = |a: f64, b: f64| if figure == Figure::Accuracy { a > b } else { a < b };
    let mut found: Option<(usize, f64)> = None;
    for (i, value) in all.iter().enumerate().filter(|(_, t)| t.whole).filter_map(|(i, t)| Some((i, t.figure?.0))) {
        if found.is_none_or(|(_, so_far)| better(value, so_far)) {
            found = Some((i, value));
        }
    }
    found.map(|f| f.0)
}

#[component]
pub fn Heat() -> impl IntoView {
    let race = Race::get();
    let lab = Lab::get();
    let figure = RwSignal::new(Figure::Accuracy);
    let all = Memo::new(move |_| {
        let figure = figure.get();
        race.runs.with(|runs| (0..race.names.with(Vec::len)).map(|lane| told(runs, lane, figure)).collect::<Vec<_>>())
    });
    let best = Memo::new(move |_| all.with(|all| best(all, figure.get())));
    let span = Memo::new(move |_| {
        let values = all.with(|all| all.iter().filter_map(|t| t.figure).map(|f| f.0).collect::<Vec<_>>());
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)))
    });
    let options = Signal::derive(move || {
        let name = |f: Figure| match f {
            Figure::Accuracy => format!("test {}", race.mark().name()),
            Figure::Loss => "test loss".into(),
            Figure::Seconds => "seconds".into(),
        };
        FIGURES.iter().map(|(f, id)| Choose::new(*id, name(*f))).collect::<Vec<_>>()
    });
    let chosen = Signal::derive(move || FIGURES.iter().find(|f| f.0 == figure.get()).map_or("", |f| f.1).to_owned());
    let table = move || {
        let axes = race.swept.get();
        let knobs = lab.spec.with_untracked(|s| knobs::all(lab, s));
        let [rows, columns @ ..] = axes.as_slice() else { return ().into_any() };
        let across = columns.first();
        let width = across.map_or(1, |a| a.values.len());
        let heads = match across {
            Some(axis) => axis.values.iter().map(|v| called(&knobs, axis, v)).collect(),
            None => vec!["Result".to_owned()],
        };
        let corner = match across {
            Some(axis) => format!("{} ↓ {} →", name(&knobs, rows), name(&knobs, axis)),
            None => name(&knobs, rows),
        };
        let body = rows.values.iter().enumerate().map(|(r, value)| {
            let cells = (0..width)
                .map(|c| view! { <HeatCell lane={r * width + c} all=all best=best span=span figure=figure /> });
            view! { <tr><th scope="row">{called(&knobs, rows, value)}</th>{cells.collect_view()}</tr> }
        });
        view! {
            <table class="heat">
                <thead><tr>
                    <th scope="col">{corner}</th>
                    {heads.into_iter().map(|h| view! { <th scope="col">{h}</th> }).collect_view()}
                </tr></thead>
                <tbody>{body.collect_view()}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <div class="race-axes">
            <Select label="Cells tell" called="What the cells tell" options=options value=chosen choose=move |id| {
                if let Some(f) = FIGURES.iter().find(|f| f.1 == id) {
                    figure.set(f.0);
                }
            } />
            <button type="button" on:click=move |_| ui::download("sweep.csv", &csv(race), "text/csv")>"Save the sweep as CSV"</button>
        </div>
        <div class="scroll" tabindex="0" role="region" aria-label="Results of the sweep">{table}</div>
        <p class="help">"A cell is the mean over the seeds ± half the distance from the least to the greatest. Choose one to open its experiment in the lab."</p>
    }
}

#[component]
fn HeatCell(
    lane: usize,
    all: Memo<Vec<Told>>,
    best: Memo<Option<usize>>,
    span: Memo<(f64, f64)>,
    figure: RwSignal<Figure>,
) -> impl IntoView {
    let race = Race::get();
    let told = Memo::new(move |_| all.with(|all| all.get(lane).cloned()));
    let is_best = move || best.get() == Some(lane);
    let text = move || {
        let figure_now = figure.get();
        let mark = race.mark();
        told.get().and_then(|t| t.figure).map(|(mean, half)| {
            let spread = if half > 0.0 { format!(" ± {}", figure_now.write(half, mark)) } else { String::new() };
            (figure_now.write(mean, mark), spread)
        })
    };
    let note = move || told.get().map(|t| t.note).unwrap_or_default();
    let heat = move || {
        let (least, most) = span.get();
        let share = told
            .get()
            .and_then(|t| t.figure)
            .map(|(v, _)| if most > least { (v - least) / (most - least) } else { 1.0 });
        // What is better is stronger.
        let share = share.map(|s| if figure.get() == Figure::Accuracy { s } else { 1.0 - s });
        share.map_or_else(|| "0%".to_owned(), |s| format!("{:.0}%", 4.0 + 38.0 * s))
    };
    let label = move || {
        let name = race.names.with(|n| n.get(lane).cloned().unwrap_or_default());
        let (mean, spread) = text().unwrap_or_default();
        let said = [format!("{mean}{spread}"), if is_best() { "the best".into() } else { String::new() }, note()];
        let said: Vec<String> = said.into_iter().filter(|s| !s.is_empty()).collect();
        format!("{name}: {}. Open in the lab", said.join(", "))
    };
    view! {
        <td class:best=is_best>
            <button type="button" class="heat-cell" aria-label=label title=note style:--heat=heat on:click=move |_| race.enter(lane)>
                <b>{move || is_best().then_some("★ ")}{move || text().map(|t| t.0)}</b>
                <span>{move || text().map(|t| t.1)}</span>
                <small>{note}</small>
            </button>
        </td>
    }
}

fn knob<'a>(knobs: &'a [Swept], axis: &Axis) -> Option<&'a Swept> {
    knobs.iter().find(|k| k.place == axis.place)
}

fn name(knobs: &[Swept], axis: &Axis) -> String {
    knob(knobs, axis).map_or_else(|| axis.place.clone(), |k| k.name.clone())
}

fn called(knobs: &[Swept], axis: &Axis, value: &Setting) -> String {
    knob(knobs, axis).map_or_else(|| value.to_string(), |k| k.called(value))
}

/// Every run of the sweep in a row: the values, and what came of it.
fn csv(race: Race) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let axes = race.swept.get_untracked();
    let width = axes.get(1).map_or(1, |a| a.values.len());
    let mut out: String = axes.iter().map(|a| quote(&a.place) + ",").collect();
    out += "seed,standing,step,test_accuracy,test_loss,seconds,operations_a_step\n";
    race.runs.with_untracked(|runs| {
        for run in runs {
            let places = [run.entrant.lane / width, run.entrant.lane % width];
            for (axis, i) in axes.iter().zip(places) {
                out += &(axis.values.get(i).map(|v| quote(&v.to_string())).unwrap_or_default() + ",");
            }
            let standing = match &run.standing {
                Standing::Waiting => "waiting".to_owned(),
                Standing::Running => "running".to_owned(),
                Standing::Done => "done".to_owned(),
                Standing::Failed(why) => quote(why),
            };
            let figures = run.readings.last().map_or_else(
                || ",,,".to_owned(),
                |r| {
                    format!(
                        "{},{},{},{:.3}",
                        r.step,
                        r.accuracy,
                        r.loss.map(|l| l.to_string()).unwrap_or_default(),
                        r.seconds
                    )
                },
            );
            out += &format!("{},{standing},{figures},{}\n", run.entrant.seed, run.work);
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(figure: Option<f64>, whole: bool) -> Told {
        Told { figure: figure.map(|f| (f, 0.0)), note: String::new(), whole }
    }

    #[test]
    fn the_best_is_the_best_of_those_that_are_done() {
        let all = [cell(Some(0.5), true), cell(Some(0.9), false), cell(Some(0.7), true), cell(None, true)];
        assert_eq!(best(&all, Figure::Accuracy), Some(2));
        assert_eq!(best(&all, Figure::Loss), Some(0));
        assert_eq!(best(&all[3..], Figure::Loss), None);
    }
}
