//! What stands at the chosen place: what it is, its knobs, its figures, what is wrong with it, and what can be done with it.

use engine::protocol::StageInfo;
use leptos::prelude::*;

use super::keys::{Deed, act};
use super::kinds::{Course, Kinds};
use super::{Chosen, add_beside, focus_on, number, stage_name};
use crate::panels::choose::Help;
use crate::panels::net::block::{Routing, Settle, Watching};
use crate::panels::notices::Fault;
use crate::panels::palette::Adding;
use crate::state::Lab;
use crate::tongue::t;
use crate::tree::{self, Place};
use crate::ui::{self, format};
use crate::views::microscope::look_inside;

#[component]
pub fn Inspector() -> impl IntoView {
    let lab = Lab::get();
    let chosen = expect_context::<Chosen>();
    // What a block is may change where it stands.
    let what = Memo::new(move |_| {
        let place = chosen.get()?;
        let id = lab.spec.with(|s| tree::block(s, &place).map(|b| b.block.id.clone())).unwrap_or_default();
        Some((place, id))
    });
    let body = move || match what.get() {
        None => view! { <Whole /> }.into_any(),
        Some((place, _)) if place.len() == 1 => view! { <Stage place=place /> }.into_any(),
        Some((place, id)) => view! { <Block place=place id=id /> }.into_any(),
    };
    view! {
        <section class="panel inspector" aria-labelledby="inspector-title" class:chosen=move || what.with(Option::is_some) class:stale=move || !lab.is_current()>
            {body}
        </section>
    }
}

/// The network, where nothing is chosen.
#[component]
fn Whole() -> impl IntoView {
    let lab = Lab::get();
    let sums = move || {
        lab.summary.with(|s| {
            let sum = |of: fn(&StageInfo) -> u64| s.as_ref().map(|s| s.stages.iter().map(of).sum::<u64>());
            Some([sum(|i| i.parameters)?, sum(|i| i.active_parameters)?, sum(|i| i.flops)?, sum(|i| i.dense_flops)?])
        })
    };
    view! {
        <h2 id="inspector-title" tabindex="-1">{t("The whole network")}</h2>
        <p class="help">{t("Press a block on the track to see what it is and to change it. Drag blocks along the track, or new ones onto it.")}</p>
        {move || sums().map(|sums| view! { <Figures input=None output=None sums=sums /> })}
    }
}

/// Shapes and counts, each with its name; what only some experts do, beside what all would do.
#[component]
fn Figures(input: Option<Vec<usize>>, output: Option<Vec<usize>>, sums: [u64; 4]) -> impl IntoView {
    let [parameters, active, flops, dense] = sums;
    let row = |name: &'static str, title: &'static str, value: String| {
        view! { <div title=title><dt>{name}</dt><dd>{value}</dd></div> }
    };
    let shape = |name: &'static str, title: &'static str, dims: Option<Vec<usize>>| {
        dims.map(|dims| row(name, title, format::shape(&dims)))
    };
    let part = |part: u64, all: u64| {
        let share = if all == 0 { 100.0 } else { part as f64 / all as f64 * 100.0 };
        format!(" ({share:.0} %)")
    };
    view! {
        <dl class="facts">
            {shape(t("In"), t("Shape of one sample before it"), input)}
            {shape(t("Out"), t("Shape of one sample after it"), output)}
            {row(t("Parameters"), t("Weights that are learned"), format::count(parameters))}
            {(active < parameters).then(|| row(t("Active parameters"), t("Those that one sample meets"), format::count(active) + &part(active, parameters)))}
            {row(if flops < dense { t("Active operations") } else { t("Operations") }, t("Floating-point operations of a forward pass of one batch"), format::flops(flops) + &if flops < dense { part(flops, dense) } else { String::new() })}
            {(flops < dense).then(|| row(t("With all experts"), t("Floating-point operations if every sample went to every expert"), format::flops(dense)))}
        </dl>
    }
}

/// The figures of what stands at `place`.
#[component]
fn Counted(place: Place) -> impl IntoView {
    let lab = Lab::get();
    let kinds = expect_context::<StoredValue<Kinds>>();
    let told = move || {
        let beside = |id: &str| kinds.with_value(|k| k.course(id) == Course::Branches);
        lab.summary.with(|s| {
            let s = s.as_ref()?;
            let info = tree::figures(s, &place)?;
            let input = lab.spec.with(|spec| tree::input(s, spec, &place, beside).map(<[usize]>::to_vec));
            let sums = [info.parameters, info.active_parameters, info.flops, info.dense_flops];
            Some(view! { <Figures input=input output=Some(info.output.clone()) sums=sums /> })
        })
    };
    move || lab.is_current().then(&told)
}

#[component]
fn Faults(place: Place) -> impl IntoView {
    let lab = Lab::get();
    let faults = move || {
        lab.faults.with(|all| all.iter().filter(|f| tree::place_of(&f.path).0 == place).cloned().collect::<Vec<_>>())
    };
    move || faults().into_iter().map(|fault| view! { <Fault fault=fault /> }).collect_view()
}

#[component]
fn Stage(place: Place) -> impl IntoView {
    let lab = Lab::get();
    let i = place[0];
    let name = move || stage_name(i, lab.spec.with(|s| s.stages.len()));
    let (faults, figures) = (place.clone(), place.clone());
    let deeds = &[
        (Deed::Back, key!("Move left")),
        (Deed::On, key!("Move right")),
        (Deed::Duplicate, key!("Duplicate")),
        (Deed::Remove, key!("Remove")),
    ];
    view! {
        <h2 id="inspector-title" tabindex="-1">{name}</h2>
        <Faults place=faults />
        <p class="help">{t("A stage is what learns as one: within it credit travels by the chain rule; between stages, as the learning rule has it.")}</p>
        <Counted place=figures />
        <Inside place=place.clone() />
        <Deeds place=place of=t("the stage").to_owned() deeds=deeds />
    }
}

/// What can be done with a block, and with one that holds others.
const DEEDS: [(Deed, &str); 9] = [
    (Deed::Back, key!("Move left")),
    (Deed::On, key!("Move right")),
    (Deed::Into, key!("Move in")),
    (Deed::Out, key!("Move out")),
    (Deed::Duplicate, key!("Duplicate")),
    (Deed::Remove, key!("Remove")),
    (Deed::Residual, key!("Wrap in a residual")),
    (Deed::Route, key!("Wrap in a route")),
    (Deed::Unwrap, key!("Unwrap")),
];

#[component]
fn Block(place: Place, id: String) -> impl IntoView {
    let lab = Lab::get();
    let kinds = expect_context::<StoredValue<Kinds>>();
    let entry = lab.entry(|c| &c.blocks, &id);
    let of = kinds.with_value(|k| format!("{} {}", k.name(&id), number(&place)));
    let course = kinds.with_value(|k| k.course(&id));
    let here = StoredValue::new(place.clone());
    let settings = Signal::derive(move || {
        lab.spec.with(|s| here.with_value(|p| tree::block(s, p).map(|b| b.block.settings.clone()).unwrap_or_default()))
    });
    let knobs = entry.as_ref().map(|e| e.knobs.clone()).unwrap_or_default();
    let routing =
        (course == Course::Experts).then(|| view! { <Watching of=of.clone() /> <Routing here=here of=of.clone() /> });
    // Only what holds others can be unwrapped.
    let deeds = if course.holds() { &DEEDS[..] } else { &DEEDS[..DEEDS.len() - 1] };
    view! {
        <h2 id="inspector-title" tabindex="-1">{of.clone()}</h2>
        <Faults place=place.clone() />
        {entry.map(|e| view! { <Help entry=e /> })}
        <Settle knobs=knobs settings=settings of=of.clone() here=here />
        {routing}
        <Counted place=place.clone() />
        <Inside place=place.clone() />
        <Deeds place=place of=of deeds=deeds />
    }
}

/// Leads to what runs through it in numbers.
#[component]
fn Inside(place: Place) -> impl IntoView {
    let lab = Lab::get();
    // As the engine names what it builds: `2/1.route/1.linear`.
    let path = move || {
        lab.spec.with_untracked(|s| {
            let of = |n: usize| tree::block(s, &place[..n]).map(|b| format!("/{}.{}", place[n - 1] + 1, b.block.id));
            let blocks: String = (2..=place.len()).filter_map(of).collect();
            format!("{}{blocks}", place[0] + 1)
        })
    };
    let press = move |_| {
        let path = path();
        // All that is in a stage; of a block what begins with its name.
        look_inside(lab, &if path.contains('/') { format!("{path}*") } else { format!("{path}/*") });
    };
    view! {
        <div class="deeds">
            <button type="button" title=t("Its weights, activations and what the rule makes of them, in the microscope") on:click=press>
                {t("Look inside")}
            </button>
        </div>
    }
}

/// What can be done with it as a whole.
#[component]
fn Deeds(place: Place, of: String, deeds: &'static [(Deed, &'static str)]) -> impl IntoView {
    let lab = Lab::get();
    let kinds = expect_context::<StoredValue<Kinds>>();
    let (chosen, adding) = (expect_context::<Chosen>(), expect_context::<Adding>());
    let here = StoredValue::new(place);
    let button = move |(deed, name): &'static (Deed, &'static str)| {
        let id = format!("deed-{deed:?}").to_lowercase();
        let again = id.clone();
        let press = move |_| {
            let to = here.with_value(|p| kinds.with_value(|k| act(lab, k, p, *deed)));
            if let Some(to) = to {
                // What moves can be moved on; for all else one is at what came of it.
                if matches!(deed, Deed::Back | Deed::On) {
                    ui::focus(again.clone())
                } else {
                    focus_on(&to)
                }
                chosen.set(Some(to));
            }
        };
        view! { <button id=id type="button" on:click=press>{t(name)}</button> }
    };
    view! {
        <div class="deeds" role="group" aria-label=t!("What to do with {of}", of)>
            <button type="button" class="first" on:click=move |_| here.with_value(|p| kinds.with_value(|k| add_beside(lab, k, adding, p)))>
                {t("Add a block")}
            </button>
            {deeds.iter().map(button).collect_view()}
        </div>
    }
}
