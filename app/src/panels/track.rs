//! The network as a track diagram: stages in a line from the input to the answer, activations running on it to the right,
//! credit below it in the way in which the rule sends it. The outline (`net.rs`) edits the same network as a list.

pub mod credit;
pub mod drag;
pub mod figure;
pub mod flow;
pub mod gauges;
pub mod inspector;
pub mod keys;
pub mod kinds;
pub mod layout;
pub mod rails;
pub mod strip;

use leptos::html;
use leptos::prelude::*;

use self::drag::{Cargo, Drag};
use self::flow::Flow;
use self::gauges::{Beneath, Gauges};
use self::kinds::{Course, Kinds};
use self::layout::{Layout, Mark, layout};
use self::rails::{Lights, Rails};
use super::palette::Adding;
use crate::state::Lab;
use crate::tongue::t;
use crate::tree::{self, Place};
use crate::ui::canvas::{Sight, on_resize};
use crate::ui::{self, format};
use crate::views::card::watches;

/// The stage or block that is looked at.
#[derive(Clone, Copy)]
pub struct Chosen {
    lab: Lab,
    place: RwSignal<Option<Place>>,
}

impl Chosen {
    pub fn new(lab: Lab) -> Self {
        Self { lab, place: RwSignal::new(None) }
    }

    /// What is chosen, if it still stands.
    pub fn get(self) -> Option<Place> {
        self.place.get().filter(|p| self.lab.spec.with(|s| stands(s, p)))
    }

    pub fn get_untracked(self) -> Option<Place> {
        self.place.get_untracked().filter(|p| self.lab.spec.with_untracked(|s| stands(s, p)))
    }

    pub fn set(self, place: Option<Place>) {
        if self.place.with_untracked(|p| *p != place) {
            self.place.set(place);
        }
    }
}

fn stands(spec: &engine::spec::Spec, place: &[usize]) -> bool {
    match place {
        [] => false,
        [stage] => *stage < spec.stages.len(),
        [..] => tree::block(spec, place).is_some(),
    }
}

/// `2.1` for the first block of the second stage.
pub fn number(place: &[usize]) -> String {
    place.iter().map(|i| (i + 1).to_string()).collect::<Vec<_>>().join(".")
}

/// What people call a stage, of which there are so many.
pub fn stage_name(i: usize, count: usize) -> String {
    if i + 1 == count { t("Read-out").to_owned() } else { t!("Stage {number}", number = i + 1) }
}

/// The name, in the page, of what stands at `place` on the track.
fn id_of(place: &[usize]) -> String {
    format!("track-{}", number(place))
}

/// Gives the focus to what stands at `place` on the track, where the track is shown.
pub fn focus_on(place: &[usize]) {
    ui::focus(id_of(place));
}

/// Opens the palette for the place after a block, or for the end of what a holder or a stage holds.
pub fn add_beside(lab: Lab, kinds: &Kinds, adding: Adding, place: &[usize]) {
    let (list, at) = lab.spec.with_untracked(|s| beside(s, kinds, place));
    let name = match list.as_slice() {
        [stage] => t!("stage {number}", number = stage + 1),
        [..] => {
            let id = lab.spec.with_untracked(|s| tree::block(s, &list).map(|b| b.block.id.clone())).unwrap_or_default();
            format!("{} {}", kinds.name(&id), number(&list))
        }
    };
    adding.open_at(list, at, &name);
}

/// Where a block goes that is added at `place`: a list, and before which of its blocks.
pub fn beside(spec: &engine::spec::Spec, kinds: &Kinds, place: &[usize]) -> (Place, usize) {
    let holds = place.len() == 1 || tree::block(spec, place).is_some_and(|b| kinds.course(&b.block.id).holds());
    match place.split_last() {
        Some((i, outer)) if !holds => (outer.to_vec(), i + 1),
        Some(_) | None => (place.to_vec(), usize::MAX),
    }
}

#[component]
pub fn Track() -> impl IntoView {
    let lab = Lab::get();
    let kinds = expect_context::<StoredValue<Kinds>>();
    let (chosen, adding, drag) = (expect_context::<Chosen>(), expect_context::<Adding>(), expect_context::<Drag>());
    let room = RwSignal::new(0.0);
    let lay = Memo::new(move |_| lab.spec.with(|s| kinds.with_value(|k| layout(&s.stages, k, room.get()))));
    let (see_flow, see_experts) = (watches("flow"), watches("experts"));
    let seen = Callback::new(move |on: bool| {
        see_flow.run(on);
        see_experts.run(on);
    });
    let help = RwSignal::new(false);
    let window: NodeRef<html::Div> = drag.window;
    Effect::new(move |_| {
        if let Some(window) = window.get() {
            on_resize(&window, move |w, _| {
                if w > 0.0 && (w - room.get_untracked()).abs() > 0.5 {
                    room.set(w);
                }
            });
        }
    });
    drag.listen(lab, chosen, lay);
    let marks = move || lay.with(|l| l.marks.iter().map(|m| (m.place.clone(), m.id.clone())).collect::<Vec<_>>());
    let holes = move || {
        lay.with(|l| l.spots.iter().filter(|s| s.empty).map(|s| (s.place.clone(), s.x, s.y)).collect::<Vec<_>>())
    };
    let count = Memo::new(move |_| lab.spec.with(|s| s.stages.len()));
    let beneath = expect_context::<Beneath>();
    let size = move || {
        let more = if beneath.get().is_some() { gauges::HEIGHT } else { 0.0 };
        lay.with(|l| format!("width:{:.0}px;height:{:.0}px", l.width, l.height + more))
    };
    view! {
        <div class="track-help">
            <button type="button" class="quiet keys" aria-expanded=move || help.get().to_string() aria-controls="track-keys" title=t("The track by keyboard") on:click=move |_| help.update(|on| *on = !*on)>
                {t("? Keys")}
            </button>
        </div>
        <div id="track-keys" hidden=move || !help.get()>
            <dl class="keys-list">
                {keys::KEYS.map(|(key, does)| view! { <div><dt><kbd>{key}</kbd></dt><dd>{t(does)}</dd></div> }).collect_view()}
            </dl>
        </div>
        <Sight seen=seen />
        <div
            node_ref=window
            class="track"
            class:carrying=move || drag.carried.with(Option::is_some)
            role="group"
            aria-label=t("Track")
            on:keydown=move |e| kinds.with_value(|k| keys::press(lab, k, chosen, adding, help, &e))
        >
            <div class="sheet" class:moving=move || lab.progress.with(|p| p.playing) style=size>
                <Rails layout=lay flow=Flow::of(lab) />
                <Lights layout=lay />
                <Gauges layout=lay />
                {move || (0..count.get()).map(|i| view! { <Head i=i count=count.get_untracked() layout=lay /> }).collect_view()}
                <For each=marks key=Clone::clone let((place, id))>
                    <Block place=place id=id layout=lay />
                </For>
                {move || holes().into_iter().map(|(place, x, y)| view! { <Hole place=place x=x y=y /> }).collect_view()}
            </div>
        </div>
        <Carried />
    }
}

/// Whether a place is the one that Tab leads to: the chosen one, else the first block.
fn is_stop(chosen: Chosen, layout: Memo<Layout>, place: &Place) -> bool {
    match chosen.get() {
        Some(at) => at == *place,
        None => layout.with(|l| l.marks.iter().map(|m| &m.place).min() == Some(place)),
    }
}

fn faulty(lab: Lab, place: &[usize]) -> bool {
    lab.faults.with(|all| all.iter().any(|f| tree::place_of(&f.path).0 == place))
}

/// A stage's name above its part of the line.
#[component]
fn Head(i: usize, count: usize, layout: Memo<Layout>) -> impl IntoView {
    let lab = Lab::get();
    let chosen = expect_context::<Chosen>();
    let here = vec![i];
    let (stop, wrong, faulted) = (here.clone(), here.clone(), here.clone());
    let left = move || layout.with(|l| l.stages.get(i).map_or(0.0, |s| s.0));
    let name = stage_name(i, count);
    let called = name.clone();
    view! {
        <button
            id=id_of(&here)
            type="button"
            class="stage-name"
            class:wrong=move || faulty(lab, &wrong)
            style:left=move || format!("{:.0}px", left() + 8.0)
            tabindex=move || if is_stop(chosen, layout, &stop) { "0" } else { "-1" }
            aria-label=move || if faulty(lab, &faulted) { t!("{called}, fault", called) } else { called.clone() }
            aria-current=move || (chosen.get().as_deref() == Some(&[i])).then_some("true")
            on:focus=move |_| chosen.set(Some(vec![i]))
            on:click=move |_| chosen.set(Some(vec![i]))
        >
            {name}
        </button>
    }
}

/// A block on the line, or the label of one that holds others.
#[component]
fn Block(place: Place, id: String, layout: Memo<Layout>) -> impl IntoView {
    let lab = Lab::get();
    let kinds = expect_context::<StoredValue<Kinds>>();
    let (chosen, drag) = (expect_context::<Chosen>(), expect_context::<Drag>());
    let here = StoredValue::new(place);
    let mark =
        Memo::new(move |_| layout.with(|l| here.with_value(|p| l.marks.iter().find(|m| m.place == *p).cloned())));
    let place_of = move |m: Option<&Mark>| {
        m.map(|m| format!("left:{}px;top:{}px;width:{}px;height:{}px", m.x, m.y, m.w, m.h)).unwrap_or_default()
    };
    let name = kinds.with_value(|k| k.name(&id).to_owned());
    let called = here.with_value(|p| format!("{name} {}", number(p)));
    let is_box = move || mark.with(|m| m.as_ref().is_some_and(|m| m.course == Course::Box));
    let shape = move || {
        let shape = |s: &std::sync::Arc<engine::protocol::Summary>| {
            here.with_value(|p| tree::figures(s, p).map(|f| format::shape(&f.output)))
        };
        if lab.is_current() { lab.summary.with(|s| s.as_ref().and_then(shape)) } else { None }
    };
    let figure = Memo::new(move |_| {
        let figure = lab.spec.with(|s| {
            here.with_value(|p| tree::block(s, p).map(|b| kinds.with_value(|k| k.figure(b)))).unwrap_or_default()
        });
        if figure.is_empty() && is_box() { shape().unwrap_or_else(|| "·".to_owned()) } else { figure }
    });
    let wrong = Memo::new(move |_| here.with_value(|p| faulty(lab, p)));
    let label = called.clone();
    let title = {
        let called = called.clone();
        move || shape().map_or_else(|| called.clone(), |shape| t!("{called}: {shape} after it", called, shape))
    };
    let choose = move || chosen.set(Some(here.get_value()));
    let cargo = name.clone();
    view! {
        <button
            id=here.with_value(|p| id_of(p))
            type="button"
            class=move || if is_box() { "box" } else { "box tag" }
            class:wrong=wrong
            data-figure=figure
            class:lifted=move || drag.carried.with(|c| matches!(c, Some((Cargo::Standing(p), _)) if here.with_value(|h| p == h)))
            style=move || mark.with(|m| place_of(m.as_ref()))
            tabindex=move || if here.with_value(|p| is_stop(chosen, layout, p)) { "0" } else { "-1" }
            title=title
            aria-label=move || if wrong.get() { t!("{label}, fault", label) } else { label.clone() }
            aria-current=move || (chosen.get() == Some(here.get_value())).then_some("true")
            on:focus=move |_| choose()
            on:click=move |_| if !drag.was_drag() { choose() }
            on:pointerdown=move |e| drag.press(&e, Cargo::Standing(here.get_value()), cargo.clone())
        >
            <b>{name}</b>
        </button>
    }
}

/// Where a list is empty: a way to fill it.
#[component]
fn Hole(place: Place, x: f64, y: f64) -> impl IntoView {
    let lab = Lab::get();
    let kinds = expect_context::<StoredValue<Kinds>>();
    let adding = expect_context::<Adding>();
    let at = format!("left:{:.0}px;top:{:.0}px", x - 13.0, y - 13.0);
    let called = t!("Add a block to {into}", into = number(&place));
    view! {
        <button type="button" class="hole" style=at aria-label=called on:click=move |_| kinds.with_value(|k| add_beside(lab, k, adding, &place))>
            "+"
        </button>
    }
}

/// What the pointer carries.
#[component]
fn Carried() -> impl IntoView {
    let drag = expect_context::<Drag>();
    let at = move || {
        let (x, y) = drag.at.get();
        format!("transform:translate({:.0}px,{:.0}px)", x + 10.0, y + 10.0)
    };
    move || {
        drag.carried.with(|c| {
            c.as_ref().map(|(_, name)| {
                let lands = drag.over.get().is_some();
                let to = if lands { t("release to put it here") } else { t("Escape lets it be") };
                view! { <div class="carried" class:lands=lands style=at><b>{name.clone()}</b> <span>{to}</span></div> }
            })
        })
    }
}
