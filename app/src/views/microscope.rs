//! The microscope: any value of the run by its name, as a picture, a histogram, a curve or a table; the step taken apart
//! into its phases; weights set by hand; a unit's arithmetic.

mod element;
mod figures;
mod picture;
mod search;
mod sum;
mod table;
mod walk;

use leptos::prelude::*;

use self::element::Element;
use self::figures::{Course, Facts, Histogram};
use self::picture::Picture;
use self::search::Search;
use self::sum::Arithmetic;
use self::table::Table;
use self::walk::Walk;
use crate::state::Lab;
use crate::tongue::{english, t};
use crate::ui::{self, format};

/// The name, in the page, of the microscope.
const ID: &str = "view-microscope";

/// How a value is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Picture,
    Histogram,
    Course,
    Table,
}

const FORMS: [(Form, &str); 4] = [
    (Form::Picture, key!("Picture")),
    (Form::Histogram, key!("Histogram")),
    (Form::Course, key!("Over time")),
    (Form::Table, key!("Table")),
];

/// Opens the microscope on what a query finds.
pub fn look_inside(lab: Lab, query: &str) {
    lab.scope.open.set(true);
    lab.scope.query.set(query.to_owned());
    ui::show(ID);
    ui::focus(search::FIELD.to_owned());
}

#[component]
pub fn Microscope() -> impl IntoView {
    let lab = Lab::get();
    let scope = lab.scope;
    view! {
        <details class="view microscope" id=ID prop:open=move || scope.open.get() on:toggle:target=move |e| scope.open.set(e.target().open())>
            <summary>
                <h3>{t("Microscope")}</h3>
                <small>{t("any value of the network, as the next step has it")}</small>
            </summary>
            <div class="view-body">
                <Show when=move || scope.open.get()>
                    <Walk />
                    <div class="stand">
                        <Search />
                        <Value />
                    </div>
                    <Edits />
                </Show>
            </div>
        </details>
    }
}

/// The value that is looked at.
#[component]
fn Value() -> impl IntoView {
    let lab = Lab::get();
    let scope = lab.scope;
    let form = RwSignal::new(Form::Picture);
    let what = Memo::new(move |_| scope.current().map(|s| s.value.clone()));
    let head = move || {
        what.get().map(|v| {
            let shape = if v.shape.is_empty() { t("one number").to_owned() } else { format::shape(&v.shape) };
            view! {
                <h4>{v.name}</h4>
                <p class="help">
                    {format!("{} · {shape} · ", v.kind.word())}
                    <span>{t("step")} " " {move || scope.seen.with(|s| s.as_ref().map(|s| s.step))}</span>
                </p>
            }
        })
    };
    let tab = move |(of, name): (Form, &'static str)| {
        view! {
            <button type="button" aria-pressed=move || (form.get() == of).to_string() on:click=move |_| form.set(of)>
                {t(name)}
            </button>
        }
    };
    let body = move || match form.get() {
        Form::Picture => view! { <Picture /> }.into_any(),
        Form::Histogram => view! { <Histogram /> }.into_any(),
        Form::Course => view! { <Course /> }.into_any(),
        Form::Table => view! { <Table /> }.into_any(),
    };
    let there = Memo::new(move |_| what.with(Option::is_some));
    view! {
        <div class="specimen" role="region" aria-label=t("What is looked at") aria-live="off">
            {move || scope.fault.get().map(|f| view! { <p class="fault" role="alert" lang=english()>{f}</p> })}
            {head}
            <Show
                when=move || there.get()
                fallback=move || scope.fault.with(Option::is_none).then(|| view! { <p class="help">{t("Choose a value from the list.")}</p> })
            >
                <div class="forms" role="group" aria-label=t("Show as")>{FORMS.map(tab).into_iter().collect_view()}</div>
                {body}
                <Facts />
                <Element />
                <Arithmetic />
            </Show>
        </div>
    }
}

/// What was set by hand, so that nobody takes the run for one that was only trained.
#[component]
fn Edits() -> impl IntoView {
    let scope = Lab::get().scope;
    move || {
        let edits = scope.edits.get();
        let last = edits.last()?.clone();
        let was = last.was.map_or_else(|| t("no number").to_owned(), |v| figures::number(v.into()));
        let said = match edits.len() {
            1 => t("One number of this run was set by hand").to_owned(),
            number => t!("{number} numbers of this run were set by hand", number),
        };
        let said = t!(
            "{said}, last {register} number {element} at step {step}: from {was} to {now}. Reset goes back to the run without them.",
            said,
            register = last.register,
            element = last.element,
            step = last.step,
            was,
            now = figures::number(last.now.into())
        );
        Some(view! { <p class="edited" role="note">{said}</p> })
    }
}
