//! The open lesson beside the lab: one page of it, and the way to the others.

use std::sync::Arc;

use leptos::prelude::*;

use super::form::Lesson;
use super::{Lessons, parts, words};
use crate::rooms::Room;
use crate::tongue::t;
use crate::ui;

#[component]
pub fn Column() -> impl IntoView {
    let lessons = Lessons::get();
    let name = Memo::new(move |_| lessons.lab.lesson.with(|p| p.as_ref().map(|p| p.name.clone())));
    move || {
        name.get().map(|_| {
            view! {
                {move || match (lessons.lesson.get(), lessons.fault.get()) {
                    (Some(lesson), _) => view! { <Open lesson=lesson /> }.into_any(),
                    (None, Some(why)) => view! { <Missing why=why /> }.into_any(),
                    (None, None) => view! { <aside class="lesson" aria-label=t("Lesson") aria-busy="true"></aside> }.into_any(),
                }}
            }
        })
    }
}

#[component]
fn Missing(why: String) -> impl IntoView {
    let lessons = Lessons::get();
    view! {
        <aside class="lesson" aria-label=t("Lesson")>
            <div class="lesson-page">
                <p role="alert">{t!("This lesson could not be opened: {why}.", why)}</p>
                <p><a href=Room::Lessons(None).link()>{t("All lessons")}</a></p>
                <button type="button" on:click=move |_| lessons.close()>{t("Close the lesson")}</button>
            </div>
        </aside>
    }
}

#[component]
fn Open(lesson: Arc<Lesson>) -> impl IntoView {
    let lessons = Lessons::get();
    let words = words::of(&lesson.language);
    let count = lesson.steps.len();
    let step = Memo::new(move |_| lessons.step());
    let folded = RwSignal::new(false);
    let go = move |to: usize| {
        lessons.go(to);
        ui::focus("lesson-page-title".into());
    };
    let finish = move |_| {
        lessons.close();
        lessons.lab.room.set(Room::Lessons(None));
    };
    let language = lesson.language.clone();
    let (title, label, begin) = (lesson.title.clone(), lesson.title.clone(), lesson.begin.clone());
    let page = move || {
        let n = step.get();
        lesson.steps.get(n - 1).cloned().map(|page| {
            let begin = begin.clone();
            let begins = (n == 1 && !begin.is_empty()).then(|| {
                view! { <p><button type="button" class="deed" on:click=move |_| lessons.operate(&begin)>{words.begin}</button></p> }
            });
            view! {
                <article class="lesson-page" aria-labelledby="lesson-page-title" tabindex="0">
                    <h2 id="lesson-page-title" tabindex="-1">{page.title}</h2>
                    {begins}
                    {page.parts.into_iter().map(|p| parts::part(p, words)).collect_view()}
                </article>
            }
        })
    };
    view! {
        <aside class="lesson" class:folded=move || folded.get() aria-label=label lang=language>
            <header class="lesson-head">
                <p class="lesson-of">{title}</p>
                <button type="button" class="quiet lesson-fold" aria-expanded=move || (!folded.get()).to_string() on:click=move |_| folded.update(|f| *f = !*f)>
                    {move || if folded.get() { words.unfold } else { words.fold }}
                </button>
                <button type="button" class="quiet" aria-label=words.close title=words.close on:click=move |_| lessons.close()>"✕"</button>
                <div class="lesson-bar" aria-hidden="true">
                    <span style:width=move || format!("{}%", 100 * step.get() / count.max(1))></span>
                </div>
            </header>
            {page}
            <nav class="lesson-way" aria-label=words.page>
                <button type="button" disabled=move || step.get() == 1 on:click=move |_| go(step.get_untracked() - 1)>{words.previous}</button>
                <span>{move || format!("{} {} {} {count}", words.page, step.get(), words.of)}</span>
                <Show
                    when=move || step.get() < count
                    fallback=move || view! { <button type="button" class="play" on:click=finish>{words.finish}</button> }
                >
                    <button type="button" class="play" on:click=move |_| go(step.get_untracked() + 1)>{words.next}</button>
                </Show>
            </nav>
        </aside>
    }
}
