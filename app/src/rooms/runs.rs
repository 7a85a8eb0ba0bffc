//! Past runs, as the browser keeps them: what they were, what they came to, and the way back to them.

mod compare;
mod rows;

use std::collections::BTreeSet;

use compare::Compare;
use engine::diagnostic::Diagnostic;
use engine::race::differences;
use engine::spec::Spec;
use engine::touch;
use leptos::prelude::*;
use leptos::task::spawn_local;
use rows::{Line, RaceRow, Row, lines};

use crate::shelf::{self, Record};
use crate::state::{Lab, sentence};
use crate::tongue::t;
use crate::ui;
use crate::ui::format::Mark;

/// Fields that are told apart in one line.
const FIELDS: usize = 4;

/// A record with its experiment.
#[derive(Clone, PartialEq)]
struct Run {
    record: Record,
    spec: Option<Spec>,
    name: String,
    /// What it has other than the present experiment.
    differs: String,
}

#[component]
pub fn RunsRoom() -> impl IntoView {
    let lab = Lab::get();
    let runs = RwSignal::new(None::<Result<Vec<Run>, String>>);
    let chosen = RwSignal::new(BTreeSet::<String>::new());
    let open = RwSignal::new(BTreeSet::<String>::new());
    let read = move || {
        spawn_local(async move {
            let all = shelf::all().await;
            let ids = |all: &[Run]| all.iter().map(|r| r.record.id.clone()).collect::<Vec<_>>();
            let all = all.map(|records| records.into_iter().map(|r| run(lab, r)).collect::<Vec<_>>());
            // A row that is already there stays as it is, under whoever is reading it.
            let same = match (&all, runs.get_untracked()) {
                (Ok(all), Some(Ok(before))) => ids(all) == ids(&before),
                (Ok(_) | Err(_), _) => false,
            };
            if !same {
                runs.set(Some(all));
            }
        });
    };
    // The present run is among them, as it stands.
    lab.save();
    Effect::new(move |_| {
        lab.kept.track();
        read();
    });
    let remove = Callback::new(move |ids: Vec<String>| {
        spawn_local(async move {
            if let Err(why) = shelf::remove(&ids).await {
                let why = Diagnostic::new("runs", sentence(&why), t("try again after a reload"));
                lab.tell(crate::state::Notice::alert("shelf", t("They could not be taken away"), why.to_string()));
            }
            chosen.update(|c| c.retain(|id| !ids.contains(id)));
            read();
        });
    });
    let said = move || {
        match runs.get() {
        None => t("Looking through what the browser keeps …").to_owned(),
        Some(Err(why)) => t!("This browser keeps nothing for this page. It says: {why}", why = sentence(&why)),
        Some(Ok(all)) if all.is_empty() => {
            t("No run is kept yet. Every run of the lab is, from its twentieth step on, and every run of a race that comes to its end: come back after one.").to_owned()
        }
        Some(Ok(all)) => t!("{runs} kept in this browser; the newest first. They never leave it.", runs = plural(all.len())),
    }
    };
    let all = move || runs.get().and_then(Result::ok).unwrap_or_default();
    let marked =
        Memo::new(move |_| chosen.with(|c| all().into_iter().filter(|r| c.contains(&r.record.id)).collect::<Vec<_>>()));
    let shown = move || open.with(|open| lines(&all(), open));
    let forget_race = Callback::new(move |race: String| {
        let of = |r: &Run| r.record.race.as_ref().is_some_and(|other| other.id == race);
        remove.run(untrack(all).iter().filter(|r| of(r)).map(|r| r.record.id.clone()).collect());
    });
    view! {
        <section class="panel runs" aria-labelledby="runs-title">
            <h2 id="runs-title">{t("Runs")}</h2>
            <p class="help" role="status">{said}</p>
            <Show when=move || !all().is_empty()>
                <div class="scroll" tabindex="0" role="region" aria-label=t("Past runs")>
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{t("Compare")}</th>
                                <th scope="col">{t("Experiment")}</th>
                                <th scope="col">{t("Against the present one")}</th>
                                <th scope="col">{t("When")}</th>
                                <th scope="col">{t("Step")}</th>
                                <th scope="col">{t("Test")}</th>
                                <th scope="col">{t("Test loss")}</th>
                                <th scope="col"><span class="sr">{t("What can be done")}</span></th>
                            </tr>
                        </thead>
                        <tbody>
                            <For each=shown key=Line::key let:line>
                                {match line {
                                    Line::Run { run, raced } => view! { <Row run=run raced=raced chosen=chosen remove=remove /> }.into_any(),
                                    Line::Race { race, runs, best, open: is_open } => view! {
                                        <RaceRow race=race runs=runs best=best is_open=is_open open=open remove=forget_race />
                                    }.into_any(),
                                }}
                            </For>
                        </tbody>
                    </table>
                </div>
                <div class="runs-do">
                    <button type="button" on:click=move |_| ui::download("runs.csv", &table(&all()), "text/csv")>{t("Save the table as CSV")}</button>
                    <button type="button" class="quiet" on:click=move |_| remove.run(all().into_iter().map(|r| r.record.id).collect())>
                        {t("Forget all")}
                    </button>
                </div>
            </Show>
            {move || {
                let marked = marked.get();
                (marked.len() > 1).then(|| view! { <Compare runs=marked /> })
            }}
        </section>
    }
}

fn run(lab: Lab, record: Record) -> Run {
    let spec = record.spec();
    let name = match (&spec, &record.race) {
        (None, _) => t("not readable by this version").into(),
        (Some(spec), Some(race)) => t!("{lane}, seed {seed}", lane = race.lane, seed = spec.seed),
        (Some(spec), None) => lab.described(spec),
    };
    let differs = spec.as_ref().map_or_else(String::new, |s| lab.spec.with_untracked(|now| differ(now, s)));
    Run { record, spec, name, differs }
}

/// What `other` has in place of what `now` has.
fn differ(now: &Spec, other: &Spec) -> String {
    let all = differences(&[now, other]);
    if all.is_empty() {
        return if now.seed == other.seed { t("the same").into() } else { t!("seed {seed}", seed = other.seed) };
    }
    let told: Vec<String> = all
        .iter()
        .take(FIELDS)
        .map(|(field, texts)| match texts[1].as_str() {
            "" => t!("no {field}", field),
            text => format!("{field} {text}"),
        })
        .collect();
    let more = all.len().saturating_sub(FIELDS);
    let rest = if more > 0 { t!(" and {more} more", more) } else { String::new() };
    told.join(", ") + &rest
}

/// How its answers are told. A loss alone cannot tell, so it goes by what the dataset is known to ask for.
fn mark(record: &Record, lab: Lab, spec: Option<&Spec>) -> Mark {
    let same = spec.is_some_and(|s| lab.spec.with_untracked(|now| now.data.id == s.data.id));
    let beyond = record.scores.is_some_and(|s| s.test.accuracy < 0.0);
    if same {
        untrack(|| lab.mark())
    } else if beyond {
        Mark::Determination
    } else {
        Mark::Accuracy
    }
}

fn plural(n: usize) -> String {
    if n == 1 { t("One run is").into() } else { t!("{n} runs are", n) }
}

/// How long ago, in words.
fn ago(saved: f64) -> String {
    let minutes = ((js_sys::Date::now() - saved) / 60_000.0).max(0.0) as u64;
    match minutes {
        0 => t("just now").into(),
        1..60 => t!("{minutes} min ago", minutes),
        60..1440 => t!("{hours} h ago", hours = minutes / 60),
        _ => t!("{days} d ago", days = minutes / 1440),
    }
}

/// The table as comma-separated values, with the experiments' texts.
fn table(runs: &[Run]) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut out =
        "experiment,race,lane,saved,step,train_loss,train_accuracy,test_loss,test_accuracy,touched,spec\n".to_owned();
    for Run { record, name, .. } in runs {
        let saved = js_sys::Date::new(&record.saved.into()).to_iso_string();
        let number = |v: Option<f32>| v.map(|v| v.to_string()).unwrap_or_default();
        let figures = record.scores.map_or_else(
            || ",,,".to_owned(),
            |s| format!("{},{},{},{}", number(s.train.loss), s.train.accuracy, number(s.test.loss), s.test.accuracy),
        );
        let spec: String = record.spec.split_whitespace().collect::<Vec<_>>().join(" ");
        let (race, lane) = record.race.as_ref().map_or(("", String::new()), |r| (r.id.as_str(), quote(&r.lane)));
        let (saved, step) = (String::from(saved), record.step);
        let touched = if record.touches.is_empty() { String::new() } else { quote(&touch::write(&record.touches)) };
        out += &format!("{},{race},{lane},{saved},{step},{figures},{touched},{}\n", quote(name), quote(&spec));
    }
    out
}

#[cfg(test)]
mod tests {
    use engine::spec::Choice;

    use super::*;

    #[test]
    fn a_run_is_told_apart_by_what_it_has() {
        let now = engine::presets::default().spec;
        assert_eq!(differ(&now, &now), "the same");
        assert_eq!(differ(&now, &Spec { seed: 7, ..now.clone() }), "seed 7");
        let other = Spec { rule: Choice::new("forward-forward"), rate: 0.5, ..now.clone() };
        assert_eq!(differ(&now, &other), "rate 0.5, rule forward-forward");
    }
}
