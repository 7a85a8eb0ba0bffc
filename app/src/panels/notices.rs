//! What went wrong or stopped, and what to do about it.

use leptos::prelude::*;

use crate::state::{Lab, Notice, Tone};
use crate::tongue::{english, t};
use crate::ui::format::capital;

#[component]
pub fn Notices() -> impl IntoView {
    let lab = Lab::get();
    view! {
        <div class="notices">
            <For each=move || lab.notices.get() key=|n| (n.topic, n.title.clone(), n.quoted.clone(), n.text.clone()) let:notice>
                <One notice=notice />
            </For>
        </div>
    }
}

#[component]
fn One(notice: Notice) -> impl IntoView {
    let lab = Lab::get();
    let topic = notice.topic;
    let (role, class) = match notice.tone {
        Tone::Plain => ("note", "notice"),
        Tone::Alert => ("alert", "notice alert"),
    };
    let button = notice.action.clone().map(|action| {
        let notice = notice.clone();
        view! { <button type="button" on:click=move |_| lab.act(&notice)>{action.name()}</button> }
    });
    view! {
        <div class=class role=role>
            <p>
                <strong>{notice.title.clone()}</strong>
                " "
                {(!notice.quoted.is_empty()).then(|| view! { <span lang=english()>{notice.quoted.clone()}</span> " " })}
                {notice.text.clone()}
            </p>
            <div class="notice-do">
                {button}
                <button type="button" class="quiet" on:click=move |_| lab.dismiss(topic)>{t("Dismiss")}</button>
            </div>
        </div>
    }
}

/// What keeps the experiment from running, of the fields named `of`.
#[component]
pub fn Faults(of: &'static [&'static str]) -> impl IntoView {
    let lab = Lab::get();
    let mine = move || {
        lab.faults.with(|all| {
            let named = |path: &str| of.contains(&path.split(['›', '/']).next().unwrap_or_default().trim());
            all.iter().filter(|f| named(&f.path)).cloned().collect::<Vec<_>>()
        })
    };
    move || mine().into_iter().map(|fault| view! { <Fault fault=fault /> }).collect_view()
}

/// One fault: what is wrong, and the mend.
#[component]
pub fn Fault(fault: engine::diagnostic::Diagnostic) -> impl IntoView {
    // The field or block beside which it stands need not be named again.
    let (place, rest) = crate::tree::place_of(&fault.path);
    let within = if place.is_empty() { rest.split_once(" › ").map_or("", |r| r.1).to_owned() } else { rest };
    let text =
        if within.is_empty() { capital(&fault.message) } else { format!("{}: {}", capital(&within), fault.message) };
    view! {
        <p class="fault" role="alert" lang=english()>
            <b>{text}</b>
            {(!fault.mend.is_empty()).then(|| format!(" – {}", fault.mend))}
        </p>
    }
}
