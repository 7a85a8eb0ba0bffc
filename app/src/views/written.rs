//! Text that the network writes, and test sequences with its answers.

use std::rc::Rc;

use leptos::prelude::*;

use super::card::{Card, watches};
use super::plot::numbers::{Cell, Numbers};
use super::plot::table::Table;
use super::plot::{Hit, Plot, Told};
use crate::state::{Lab, Measured};
use crate::tongue::t;
use crate::ui::canvas::{Sheet, Sight};
use crate::ui::paint::{Brush, Frame};
use crate::ui::theme::mix;

/// Height of a line of tokens, and between two sequences.
const LINE: f64 = 18.0;
const GAP: f64 = 10.0;
/// Sequences that are measured.
const SHOWN: usize = 12;

/// What each token is written as.
fn tokens(lab: Lab) -> Vec<String> {
    lab.summary.with(|s| s.as_ref().map(|s| s.data.tokens.clone()).unwrap_or_default())
}

/// What the network writes after the beginning of the test text.
#[component]
pub fn Written() -> impl IntoView {
    let lab = Lab::get();
    let probe = lab.probe("generated");
    let seen = watches("generated");
    let (watched, listed) = (probe.clone(), probe.clone());
    let numbers = move || {
        let tokens = untrack(|| tokens(lab));
        let figures = listed.with(|m| m.as_ref().map(|m| places(m, &tokens)));
        figures.unwrap_or_else(|| Numbers::new("", [], percent))
    };
    let written = move |name: &'static str| {
        let probe = probe.clone();
        move || {
            let tokens = tokens(lab);
            probe.with(|m| {
                let numbers = m.as_ref().and_then(|m| m.tensor(name)).map(|(_, t)| t).unwrap_or_default();
                numbers.iter().filter_map(|&t| tokens.get(t as usize)).cloned().collect::<String>()
            })
        }
    };
    view! {
        <Card title=key!("Written text") help=t("In grey the beginning of the test text; in black what the network writes on, drawn token by token from its answers.")>
            <Sight seen=seen />
            <p class="written">
                <span class="prompt">{written("prompt")}</span>
                <span>{written("text")}</span>
            </p>
            <Table
                title=Signal::stored(t("Written text").to_owned())
                numbers=Rc::new(numbers)
                watch=Rc::new(move || watched.track())
            />
        </Card>
    }
}

/// A row for each token: where it stands, and whether it was given or written.
fn places(m: &Measured, tokens: &[String]) -> Numbers {
    let mut n = Numbers::new("", [t("token").to_owned(), t("from").to_owned()], percent);
    let parts = [("prompt", t("the test text")), ("text", t("the network"))];
    let mut place = 0;
    for (part, from) in parts {
        for &token in m.tensor(part).map(|(_, numbers)| numbers).unwrap_or_default() {
            place += 1;
            n.row(t!("place {place}", place), [Cell::Text(name(tokens, token)), Cell::Text(from.to_owned())]);
        }
    }
    n
}

/// Test sequences, with what is answered at each place that counts.
#[component]
pub fn Sequences() -> impl IntoView {
    let lab = Lab::get();
    let probe = lab.probe("sequences");
    let seen = watches("sequences");
    let label = {
        let probe = probe.clone();
        Signal::derive(move || {
            let (right, all) = probe.with(|m| m.as_ref().map(|m| tally(m)).unwrap_or_default());
            t!("Test sequences with the network's answers: {right} of {all} are right", right, all)
        })
    };
    let (watched, listed, pointed) = (probe.clone(), probe.clone(), probe.clone());
    let outputs =
        move || lab.summary.with_untracked(|s| s.as_ref().map(|s| s.data.outputs.clone()).unwrap_or_default());
    let names = move || (untrack(|| tokens(lab)), outputs());
    let numbers = move || {
        let (tokens, outputs) = names();
        let figures = listed.with(|m| m.as_ref().and_then(|m| answers(m, &tokens, &outputs)));
        figures.unwrap_or_else(|| Numbers::new("", [], percent))
    };
    let hover = move |hit: Option<Hit>| {
        let (tokens, outputs) = names();
        pointed.with_untracked(|m| told(hit?, m.as_ref()?, &tokens, &outputs))
    };
    let draw = move |sheet: &Sheet| {
        let (tokens, outputs) = names();
        probe.with_untracked(|m| {
            if let Some(m) = m {
                draw(sheet, m, &tokens, &outputs);
            }
        });
    };
    let height = Callback::new(|_: f64| SHOWN as f64 * (2.0 * LINE + GAP));
    view! {
        <Card title=key!("Sequences") help=t("Above, each test sequence; below it, what the network answers where something is asked. A bar and a colour mark the wrong ones.")>
            <Plot
                label=label
                class="samples"
                height=height
                watch=Rc::new(move || watched.track())
                draw=Rc::new(draw)
                numbers=Rc::new(numbers)
                hover=Rc::new(hover)
                seen=seen
            />
        </Card>
    }
}

fn percent(v: f64) -> String {
    format!("{:.1} %", v * 100.0)
}

fn name(names: &[String], i: f32) -> String {
    names.get(i as usize).map_or_else(String::new, |n| if n == "\n" { "↵".to_owned() } else { n.clone() })
}

/// Of each sequence what it holds, what is answered, and how likely that answer was found.
fn answers(m: &Measured, tokens: &[String], outputs: &[String]) -> Option<Numbers> {
    let ((&[_, places], x), (_, labels), (_, answers), (_, likely)) =
        (m.tensor("tokens")?, m.tensor("labels")?, m.tensor("answers")?, m.tensor("likely")?)
    else {
        return None;
    };
    let mut n = Numbers::new("", (1..=places).map(|p| t!("place {p}", p)), percent)
        .note(t("An answer that is wrong has a cross before it, and the right one after it."));
    for first in (0..x.len()).step_by(places.max(1)) {
        let number = first / places + 1;
        let here = first..(first + places).min(x.len());
        n.row(t!("sequence {number}", number), here.clone().map(|i| name(tokens, x[i])));
        let answer = |i: usize| {
            let asked = labels[i] >= 0.0;
            let right = (labels[i] - answers[i]).abs() < 0.5;
            match (asked, right) {
                (false, _) => Cell::Nothing,
                (true, true) => Cell::Text(name(outputs, answers[i])),
                (true, false) => Cell::Text(format!("✗ {} ({})", name(outputs, answers[i]), name(outputs, labels[i]))),
            }
        };
        n.row(t!("answers to {number}", number), here.clone().map(answer));
        let sure = |i: usize| if labels[i] >= 0.0 { Cell::from(likely[i]) } else { Cell::Nothing };
        n.row(t!("likelihood in {number}", number), here.map(sure));
    }
    Some(n)
}

/// What is read, what is answered and how surely, at a point of the picture.
fn told(hit: Hit, m: &Measured, tokens: &[String], outputs: &[String]) -> Option<Told> {
    let ((&[rows, places], x), (_, labels), (_, answers), (_, likely)) =
        (m.tensor("tokens")?, m.tensor("labels")?, m.tensor("answers")?, m.tensor("likely")?)
    else {
        return None;
    };
    let cell = (hit.width / places.max(1) as f64).min(24.0);
    let (row, place) = ((hit.y / (2.0 * LINE + GAP)) as usize, (hit.x / cell) as usize);
    if row >= rows || place >= places {
        return None;
    }
    let i = row * places + place;
    let read = t!(
        "sequence {row}, place {place}: {token}",
        row = row + 1,
        place = place + 1,
        token = name(tokens, *x.get(i)?)
    );
    Some(Told::Words(if labels[i] < 0.0 {
        read
    } else {
        let (answer, truth) = (name(outputs, answers[i]), name(outputs, labels[i]));
        t!(
            "{read}; answer {answer}, {share} likely; true is {truth}",
            read,
            answer,
            share = percent(likely[i].into()),
            truth
        )
    }))
}

/// How many answers are right, and of how many.
fn tally(m: &Measured) -> (usize, usize) {
    let (Some((_, labels)), Some((_, answers))) = (m.tensor("labels"), m.tensor("answers")) else { return (0, 0) };
    let asked = labels.iter().zip(answers).filter(|(label, _)| **label >= 0.0);
    asked.fold((0, 0), |(right, all), (label, answer)| (right + usize::from((label - answer).abs() < 0.5), all + 1))
}

fn draw(sheet: &Sheet, m: &Measured, tokens: &[String], outputs: &[String]) {
    let (Some(brush), Some((&[_, places], x)), Some((_, labels)), Some((_, answers)), Some((_, likely))) =
        (Brush::new(sheet), m.tensor("tokens"), m.tensor("labels"), m.tensor("answers"), m.tensor("likely"))
    else {
        return;
    };
    let theme = &sheet.theme;
    let places = places.max(1);
    let cell = (sheet.width / places as f64).min(24.0);
    let size = (cell * 0.62).clamp(6.0, 13.0);
    for (i, token) in x.iter().enumerate() {
        let (row, place) = (i / places, i % places);
        let (left, top) = (place as f64 * cell, row as f64 * (2.0 * LINE + GAP));
        let middle = left + cell / 2.0;
        brush.text(&name(tokens, *token), middle, top + LINE / 2.0, size, theme.faint, "center");
        if labels[i] < 0.0 {
            continue;
        }
        let right = (labels[i] - answers[i]).abs() < 0.5;
        let hue = if right { theme.below } else { theme.above };
        let box_ = Frame { x: left + 0.5, y: top + LINE, w: cell - 1.0, h: LINE };
        brush.rect(box_, mix(theme.paper, hue, 0.1 + 0.35 * if right { likely[i] } else { 1.0 - likely[i] }));
        if !right {
            brush.rect(Frame { y: box_.y + LINE - 2.0, h: 2.0, ..box_ }, theme.above);
        }
        brush.text(&name(outputs, answers[i]), middle, top + 1.5 * LINE, size, theme.ink, "center");
    }
}
