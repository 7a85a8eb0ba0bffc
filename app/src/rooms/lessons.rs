//! The lessons that one can take.

use leptos::prelude::*;

#[component]
pub fn LessonsRoom() -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="lessons-title">
            <h2 id="lessons-title">"Lessons"</h2>
        </section>
    }
}
