//! The network: as a track (`track.rs`), or as its outline: stages in series, each a list of blocks with their knobs.

pub mod block;

use engine::data::Answer;
use engine::spec::BlockSpec;
use leptos::prelude::*;

use self::block::Blocks;
use super::notices::Fault;
use super::track::figure::TakeTrack;
use super::track::gauges::{Beneath, ChooseBeneath};
use super::track::rails::way;
use super::track::strip::Strip;
use super::track::{Track, credit, stage_name};
use crate::state::Lab;
use crate::tongue::t;
use crate::tree::{self, Place};
use crate::ui::{self, format};

/// Under which name the browser keeps how the network is shown.
const SHOWN: &str = "signalbox-network";
/// On screens narrower than this the outline stands below what is read.
const NARROW: f64 = 820.0;

/// How the network is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Track,
    Outline,
}

impl Shown {
    fn word(self) -> &'static str {
        match self {
            Shown::Track => key!("Track"),
            Shown::Outline => key!("Outline"),
        }
    }

    /// What was chosen last, else the track.
    pub fn remembered() -> Self {
        let kept = storage().and_then(|s| s.get_item(SHOWN).ok().flatten());
        if kept.as_deref() == Some(Shown::Outline.word()) { Shown::Outline } else { Shown::Track }
    }
}

fn is_narrow() -> bool {
    window().inner_width().ok().and_then(|w| w.as_f64()).is_some_and(|w| w < NARROW)
}

/// `None` where the browser keeps nothing for this page.
fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

#[component]
pub fn Net(shown: RwSignal<Shown>) -> impl IntoView {
    let lab = Lab::get();
    let way = way(lab);
    Beneath::provide();
    let add = move |_| {
        lab.edit(|s| {
            let at = s.stages.len().saturating_sub(1);
            s.stages.insert(at, vec![BlockSpec::new("linear").with("units", 32_i64), BlockSpec::new("activation")]);
        });
    };
    let choose = move |to: Shown| {
        shown.set(to);
        // On a small screen the two stand at different places.
        if is_narrow() {
            request_animation_frame(|| ui::show("net-title"));
        }
        if let Some(storage) = storage() {
            // A browser that keeps nothing asks anew next time.
            let _ = storage.set_item(SHOWN, to.word());
        }
    };
    let tab = move |to: Shown| {
        view! {
            <button type="button" aria-pressed=move || (shown.get() == to).to_string() on:click=move |_| choose(to)>
                {t(to.word())}
            </button>
        }
    };
    view! {
        <section class="panel net" aria-labelledby="net-title" class:stale=move || !lab.is_current()>
            <div class="net-head">
                <h2 id="net-title">{t("Network")}</h2>
                <p class="key">
                    <span class="forward">{t("forward")}</span>
                    <span class="back">{move || way.get().map(credit::said)}</span>
                </p>
                <button id="add-stage" type="button" class="quiet" title=t("A stage before the read-out") on:click=add>{t("Add a stage")}</button>
                <Show when=move || shown.get() == Shown::Track><ChooseBeneath /><TakeTrack /></Show>
                <div class="tabs" role="group" aria-label=t("Show the network as")>
                    {tab(Shown::Track)}
                    {tab(Shown::Outline)}
                </div>
            </div>
            <Elsewhere />
            {move || match shown.get() {
                Shown::Track => view! { <Track /> <Strip /> }.into_any(),
                Shown::Outline => view! { <Outline /> }.into_any(),
            }}
        </section>
    }
}

/// The network as a list, for small screens and for those who hear it read.
#[component]
fn Outline() -> impl IntoView {
    let lab = Lab::get();
    let way = way(lab);
    let count = Memo::new(move |_| lab.spec.with(|s| s.stages.len()));
    let input = move || lab.summary.with(|s| s.as_ref().map(|s| format::shape(&s.data.input)));
    let answer = move || lab.summary.with(|s| s.as_ref().map(|s| answer(s.data.answer, s.data.outputs.len())));
    view! {
        <p class="end">{t("input")} " " <b>{input}</b></p>
        <div class="stages" data-credit=move || way.get().map(credit::word)>
            {move || {
                let all = count.get();
                (0..all).map(|i| view! { <Stage i=i last=i + 1 == all /> }).collect_view()
            }}
        </div>
        <p class="end">{t("answer")} " " <b>{answer}</b></p>
    }
}

/// What the data asks for, in words.
fn answer(asked: Answer, outputs: usize) -> String {
    match asked {
        Answer::Class => t!("{outputs} classes", outputs),
        Answer::ClassAtPlaces(places) => t!("{outputs} classes at each of {places} places", outputs, places),
        Answer::Numbers if outputs == 1 => t("a number").to_owned(),
        Answer::Numbers => t!("{outputs} numbers", outputs),
    }
}

/// Faults that belong to no field and no stage.
#[component]
fn Elsewhere() -> impl IntoView {
    const FIELDS: [&str; 8] = ["data", "rule", "optimizer", "rate", "schedule", "batch", "clip", "seed"];
    let lab = Lab::get();
    let faults = move || {
        lab.faults.with(|all| {
            let field = |path: &str| path.split(['›', '/']).next().unwrap_or_default().trim().to_owned();
            let known = |f: &engine::diagnostic::Diagnostic| {
                !tree::place_of(&f.path).0.is_empty()
                    || FIELDS.contains(&field(&f.path).as_str())
                    || field(&f.path) == "loss"
            };
            all.iter().filter(|f| !known(f)).cloned().collect::<Vec<_>>()
        })
    };
    let stands = move || {
        let running = lab.summary.with(Option::is_some);
        (running && !lab.faults.with(Vec::is_empty)).then(|| {
            view! { <p class="help">{t("This experiment cannot run yet. The one before it goes on until it can.")}</p> }
        })
    };
    view! {
        {stands}
        {move || faults().into_iter().map(|fault| view! { <Fault fault=fault /> }).collect_view()}
    }
}

/// What stands at `place` in figures: shape, parameters, work.
#[component]
pub fn Figures(place: Place) -> impl IntoView {
    let lab = Lab::get();
    let text = move || {
        lab.summary.with(|s| {
            let f = tree::figures(s.as_ref()?, &place)?;
            Some(view! {
                <span class="figures">
                    <span title=t("Shape of one sample here")>{format::shape(&f.output)}</span>
                    <span title=t("Parameters")>{format::count(f.parameters)} " " {t("par")}</span>
                    <span title=t("Floating-point operations of a forward pass of one batch")>{format::flops(f.flops)}</span>
                </span>
            })
        })
    };
    move || lab.is_current().then(&text)
}

/// The name, in the page, of a part of stage `i`.
fn part(i: usize, part: &str) -> String {
    format!("stage-{}-{part}", i + 1)
}

#[component]
fn Stage(i: usize, last: bool) -> impl IntoView {
    let lab = Lab::get();
    let name = stage_name(i, if last { i + 1 } else { usize::MAX });
    let faults = move || {
        lab.faults.with(|all| all.iter().filter(|f| tree::place_of(&f.path).0 == [i]).cloned().collect::<Vec<_>>())
    };
    let of = t!("stage {number}", number = i + 1);
    // As with blocks, the focus goes where the stage goes.
    let shift = move |way: &'static str| {
        let mut to = None;
        lab.edit(|s| to = tree::shift_stage(s, i, way == "up"));
        if let Some(to) = to {
            ui::fold(&part(i, "more"));
            ui::focus(part(to, way));
        }
    };
    let duplicate = move |_| {
        lab.edit(|s| tree::duplicate_stage(s, i));
        ui::focus(part(i + 1, "summary"));
    };
    let remove = move |_| {
        lab.edit(|s| tree::remove_stage(s, i));
        let left = lab.spec.with_untracked(|s| s.stages.len());
        ui::focus(if left == 0 { "add-stage".to_owned() } else { part(i.min(left - 1), "summary") });
    };
    view! {
        <div class="stage" class:last=last role="group" aria-labelledby=part(i, "name")>
            <span class="credit" aria-hidden="true"></span>
            <details class="more" id=part(i, "more")>
                <summary id=part(i, "summary")>
                    <h3 id=part(i, "name")>{name}</h3>
                    <Figures place=vec![i] />
                    <span>{t("more")} <span class="sr">{t!(" of {of}", of)}</span></span>
                </summary>
                <div class="moves" role="group" aria-label=t!("Place of {of}", of)>
                    <button id=part(i, "up") type="button" class="quiet" aria-label=t!("Move {of} up", of) on:click=move |_| shift("up")>{t("Up")}</button>
                    <button id=part(i, "down") type="button" class="quiet" aria-label=t!("Move {of} down", of) on:click=move |_| shift("down")>{t("Down")}</button>
                    <button type="button" class="quiet" aria-label=t!("Duplicate {of}", of) on:click=duplicate>{t("Duplicate")}</button>
                    <button type="button" class="quiet" aria-label=t!("Remove {of}", of) on:click=remove>{t("Remove")}</button>
                </div>
            </details>
            {move || faults().into_iter().map(|fault| view! { <Fault fault=fault /> }).collect_view()}
            <Blocks place=vec![i] name=t!("stage {number}", number = i + 1) />
        </div>
    }
}
