//! The parts of a page: prose, questions, checkpoints.

use std::collections::BTreeSet;

use engine::sorting::collected;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::Lessons;
use super::facts::Facts;
use super::form::{Checkpoint, Figure, Part, Question, Split, Test};
use super::words::Words;

/// One part, as the reader of a lesson meets it.
pub fn part(part: Part, words: &'static Words) -> AnyView {
    match part {
        Part::Prose(html) => view! { <Prose html=html words=words /> }.into_any(),
        Part::Question(question) => view! { <Asked question=question words=words /> }.into_any(),
        Part::Checkpoint(checkpoint) => view! { <Watched checkpoint=checkpoint words=words /> }.into_any(),
    }
}

/// HTML that the reader wrote. Its links to the lab are buttons; one that has been followed is marked.
#[component]
fn Prose(html: String, words: &'static Words) -> impl IntoView {
    let lessons = Lessons::get();
    let node = NodeRef::<html::Div>::new();
    let done = Memo::new(move |_| lessons.progress.with(|p| p.done.clone()));
    Effect::new(move |_| {
        let (Some(node), done) = (node.get(), done.get()) else { return };
        let Ok(buttons) = node.query_selector_all("[data-deed]") else { return };
        let all = (0..buttons.length()).filter_map(|i| buttons.item(i)?.dyn_into::<Element>().ok());
        for button in all.filter(|b| b.get_attribute("data-deed").is_some_and(|d| done.contains(&lessons.deed(&d)))) {
            mark(&button, words);
        }
    });
    let follow = move |e: leptos::ev::MouseEvent| {
        let target = e.target().and_then(|t| t.dyn_into::<Element>().ok());
        let button = target.and_then(|t| t.closest("[data-deed]").ok().flatten());
        if let Some(address) = button.and_then(|b| b.get_attribute("data-deed")) {
            lessons.operate(&address);
        }
    };
    view! { <div class="prose" node_ref=node on:click=follow inner_html=html></div> }
}

fn mark(button: &Element, words: &Words) {
    if button.has_attribute("data-done") {
        return;
    }
    let _ = button.set_attribute("data-done", "");
    if let Ok(said) = document().create_element("span") {
        said.set_class_name("sr");
        said.set_text_content(Some(&format!(" ({})", words.done)));
        let _ = button.append_child(&said);
    }
}

/// A question: chosen, answered, explained; the answer stays in the browser.
#[component]
fn Asked(question: Question, words: &'static Words) -> impl IntoView {
    let lessons = Lessons::get();
    let id = question.id.clone();
    let kept = {
        let id = id.clone();
        Memo::new(move |_| lessons.progress.with(|p| p.answers.get(&id).cloned()))
    };
    let several = question.choices.iter().filter(|c| c.right).count() > 1;
    let right: Vec<usize> = (0..question.choices.len()).filter(|i| question.choices[*i].right).collect();
    let chosen = RwSignal::new(collected::<BTreeSet<usize>, _>(kept.get_untracked().unwrap_or_default()));
    let group = format!("question-{id}");
    let answer = {
        let id = id.clone();
        move |_| {
            let answer = chosen.get_untracked().into_iter().collect::<Vec<_>>();
            if !answer.is_empty() {
                lessons.change(|p| {
                    p.answers.insert(id.clone(), answer);
                });
            }
        }
    };
    let again = move |_| {
        chosen.set(BTreeSet::new());
        lessons.change(|p| {
            p.answers.remove(&id);
        });
    };
    let choices = question.choices.into_iter().enumerate().map(|(i, choice)| {
        let verdict = move || {
            let answer = kept.get()?;
            match (answer.contains(&i), choice.right) {
                (true, true) => Some(("right", words.right)),
                (true, false) => Some(("wrong", words.wrong)),
                (false, true) => Some(("missed", if several { words.missed } else { words.right })),
                (false, false) => None,
            }
        };
        let pick = move |_| {
            chosen.update(|all| {
                if !several {
                    all.clear();
                }
                if !all.remove(&i) {
                    all.insert(i);
                }
            });
        };
        view! {
            <label class=move || format!("choice {}", verdict().map_or("", |v| v.0))>
                <input
                    type=if several { "checkbox" } else { "radio" }
                    name=group.clone()
                    prop:checked=move || chosen.with(|all| all.contains(&i))
                    disabled=move || kept.with(Option::is_some)
                    on:change=pick
                />
                <span>
                    <span inner_html=choice.text></span>
                    {move || verdict().map(|v| view! { <em class="verdict">{v.1}</em> })}
                </span>
            </label>
        }
    });
    let choices = choices.collect_view();
    let why = question.why;
    let verdict = move || {
        let right = right.clone();
        kept.get().map(|answer| {
            let fine = answer == right;
            view! {
                <p class="verdict-line" class:right=fine><b>{if fine { words.right } else { words.wrong }}</b></p>
                <div class="prose why" inner_html=why.clone()></div>
            }
        })
    };
    view! {
        <fieldset class="question">
            <legend>{words.question}</legend>
            <div class="prose" inner_html=question.text></div>
            {several.then(|| view! { <p class="help">{words.several}</p> })}
            {choices}
            <div class="verdicts" aria-live="polite">{verdict}</div>
            <Show
                when=move || kept.with(Option::is_none)
                fallback=move || view! { <button type="button" class="quiet" on:click=again.clone()>{words.again}</button> }
            >
                <button type="button" disabled=move || chosen.with(BTreeSet::is_empty) on:click=answer.clone()>{words.answer}</button>
            </Show>
        </fieldset>
    }
}

/// What the run must show, with what it shows now.
#[component]
fn Watched(checkpoint: Checkpoint, words: &'static Words) -> impl IntoView {
    let lessons = Lessons::get();
    let id = checkpoint.id;
    let reached = Memo::new(move |_| lessons.progress.with(|p| p.passed.contains(&id)));
    let figures: Vec<Figure> = checkpoint
        .tests
        .iter()
        .filter_map(|t| match t {
            Test::Figure { figure, .. } => Some(*figure),
            Test::Setting { .. } | Test::RaceDone => None,
        })
        .collect();
    let now = move || {
        let facts = Facts::of(lessons.lab, lessons.race);
        let told = figures.iter().filter_map(|f| Some(write(*f, facts.value(*f)?.0))).collect::<Vec<_>>();
        (!told.is_empty()).then(|| format!("{}: {}", words.now, told.join(", ")))
    };
    view! {
        <div class="checkpoint" class:reached=move || reached.get()>
            <span class="signal" aria-hidden="true"></span>
            <div>
                <p><b>{words.checkpoint}</b> " " <span inner_html=checkpoint.text></span></p>
                <p class="help">{move || (!reached.get()).then(now.clone()).flatten()}</p>
            </div>
            <p class="checkpoint-said" aria-live="polite">{move || reached.get().then_some(words.reached)}</p>
        </div>
    }
}

fn write(figure: Figure, value: f64) -> String {
    let split = |split| match split {
        Split::Train => "train",
        Split::Test => "test",
    };
    match figure {
        Figure::Step => format!("{value:.0}"),
        Figure::Accuracy(of) => format!("{:.1} % ({})", 100.0 * value, split(of)),
        Figure::Loss(of) => format!("{value:.3} ({})", split(of)),
        Figure::Alignment(_) | Figure::Entropy => format!("{value:.2}"),
        Figure::Busiest | Figure::Idlest => format!("{:.1} %", 100.0 * value),
    }
}
