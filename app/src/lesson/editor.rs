//! Where a lecturer writes a lesson: the text, what is wrong with it, and how it will look. The browser keeps the text.

use std::time::Duration;

use engine::diagnostic::Diagnostic;
use engine::sorting::Sorting as _;
use engine::spec::link;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use super::form::{Fault, Reading};
use super::{DRAFT, Lessons, Place, SHARED, keep, parts, read, words};
use crate::fragment;
use crate::operate::{self, Deed};
use crate::rooms::Room;
use crate::tongue::t;
use crate::ui;

/// How long the preview waits for further letters.
const REST: Duration = Duration::from_millis(250);
/// Letters of a link at most: some programs cut longer ones.
const LINK_MAX: usize = 8000;
/// What an empty editor begins with.
const TEMPLATE: &str = include_str!("template.md");

#[component]
pub fn Editor() -> impl IntoView {
    let lessons = Lessons::get();
    let text = RwSignal::new(keep::text(DRAFT).unwrap_or_else(|| TEMPLATE.to_owned()));
    let reading = RwSignal::new(Reading::default());
    let told = RwSignal::new(String::new());
    let area = NodeRef::<html::Textarea>::new();
    let look = move || {
        // The editor may be left before its text is read.
        let Some(now) = text.try_get_untracked() else { return };
        spawn_local(async move {
            match read(&now).await {
                Ok(mut found) => {
                    found.faults.extend(misfits(lessons, &found));
                    found.faults.put_in_order_by_key(|f| f.line);
                    if text.try_with_untracked(|t| *t == now) == Some(true) {
                        reading.set(found);
                    }
                }
                Err(why) => told.set(why),
            }
        });
    };
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move |_| {
        let kept = text.with(|t| keep::put_text(DRAFT, t));
        if !kept {
            told.set(t("This browser keeps nothing for the page: save the lesson as a file.").into());
        }
        if let Some(handle) = waiting.get_value() {
            handle.clear();
        }
        waiting.set_value(set_timeout_with_handle(look, REST).ok());
    });
    view! {
        <section class="editor" aria-labelledby="editor-title">
            <div class="editor-head">
                <h2 id="editor-title">{t("Make a lesson")}</h2>
                <p class="help">{t("Markdown, with formulas, questions, checkpoints, and links that operate the lab. It stays in this browser until you save or share it.")}</p>
                <Tools text=text told=told area=area />
                <p class="said" aria-live="polite">{move || told.get()}</p>
            </div>
            <div class="editor-write">
                <label class="sr" for="lesson-text">{t("Text of the lesson")}</label>
                <textarea
                    id="lesson-text"
                    node_ref=area
                    spellcheck="true"
                    prop:value=move || text.get()
                    on:input:target=move |e| text.set(e.target().value())
                ></textarea>
                <Faults reading=reading text=text area=area />
            </div>
            <Preview reading=reading />
        </section>
    }
}

/// Deeds that fit neither the catalogue nor what the lab is by then: all are followed in order, from what begins it.
fn misfits(lessons: Lessons, reading: &Reading) -> Vec<Fault> {
    let mut spec = lessons.lab.spec.get_untracked();
    let mut faults = Vec::new();
    for (line, address) in &reading.deeds {
        let mut take = |wrong: Vec<Diagnostic>| {
            let fault =
                |d: Diagnostic| Fault { line: *line, message: format!("{}: {}", d.path, d.message), mend: d.mend };
            faults.extend(wrong.into_iter().map(fault));
        };
        match operate::read(address) {
            Err(wrong) => take(wrong),
            Ok(deeds) => {
                for deed in deeds {
                    match lessons.lab.with_catalogue(|c| deed.fit(&spec, c)) {
                        Ok(after) => spec = after.unwrap_or(spec),
                        Err(wrong) => take(wrong),
                    }
                }
            }
        }
    }
    faults
}

#[component]
fn Tools(text: RwSignal<String>, told: RwSignal<String>, area: NodeRef<html::Textarea>) -> impl IntoView {
    let lessons = Lessons::get();
    let input = NodeRef::<html::Input>::new();
    let insert = move |_| {
        let spec = Box::new(lessons.lab.spec.get_untracked());
        put(text, area, &format!("[this experiment]({})", operate::write(&[Deed::Open { spec }])));
    };
    let try_it = move |_| {
        keep::forget_progress(DRAFT);
        // It is read anew even if it is open.
        lessons.close();
        request_animation_frame(move || lessons.open(DRAFT));
    };
    let share = move |_| {
        let packed = link::pack(text.get_untracked().as_bytes());
        if packed.len() > LINK_MAX {
            return told.set(t("The lesson is too long for a link: save it as a file, and send that.").into());
        }
        let place = Place { name: SHARED.into(), step: 1 };
        let address = fragment::address(&format!("lesson={}&text={packed}", place.write()));
        ui::copy(&address.clone(), move |done| {
            told.set(if done {
                t("The link is copied: it holds the whole lesson.").into()
            } else {
                t!("Copy this link: {address}", address)
            });
        });
    };
    let open = move |_| {
        let Some(input) = input.get_untracked() else { return };
        let Some(file) = input.files().and_then(|f| f.get(0)) else { return };
        // The same file may be chosen again.
        input.set_value("");
        spawn_local(async move {
            match JsFuture::from(file.text()).await.ok().and_then(|t| t.as_string()) {
                Some(read) => text.set(read),
                None => told.set(t!("{name} could not be read.", name = file.name())),
            }
        });
    };
    view! {
        <div class="editor-tools" role="group" aria-label=t("Lesson")>
            <button type="button" class="play" on:click=try_it>{t("Try it in the lab")}</button>
            <button type="button" title=t("A link to the experiment as it stands in the lab, at the cursor") on:click=insert>{t("Insert the lab's state")}</button>
            <button type="button" on:click=move |_| ui::download("lesson.md", &text.get_untracked(), "text/markdown")>{t("Save as a file")}</button>
            <input node_ref=input type="file" accept=".md,.markdown,text/markdown,text/plain" hidden=true on:change=open />
            <button type="button" on:click=move |_| if let Some(input) = input.get_untracked() { input.click() }>{t("Open a file")}</button>
            <button type="button" on:click=share>{t("Copy a link")}</button>
            <button type="button" class="quiet" on:click=move |_| text.set(TEMPLATE.to_owned())>{t("Begin anew")}</button>
            <a href=Room::Lessons(None).link()>{t("All lessons")}</a>
        </div>
    }
}

/// Puts `new` in the place of what is selected.
fn put(text: RwSignal<String>, area: NodeRef<html::Textarea>, new: &str) {
    let Some(area) = area.get_untracked() else { return };
    let end = area.value().encode_utf16().count() as u32;
    let from = area.selection_start().ok().flatten().unwrap_or(end);
    let to = area.selection_end().ok().flatten().unwrap_or(end);
    if area.set_range_text_with_start_and_end(new, from, to).is_ok() {
        text.set(area.value());
        let after = from + new.encode_utf16().count() as u32;
        let _ = area.focus();
        let _ = area.set_selection_range(after, after);
    }
}

/// Every fault, with the way to its line.
#[component]
fn Faults(reading: RwSignal<Reading>, text: RwSignal<String>, area: NodeRef<html::Textarea>) -> impl IntoView {
    let go = move |line: usize| {
        let Some(area) = area.get_untracked() else { return };
        let (from, to) = text.with_untracked(|t| {
            let before: usize = t.split_inclusive('\n').take(line - 1).map(|l| l.encode_utf16().count()).sum();
            let length = t.lines().nth(line - 1).map_or(0, |l| l.encode_utf16().count());
            (before as u32, (before + length) as u32)
        });
        let _ = area.focus();
        let _ = area.set_selection_range(from, to);
    };
    let list = move || {
        let faults = reading.with(|r| r.faults.clone());
        let none = faults.is_empty().then(|| view! { <p class="fine">{t("Nothing is wrong with it.")}</p> });
        let faults = faults.into_iter().map(move |fault| {
            let line = fault.line.max(1);
            let mend = (!fault.mend.is_empty()).then(|| format!(" – {}", fault.mend));
            view! {
                <li>
                    <button type="button" class="quiet" on:click=move |_| go(line)>{t!("Line {line}", line)}</button>
                    <span><b>{fault.message}</b> {mend}</span>
                </li>
            }
        });
        view! { {none} <ul>{faults.collect_view()}</ul> }
    };
    view! { <div class="editor-faults" role="region" aria-label=t("Faults of the text") aria-live="polite">{list}</div> }
}

#[component]
fn Preview(reading: RwSignal<Reading>) -> impl IntoView {
    let pages = move || {
        let lesson = reading.with(|r| r.lesson.clone());
        let words = words::of(&lesson.language);
        let pages = lesson.steps.into_iter().enumerate().map(|(i, step)| {
            view! {
                <section class="lesson-page">
                    <p class="lesson-of">{format!("{} {}", words.page, i + 1)}</p>
                    <h3>{step.title}</h3>
                    {step.parts.into_iter().map(|p| parts::part(p, words)).collect_view()}
                </section>
            }
        });
        view! {
            <h3 class="preview-title">{lesson.title.clone()}</h3>
            <p class="help">{format!("{} · {} min · {}", lesson.summary, lesson.minutes, lesson.level)}</p>
            {pages.collect_view()}
        }
    };
    view! { <div class="editor-preview" role="region" aria-label=t("Preview") tabindex="0">{pages}</div> }
}
