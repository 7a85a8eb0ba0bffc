//! One block in the list: its name, its first knob, its figures; more on demand; and the blocks that it holds.

use engine::protocol::{EntryInfo, KnobInfo};
use engine::registry::Settings;
use engine::spec::Choice;
use leptos::prelude::*;

use super::Figures;
use crate::panels::choose::Help;
use crate::panels::notices::Fault;
use crate::panels::palette::Adding;
use crate::panels::track::keys::{Deed, act};
use crate::panels::track::kinds::Kinds;
use crate::panels::track::number;
use crate::panels::watch;
use crate::state::Lab;
use crate::tongue::t;
use crate::tree::{self, Place};
use crate::ui;
use crate::ui::field::{Choose, Select};
use crate::ui::knobs::Knobs;

/// The list of blocks at `place`, and a way to add one.
#[component]
pub fn Blocks(place: Place, name: String) -> impl IntoView {
    let lab = Lab::get();
    let adding = expect_context::<Adding>();
    let ids = {
        let place = place.clone();
        Memo::new(move |_| {
            lab.spec.with(|s| {
                let list = tree::list(s, &place).map(Vec::as_slice).unwrap_or_default();
                list.iter().enumerate().map(|(i, b)| (i, b.block.id.clone())).collect::<Vec<_>>()
            })
        })
    };
    let (at, into) = (place.clone(), name.clone());
    view! {
        <ol class="blocks" aria-label=t!("Blocks of {name}", name)>
            <For each=move || ids.get() key=Clone::clone let((i, id))>
                {
                    let mut here = at.clone();
                    here.push(i);
                    view! { <Block place=here id=id /> }
                }
            </For>
        </ol>
        <button id=name_of(&place, "add") type="button" class="add" aria-label=t!("Add a block to {into}", into) on:click=move |_| adding.open(place.clone(), &into)>
            {t("Add a block")}
        </button>
    }
}

#[component]
fn Block(place: Place, id: String) -> AnyView {
    let lab = Lab::get();
    let entry = lab.entry(|c| &c.blocks, &id);
    let name = entry.as_ref().map_or_else(|| id.clone(), |e| e.name.clone());
    let shown = name.clone();
    let of = format!("{name} {}", number(&place));
    let here = StoredValue::new(place.clone());
    let settings = Signal::derive(move || {
        lab.spec.with(|s| here.with_value(|p| tree::block(s, p).map(|b| b.block.settings.clone()).unwrap_or_default()))
    });
    let faults = move || {
        lab.faults.with(|all| {
            here.with_value(|p| all.iter().filter(|f| tree::place_of(&f.path).0 == *p).cloned().collect::<Vec<_>>())
        })
    };
    let mut knobs = entry.as_ref().map(|e| e.knobs.clone()).unwrap_or_default();
    let rest = knobs.split_off(knobs.len().min(1));
    let holds = entry.as_ref().is_some_and(|e| e.holds != "nothing" && !e.holds.is_empty());
    let inner = holds.then(|| view! { <div class="inner"><Blocks place=place.clone() name=of.clone() /></div> });
    let routed = entry.as_ref().is_some_and(|e| e.holds == "experts");
    let routing =
        entry.as_ref().filter(|e| e.holds == "experts").map(|_| view! { <Routing here=here of=of.clone() /> });
    let (of_first, of_rest) = (of.clone(), of.clone());
    view! {
        <li class="block" aria-label=name.clone() class:wrong=move || !faults().is_empty()>
            <div class="block-head">
                <span class="block-name">{shown}</span>
                <Settle knobs=knobs settings=settings of=of_first here=here />
            </div>
            {routed.then(|| view! { <Watching of=of.clone() /> })}
            {move || faults().into_iter().map(|fault| view! { <Fault fault=fault /> }).collect_view()}
            <details class="more" id=name_of(&place, "more")>
                <summary id=name_of(&place, "summary")>
                    <Figures place=place.clone() />
                    <span>{t("more")} <span class="sr">{t!(" of {of}", of)}</span></span>
                </summary>
                {entry.map(|e: EntryInfo| view! { <Help entry=e /> })}
                <Settle knobs=rest settings=settings of=of_rest here=here />
                {routing}
                <Moves here=here of=of />
            </details>
            {inner}
        </li>
    }
    .into_any()
}

/// Leads to what is shown of routers.
#[component]
pub fn Watching(of: String) -> impl IntoView {
    let lab = Lab::get();
    let none = move || lab.summary.with(|s| s.as_ref().is_none_or(|s| !s.probes.iter().any(|p| p == "experts")));
    view! {
        <button
            type="button"
            class="quiet to-routing"
            aria-label=t!("Watch the routing of {of}", of)
            disabled=none
            on:click=move |_| watch::show_routing()
        >
            {t("Watch the routing")}
        </button>
    }
}

/// The name, in the page, of a part of the block at `place`.
fn name_of(place: &[usize], part: &str) -> String {
    format!("block-{}-{part}", number(place))
}

#[component]
pub fn Settle(knobs: Vec<KnobInfo>, settings: Signal<Settings>, of: String, here: StoredValue<Place>) -> impl IntoView {
    let lab = Lab::get();
    let set = move |knob: &str, kind: &_, to| {
        lab.turn(|s| here.with_value(|p| tree::block_mut(s, p).map(|b| &mut b.block)), knob, kind, to);
    };
    (!knobs.is_empty()).then(|| view! { <Knobs knobs=knobs settings=settings of=of set=set /> })
}

/// The routing of this very route.
#[component]
pub fn Routing(here: StoredValue<Place>, of: String) -> impl IntoView {
    let lab = Lab::get();
    let routing =
        Memo::new(move |_| lab.spec.with(|s| here.with_value(|p| tree::block(s, p).and_then(|b| b.routing.clone()))));
    let id = Signal::derive(move || routing.get().map(|r| r.id).unwrap_or_default());
    let options = Signal::derive(move || {
        lab.entries(|c| &c.routings).into_iter().map(|e| Choose::new(e.id, e.name)).collect::<Vec<_>>()
    });
    let settings = Signal::derive(move || routing.get().map(|r| r.settings).unwrap_or_default());
    let set = move |knob: &str, kind: &_, to| {
        lab.turn(|s| here.with_value(|p| tree::block_mut(s, p)?.routing.as_mut()), knob, kind, to);
    };
    let knobs = {
        let of = of.clone();
        move || {
            let knobs = lab.entry(|c| &c.routings, &id.get()).map(|e| e.knobs).unwrap_or_default();
            view! { <Knobs knobs=knobs settings=settings of=t!("the routing of {of}", of) set=set /> }
        }
    };
    view! {
        <Select label=t("Routing") called=t!("Routing of {of}", of) options=options value=id choose=move |v| {
            lab.edit(|s| here.with_value(|p| {
                if let Some(b) = tree::block_mut(s, p) {
                    b.routing = Some(Choice::new(&v));
                }
            }));
        } />
        {knobs}
    }
}

/// What can be done with the block as a whole.
#[component]
fn Moves(here: StoredValue<Place>, of: String) -> impl IntoView {
    let lab = Lab::get();
    let id = move |part: &str| here.with_value(|p| name_of(p, part));
    // The focus goes where the block goes, so that it can be moved on; after a removal, to what stands in its place.
    let shift = move |way: &'static str| {
        let mut to = None;
        lab.edit(|s| to = here.with_value(|p| tree::shift(s, p, way == "up")));
        if let Some(to) = to {
            ui::fold(&id("more"));
            ui::focus(name_of(&to, way));
        }
    };
    let duplicate = move |_| lab.edit(|s| here.with_value(|p| tree::duplicate(s, p)));
    let kinds = expect_context::<StoredValue<Kinds>>();
    let holds = here.with_value(|p| {
        lab.spec
            .with_untracked(|s| tree::block(s, p).is_some_and(|b| kinds.with_value(|k| k.course(&b.block.id).holds())))
    });
    let wrap = move |deed: Deed| {
        if let Some(to) = here.with_value(|p| kinds.with_value(|k| act(lab, k, p, deed))) {
            ui::focus(name_of(&to, "summary"));
        }
    };
    let remove = move |_| {
        let next = here.with_value(|p| {
            lab.edit(|s| tree::remove(s, p));
            let stands = lab.spec.with_untracked(|s| tree::block(s, p).is_some());
            if stands { name_of(p, "summary") } else { name_of(&p[..p.len() - 1], "add") }
        });
        ui::fold(&id("more"));
        ui::focus(next);
    };
    view! {
        <div class="moves" role="group" aria-label=t!("Place of {of}", of)>
            <button id=id("up") type="button" class="quiet" aria-label=t!("Move {of} up", of) on:click=move |_| shift("up")>{t("Up")}</button>
            <button id=id("down") type="button" class="quiet" aria-label=t!("Move {of} down", of) on:click=move |_| shift("down")>{t("Down")}</button>
            <button type="button" class="quiet" aria-label=t!("Duplicate {of}", of) on:click=duplicate>{t("Duplicate")}</button>
            <button type="button" class="quiet" aria-label=t!("Remove {of}", of) on:click=remove>{t("Remove")}</button>
            <button type="button" class="quiet" aria-label=t!("Wrap {of} in a residual", of) on:click=move |_| wrap(Deed::Residual)>{t("Wrap in a residual")}</button>
            <button type="button" class="quiet" aria-label=t!("Wrap {of} in a route", of) on:click=move |_| wrap(Deed::Route)>{t("Wrap in a route")}</button>
            {holds.then(|| view! {
                <button type="button" class="quiet" aria-label=t!("Unwrap {of}", of) on:click=move |_| wrap(Deed::Unwrap)>{t("Unwrap")}</button>
            })}
        </div>
    }
}
