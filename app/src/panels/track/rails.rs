//! The lines of the track: what runs forward, what comes back as credit, and the places where a dragged block can fall.

use engine::data::Answer;
use engine::rules::Credit;
use leptos::prelude::*;

use super::credit::{Wire, wires, word};
use super::drag::{Drag, fits};
use super::flow::{Flow, PLAIN};
use super::layout::{Fan, Layout};
use crate::state::Lab;
use crate::tree;
use crate::ui::format;

/// The way of credit of the rule that is chosen.
pub fn way(lab: Lab) -> Memo<Option<Credit>> {
    Memo::new(move |_| {
        let rule = lab.spec.with(|s| s.rule.id.clone());
        lab.entry(|c| &c.rules, &rule).and_then(|e| e.credit)
    })
}

#[component]
pub fn Rails(layout: Memo<Layout>, flow: Flow) -> impl IntoView {
    let lab = Lab::get();
    let way = way(lab);
    let rails = move || {
        let (rails, loops) = layout.with(|l| (l.rails.clone(), l.loops.clone()));
        let width = move |i: usize| flow.forward.with(|w| w.get(i).copied().unwrap_or(PLAIN));
        let rail = rails.into_iter().enumerate().map(|(i, d)| {
            view! { <path class="rail" d=d style:stroke-width=move || format!("{}px", width(i)) /> }
        });
        let back = loops.into_iter().map(|(i, d)| {
            view! { <path class="rail" d=d style:stroke-width=move || format!("{}px", width(i)) /> }
        });
        (rail.collect_view(), back.collect_view())
    };
    let fans = move || {
        let fans = layout.with(|l| l.fans.clone());
        fans.into_iter().map(|fan| view! { <Experts fan=fan flow=flow /> }).collect_view()
    };
    let rects = move || {
        layout.with(|l| {
            let rect = |class: &'static str| {
                move |[x, y, w, h]: &[f64; 4]| {
                    view! { <rect class=class x=format!("{x:.1}") y=format!("{y:.1}") width=format!("{w:.1}") height=format!("{h:.1}") rx="7" /> }
                }
            };
            (l.frames.iter().map(rect("around")).collect_view(), l.plates.iter().map(rect("plate")).collect_view())
        })
    };
    let credit = move || {
        let all = way.get().map(|way| layout.with(|l| wires(way, l))).unwrap_or_default();
        all.into_iter().map(|wire| view! { <Line wire=wire flow=flow /> }).collect_view()
    };
    let height = move || layout.with(|l| format!("{:.0}", l.height));
    let width = move || layout.with(|l| format!("{:.0}", l.width));
    view! {
        <svg class="rails" width=width height=height aria-hidden="true" data-credit=move || way.get().map(word)>
            <defs>
                <marker id="track-to" markerUnits="userSpaceOnUse" markerWidth="12" markerHeight="12" refX="3" refY="5" orient="auto-start-reverse">
                    <path d="M1 1L9 5L1 9z" />
                </marker>
            </defs>
            {rects}
            {rails}
            {fans}
            {credit}
            <Ends layout=layout />
            <Spots layout=layout />
        </svg>
    }
}

/// Lights that run along the lines while the run goes on: forward into and out of each stage, and back as credit. They are
/// elements of their own, since a browser moves those without painting the lines anew.
#[component]
pub fn Lights(layout: Memo<Layout>) -> impl IntoView {
    let way = way(Lab::get());
    let light = |back: bool, [from, to, y]: [f64; 3]| {
        let at = format!("left:{:.0}px;top:{:.0}px;width:{:.0}px", from.min(to), y - 5.0, (to - from).abs());
        let left = from > to;
        view! { <i class="light" class:credit=back class:left=left style=at aria-hidden="true"></i> }
    };
    move || {
        layout.with(|l| {
            let ends = |&(left, right): &(f64, f64)| {
                [[left, left + l.pad, l.axis], [right - l.pad, right, l.axis]].map(|run| light(false, run))
            };
            let forward = l.stages.iter().flat_map(ends).collect_view();
            let credit = way.get().map(|way| wires(way, l).iter().map(|w| light(true, w.run)).collect_view());
            (forward, credit)
        })
    }
}

/// The experts of a route, each as thick as its share.
#[component]
fn Experts(fan: Fan, flow: Flow) -> impl IntoView {
    let Fan { place, tracks, experts, foot: (x, y) } = fan;
    let place = StoredValue::new(place);
    let more = experts.saturating_sub(tracks.len());
    let tracks = tracks.into_iter().enumerate().map(|(i, d)| {
        let load =
            Memo::new(move |_| flow.loads.with(|l| place.with_value(|p| l.get(p).and_then(|all| all.get(i).copied()))));
        let look = move || match load.get() {
            // An even share is 20.
            Some(load) => {
                let share = f32::from(load) / 20.0;
                format!(
                    "stroke-width:{:.2}px;opacity:{:.2}",
                    (share * 2.6).clamp(1.0, 8.0),
                    (0.3 + share * 0.5).min(1.0)
                )
            }
            None => "stroke-width:1.5px;opacity:0.6".to_owned(),
        };
        view! { <path class="rail expert" class:idle=move || load.get().is_some_and(|l| l < 2) d=d style=look /> }
    });
    let more = (more > 0).then(
        || view! { <text class="note" x=format!("{x:.0}") y=format!("{y:.0}")>{format!("and {more} more")}</text> },
    );
    view! {
        {tracks.collect_view()}
        {more}
    }
}

/// One stage's piece of the line of credit.
#[component]
fn Line(wire: Wire, flow: Flow) -> impl IntoView {
    let Wire { stage, d, ends, dotted, .. } = wire;
    let width = Memo::new(move |_| flow.credit.with(|w| w.get(stage).copied()));
    let marker = |on: bool| on.then_some("url(#track-to)");
    view! {
        <path
            class="wire"
            class:dotted=dotted
            class:off=move || width.get() == Some(0.0)
            d=d
            style:stroke-width=move || format!("{}px", width.get().filter(|w| *w > 0.0).unwrap_or(1.5))
            marker-start=marker(ends[0])
            marker-end=marker(ends[1])
        />
    }
}

/// Joints with the shapes of what passes them, the input and the answer.
#[component]
fn Ends(layout: Memo<Layout>) -> impl IntoView {
    let lab = Lab::get();
    let input = move || lab.summary.with(|s| s.as_ref().map(|s| format::shape(&s.data.input)));
    let answer = move || lab.summary.with(|s| s.as_ref().map(|s| answer(s.data.answer, s.data.outputs.len())));
    let shape = move |i: usize| {
        if !lab.is_current() {
            return None;
        }
        lab.summary.with(|s| tree::figures(s.as_ref()?, &[i]).map(|f| format::shape(&f.output)))
    };
    move || {
        let (stages, axis) = layout.with(|l| (l.stages.clone(), l.axis));
        let (first, last) = (stages.first().map_or(80.0, |s| s.0), stages.last().map_or(80.0, |s| s.1));
        let joint = |(i, (_, x)): (usize, (f64, f64))| {
            let y = axis + 21.0;
            view! {
                <path class="section" d=format!("M{x:.1} {:.1}V{:.1}", axis - 9.0, axis + 9.0) />
                <text class="shape" x=format!("{x:.0}") y=format!("{y:.0}")>{move || shape(i)}</text>
            }
        };
        let inner = stages.iter().copied().enumerate().take(stages.len().saturating_sub(1)).map(joint).collect_view();
        let end = |x: f64, step: f64, name: &'static str| {
            let (at, below, above) = (x + step * 12.0, format!("{:.0}", axis + 13.0), format!("{:.0}", axis - 2.0));
            let class = if step < 0.0 { "end left" } else { "end" };
            let at = format!("{at:.0}");
            (at, below, above, class, name)
        };
        let (at, below, above, class, name) = end(first, -1.0, "input");
        let left = view! {
            <circle class="stop" cx=format!("{first:.1}") cy=format!("{axis:.1}") r="6" />
            <text class=class x=at.clone() y=above>{name}</text>
            <text class=format!("{class} figure") x=at y=below>{input}</text>
        };
        let (at, below, above, class, name) = end(last, 1.0, "answer");
        let right = view! {
            <circle class="stop" cx=format!("{last:.1}") cy=format!("{axis:.1}") r="6" />
            <text class=class x=at.clone() y=above>{name}</text>
            <text class=format!("{class} figure") x=at y=below>{answer}</text>
        };
        (inner, left, right)
    }
}

/// What the data asks for, in few words.
pub fn answer(asked: Answer, outputs: usize) -> String {
    match asked {
        Answer::Class => format!("{outputs} classes"),
        Answer::ClassAtPlaces(places) => format!("{outputs} × {places}"),
        Answer::Numbers if outputs == 1 => "a number".to_owned(),
        Answer::Numbers => format!("{outputs} numbers"),
    }
}

/// Where what is dragged can fall.
#[component]
fn Spots(layout: Memo<Layout>) -> impl IntoView {
    let drag = expect_context::<Drag>();
    move || {
        drag.carried.with(|c| {
            let (cargo, _) = c.as_ref()?;
            let spot = |(i, s): (usize, &super::layout::Spot)| {
                let lit = move || drag.over.get() == Some(i);
                let at = format!("translate({:.1} {:.1})", s.x, s.y);
                view! {
                    <g class="spot" class:lit=lit transform=at>
                        <path class="post" d="M0 -30V30" />
                        <circle r="6" />
                    </g>
                }
            };
            let legal = |(_, s): &(usize, &super::layout::Spot)| fits(cargo, s);
            Some(layout.with(|l| l.spots.iter().enumerate().filter(legal).map(spot).collect_view()))
        })
    }
}
