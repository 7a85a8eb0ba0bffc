//! The runs of a card: what differs between them, and the ways into the lab.

use engine::cards::library::{CardInfo, FormInfo, RunInfo};
use engine::race::differences;
use engine::spec::{Spec, link};
use leptos::prelude::*;

use crate::fragment;
use crate::papers::Papers;
use crate::papers::check::form;
use crate::race::Race;
use crate::rooms::Room;
use crate::state::Lab;
use crate::tongue::t;

#[component]
pub fn Runs(card: CardInfo, quick: bool) -> impl IntoView {
    let form = form(&card, quick).clone();
    let id = card.id;
    let heads = form.runs.iter().map(|run| view! { <th scope="col">{run.name.clone()}</th> }).collect_view();
    let rows = rows(&form).into_iter().map(|(field, texts)| {
        view! {
            <tr>
                <th scope="row">{field}</th>
                {texts.into_iter().map(|text| view! { <td>{text}</td> }).collect_view()}
            </tr>
        }
    });
    let ways = form.runs.iter().map(|run| {
        let to = fragment::address(&format!("card={id}&spec={}", link::encode(&run.spec)));
        view! { <a class="button" href=to>{t!("Open “{name}” in the lab", name = run.name)}</a> }
    });
    view! {
        <h3>{t("Runs")}</h3>
        <div class="scroll" tabindex="0" role="region" aria-label=t("What differs between the runs")>
            <table class="runs">
                <thead><tr><th scope="col">{t("What differs")}</th> {heads}</tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
        <div class="paper-do">{ways.collect_view()} <Racing id=id.clone() form=form.clone() /></div>
    }
}

/// The way to the race of all runs, or why there is none.
#[component]
fn Racing(id: String, form: FormInfo) -> impl IntoView {
    let lab = Lab::get();
    let papers = Papers::get();
    let race = Race::get();
    let start = move |spec: &Spec| {
        lab.card.set(Some(id.clone()));
        papers.fetch();
        lab.room.set(Room::Lab);
        lab.open(spec.clone());
        race.start();
    };
    match form.race {
        Some(spec) => {
            view! { <button type="button" on:click=move |_| start(&spec)>{t("Race the runs")}</button> }.into_any()
        }
        None => view! { <p class="help">{why_no_race(&form.runs)}</p> }.into_any(),
    }
}

fn why_no_race(runs: &[RunInfo]) -> Option<&'static str> {
    if runs.len() < 2 {
        return None;
    }
    Some(if runs.iter().any(|r| !r.then.is_empty()) {
        t("They cannot race: a race trains once, and these are changed afterwards.")
    } else if runs.iter().any(|r| r.steps != runs[0].steps) {
        t("They cannot race: they are not equally long.")
    } else {
        t("They cannot race: the lanes of a race share their data, batch and blocks.")
    })
}

/// What differs between the runs, and how long they are.
fn rows(form: &FormInfo) -> Vec<(String, Vec<String>)> {
    let specs: Vec<&Spec> = form.runs.iter().map(|r| &r.spec).collect();
    let mut rows: Vec<_> = if specs.len() > 1 {
        let all = differences(&specs);
        all.iter().map(|row| (field(&row.0), told(row, &all))).collect()
    } else {
        let spec = specs.first();
        spec.map(|s| vec![("data".into(), vec![s.data.id.clone()]), ("rule".into(), vec![s.rule.id.clone()])])
            .unwrap_or_default()
    };
    rows.push(("steps".into(), form.runs.iter().map(|r| r.steps.to_string()).collect()));
    if form.runs.iter().any(|r| !r.then.is_empty()) {
        rows.push(("then".into(), form.runs.iter().map(after).collect()));
    }
    rows
}

/// A line of differences.
type Row = (String, Vec<String>);

/// The texts of a line. What is not said is the default, where there is a thing that has it.
fn told(row: &Row, all: &[Row]) -> Vec<String> {
    let (of, last) = row.0.rsplit_once('/').unwrap_or(("", &row.0));
    // A block that is not said is not there.
    let block = last.contains('.');
    let differs = all.iter().find(|other| other.0 == of);
    // A block's path says its kind: where it has a text, it is there. The path of a rule or a routing does not.
    let kind = of.rsplit('/').next().is_some_and(|part| part.contains('.'));
    let text = |(run, text): (usize, &String)| {
        let there = differs.is_none_or(|of| kind && of.1.get(run).is_some_and(|t| !t.is_empty()));
        match (text.as_str(), there && !of.is_empty() && !block) {
            ("", true) => "default".to_owned(),
            ("", false) => "–".to_owned(),
            (said, _) => said.to_owned(),
        }
    };
    row.1.iter().enumerate().map(text).collect()
}

/// What comes after a run, in words: `magnitude-pruning, density 0.2; 300 steps`.
fn after(run: &RunInfo) -> String {
    let one = |(by, steps): &(engine::spec::Choice, u64)| {
        let knobs = by.settings.iter().map(|(knob, v)| format!(", {knob} {v}"));
        t!("{id}{knobs}; {steps} steps", id = by.id, knobs = knobs.collect::<String>(), steps)
    };
    if run.then.is_empty() { "–".to_owned() } else { run.then.iter().map(one).collect::<Vec<_>>().join(t("; then ")) }
}

/// A path of a spec as people read it: `2/1.route/routing/k` is `stage 2 › route › routing › k`.
fn field(path: &str) -> String {
    let mut parts = path.split('/');
    let first = parts.next().unwrap_or_default();
    let stage = first.parse::<usize>().is_ok();
    let head = if stage { t!("stage {number}", number = first) } else { first.to_owned() };
    let rest = parts.map(|part| match part.split_once('.') {
        Some((number, block)) if number.parse::<usize>().is_ok() => format!("{number}. {block}"),
        Some(_) | None => part.to_owned(),
    });
    std::iter::once(head).chain(rest).collect::<Vec<_>>().join(" › ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_people() {
        assert_eq!(field("2/1.route/routing/k"), "stage 2 › 1. route › routing › k");
        assert_eq!(field("rule/momentum"), "rule › momentum");
        assert_eq!(field("rate"), "rate");
    }

    #[test]
    fn what_is_not_said_is_the_default_where_there_is_such_a_thing() {
        let row = |path: &str, texts: [&str; 2]| (path.to_owned(), texts.map(String::from).to_vec());
        let all = [
            row("1/1.glu", ["", "glu"]),
            row("1/1.glu/gate", ["", ""]),
            row("1/2.linear/units", ["", "8"]),
            row("rule", ["backprop", "pepita"]),
            row("rule/scale", ["", "0.5"]),
            row("rate", ["0.1", "0.2"]),
        ];
        let texts: Vec<_> = all.iter().map(|row| told(row, &all).join(" ")).collect();
        assert_eq!(texts, ["– glu", "– default", "default 8", "backprop pepita", "– 0.5", "0.1 0.2"]);
    }

    #[test]
    fn a_single_run_says_what_it_is() {
        let card = crate::papers::tests::card();
        let rows = rows(&card.full);
        let fields: Vec<_> = rows.iter().map(|r| r.0.as_str()).collect();
        assert_eq!(fields, ["data", "rule", "steps"]);
    }
}
