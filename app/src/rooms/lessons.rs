//! The lessons that one can take, and the way to make one.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Room;
use crate::lesson::editor::Editor;
use crate::lesson::{DRAFT, EDIT, Listed, SHARED, index, keep};
use crate::state::{Lab, sentence};
use crate::tongue::{english, t};

#[component]
pub fn LessonsRoom() -> impl IntoView {
    let lab = Lab::get();
    let editing = Memo::new(move |_| lab.room.with(|r| matches!(r, Room::Lessons(Some(name)) if name == EDIT)));
    move || if editing.get() { view! { <Editor /> }.into_any() } else { view! { <List /> }.into_any() }
}

#[component]
fn List() -> impl IntoView {
    let listed = RwSignal::new(None::<Result<Vec<Listed>, String>>);
    spawn_local(async move { listed.set(Some(index().await)) });
    let all = move || {
        listed.get().map(|found| match found {
            Ok(all) => {
                let cards = all.into_iter().map(|lesson| view! { <Lesson lesson=lesson /> });
                view! { <ul class="lesson-list">{cards.collect_view()}</ul> }.into_any()
            }
            Err(why) => view! { <p class="fault" role="alert">{sentence(&why)}</p> }.into_any(),
        })
    };
    let own = [(SHARED, t("The lesson from the last link")), (DRAFT, t("The lesson in the editor"))];
    let own = own.into_iter().filter(|(name, _)| keep::text(name).is_some()).map(|(name, said)| {
        view! { <li><a href=Room::Lessons(Some(name.into())).link()>{said}</a></li> }
    });
    view! {
        <section class="lessons" aria-labelledby="lessons-title">
            <div class="lessons-head">
                <h2 id="lessons-title">{t("Lessons")}</h2>
                <p>{t("Each stands beside the lab and works with it: predict, try, look, and answer.")}</p>
            </div>
            {all}
            <div class="lessons-own">
                <h3>{t("Your own")}</h3>
                <p class="help">{t("A lesson is a text. Write one here, try it at once, and share it as a file or a link.")}</p>
                <ul>
                    <li><a href=Room::Lessons(Some(EDIT.into())).link()>{t("Make a lesson")}</a></li>
                    {own.collect_view()}
                </ul>
            </div>
        </section>
    }
}

#[component]
fn Lesson(lesson: Listed) -> impl IntoView {
    let progress = keep::progress(&lesson.name);
    let told = match (progress.step, progress.steps) {
        (0, _) => None,
        (step, steps) if step >= steps && steps > 0 => Some(t("Read to the end").to_owned()),
        (step, steps) => Some(t!("Page {step} of {steps}", step, steps)),
    };
    let share = (100 * progress.step).checked_div(progress.steps).unwrap_or(0).min(100);
    let bar = told.is_some().then(|| {
        view! { <div class="lesson-bar" aria-hidden="true"><span style:width=format!("{share}%")></span></div> }
    });
    let languages = lesson.languages.into_iter().map(|(tag, title)| {
        let to = Room::Lessons(Some(format!("{}.{tag}", lesson.name))).link();
        view! { <a href=to lang=tag.clone() hreflang=tag>{title}</a> }
    });
    view! {
        <li class="panel lesson-card">
            <p class="lesson-meta">{format!("{} min · ", lesson.minutes)} <span lang=english()>{lesson.level}</span></p>
            <h3><a href=Room::Lessons(Some(lesson.name.clone())).link() lang=english() hreflang=english()>{lesson.title}</a></h3>
            <p lang=english()>{lesson.summary}</p>
            <p class="lesson-languages">{languages.collect_view()}</p>
            {told.map(|told| view! { <p class="lesson-told">{told}</p> })}
            {bar}
        </li>
    }
}
