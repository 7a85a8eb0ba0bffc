//! The path of one test sample lit through the network: which experts work on it, place by place where it is a sequence.

mod places;
mod stop;
mod strip;

use std::rc::Rc;

use engine::data::Look;
use leptos::prelude::*;

use self::places::{Row, rows};
use self::stop::{Stop, stops};
use super::card::{Card, watches};
use super::plot::numbers::{Cell, Numbers};
use super::plot::{Hit, Plot, Told};
use crate::state::{Lab, Measured};
use crate::tongue::t;
use crate::ui::canvas::{Sheet, Sight};
use crate::ui::paint::{Brush, Frame, Pixels};
use crate::ui::theme::mix;

/// A small image, and the room between two.
const THUMB: f64 = 26.0;
const GAP: f64 = 4.0;
const STRIP: f64 = 240.0;
/// Images that the probe follows.
const SAMPLES: usize = 60;

/// How many samples were measured, and how many places of each are routed.
fn extents(m: &Measured) -> (usize, usize) {
    let samples = m.tensor("x").and_then(|(shape, _)| shape.first().copied()).unwrap_or(0);
    let places = m.tensors().filter(|(name, shape, _)| name.starts_with("weights ") && shape.len() == 3);
    (samples, places.map(|(_, shape, _)| shape[1]).max().unwrap_or(1))
}

/// Row `i` of a tensor `[n, …]`.
fn row<'a>(m: &'a Measured, name: &str, i: usize) -> Option<(&'a [usize], &'a [f32])> {
    let (shape, data) = m.tensor(name)?;
    let (_, inner) = shape.split_first()?;
    let size = inner.iter().product::<usize>();
    Some((inner, data.get(i * size..(i + 1) * size)?))
}

/// What the network answers to a sample, or at a place of it.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    name: String,
    sure: f32,
    /// What it should have been, where it is not.
    truth: Option<String>,
}

/// A token as it is shown: a line's end and a blank have signs.
fn written(name: &str) -> &str {
    match name {
        "\n" => "↵",
        " " => "␣",
        other => other,
    }
}

fn answer(lab: Lab, m: &Measured, sample: usize, place: usize) -> Option<Answer> {
    let (shape, all) = row(m, "answers", sample)?;
    let (_, labels) = row(m, "labels", sample)?;
    let classes = *shape.last()?;
    // One answer for all places, or one at each.
    let at = if shape.len() == 2 { place } else { 0 };
    let shares = all.get(at * classes..(at + 1) * classes)?;
    let (class, sure) = shares.iter().enumerate().fold((0, f32::MIN), |b, (i, v)| if *v > b.1 { (i, *v) } else { b });
    let label = labels.get(at).copied().unwrap_or(-1.0);
    let named = |class: usize| {
        lab.summary.with(|s| s.as_ref().and_then(|s| s.data.outputs.get(class)).map(|n| written(n).to_owned()))
    };
    let truth = (label >= 0.0 && label as usize != class).then(|| named(label as usize)).flatten();
    Some(Answer { name: named(class)?, sure, truth })
}

#[component]
pub fn Path() -> impl IntoView {
    let lab = Lab::get();
    let probe = StoredValue::new(lab.probe("path"));
    let seen = watches("path");
    let read = move |f: &dyn Fn(&Measured) -> Option<String>| {
        probe.with_value(|p| p.with(|m| m.as_ref().and_then(|m| f(m)))).unwrap_or_default()
    };
    let track = move || {
        probe.with_value(|p| p.track());
        lab.followed.track();
    };
    let here = Memo::new(move |_| probe.with_value(|p| p.with(|m| m.as_ref().map_or((0, 1), |m| extents(m)))));
    let images =
        Memo::new(move |_| lab.summary.with(|s| s.as_ref().is_some_and(|s| matches!(s.data.look, Look::Image { .. }))));
    let place_wished = RwSignal::new(0_usize);
    let sample = Memo::new(move |_| lab.followed.get().min(here.get().0.saturating_sub(1)));
    let place = Memo::new(move |_| place_wished.get().min(here.get().1.saturating_sub(1)));
    let any = Memo::new(move |_| here.get().0 > 0);
    let found = move || -> Vec<Stop> {
        let (i, t) = (sample.get(), place.get());
        let spec = lab.loaded.get();
        probe.with_value(|p| {
            p.with(|m| match (m, spec) {
                (Some(m), Some(spec)) => stops(m, &spec, i, t),
                (Some(_), None) | (None, _) => Vec::new(),
            })
        })
    };
    let answered = move || probe.with_value(|p| p.with(|m| answer(lab, m.as_ref()?, sample.get(), place.get())));
    let turn = move |by: isize| {
        let count = here.get_untracked().0.max(1);
        lab.followed.set((sample.get_untracked() + count).saturating_add_signed(by) % count);
    };
    let figures = move |f: &dyn Fn(&Measured) -> Option<Numbers>| {
        let found = probe.with_value(|p| p.with_untracked(|m| m.as_ref().and_then(|m| f(m))));
        found.unwrap_or_else(|| Numbers::new("", [], percent))
    };
    let said = Signal::derive(move || {
        let told = found().iter().map(|s| format!("{}: {}", s.path, s.words())).collect::<Vec<_>>();
        let end = answered().map(|a| t!(". Answer: {answer}", answer = told_answer(&a))).unwrap_or_default();
        t!("Path of sample {number}: {told}{end}", number = sample.get() + 1, told = told.join("; "), end)
    });
    let items = move || {
        let item = |s: Stop| view! { <li><b>{s.path.clone()}</b> " " {s.words()}</li> };
        let answer = answered().map(|a| view! { <li><b>{t("Answer")}</b> " " {told_answer(&a)}</li> });
        (found().into_iter().map(item).collect_view(), answer)
    };
    view! {
        <Card title=key!("The path of one sample") help=t("Lit are the experts that work on the test sample that is chosen; the thicker the line, the more their part counts.")>
            <Sight seen=seen there=any room=Callback::new(room) />
            <Show when=move || any.get()>
                <div class="path-pick" role="group" aria-label=t("Sample that is followed")>
                    <button type="button" on:click=move |_| turn(-1)>{t("Previous sample")}</button>
                    <button type="button" on:click=move |_| turn(1)>{t("Next sample")}</button>
                    <span aria-live="polite">{move || t!("sample {number} of {all}", number = sample.get() + 1, all = here.get().0)}</span>
                </div>
                <Show when=move || images.get()>
                    <Plot
                        label=Signal::derive(move || t!("The {all} test samples that can be followed", all = here.get().0))
                        title=Signal::stored(t("The test samples that can be followed").to_owned())
                        class="samples"
                        height=Callback::new(move |w| thumbs_height(w, here.get().0))
                        watch=Rc::new(track)
                        draw=Rc::new(move |sheet: &Sheet| probe.with_value(|p| p.with_untracked(|m| {
                            if let Some(m) = m {
                                thumbs(sheet, m, sample.get_untracked());
                            }
                        })))
                        numbers=Rc::new(move || figures(&|m| followed(lab, m)))
                        hover=Rc::new(move |hit: Option<Hit>| {
                            let i = thumb_at(hit?).filter(|i| *i < here.get_untracked().0)?;
                            let answer = probe.with_value(|p| p.with_untracked(|m| answer(lab, m.as_ref()?, i, 0)))?;
                            Some(Told::Words(t!("sample {number}: {answer}", number = i + 1, answer = told_answer(&answer))))
                        })
                        pick=Some(Rc::new(move |hit: Hit| {
                            if let Some(i) = thumb_at(hit) {
                                lab.followed.set(i.min(here.get_untracked().0.saturating_sub(1)));
                            }
                        }))
                    />
                </Show>
                <Show when=move || { here.get().1 > 1 }>
                    <label class="path-place">
                        <span>{move || t!("Place {number} of {all}", number = place.get() + 1, all = here.get().1)}</span>
                        <input
                            type="range"
                            min="1"
                            aria-label=t("Place that is followed")
                            max=move || here.get().1.to_string()
                            prop:value=move || (place.get() + 1).to_string()
                            on:input=move |e| {
                                if let Ok(v) = event_target_value(&e).parse::<usize>() {
                                    place_wished.set(v.saturating_sub(1));
                                }
                            }
                        />
                    </label>
                    <Plot
                        label=Signal::derive(move || read(&|m| Some(places::words(&rows(lab, m, sample.get())))))
                        class="samples"
                        height=Callback::new(move |w| {
                            let routes = probe.with_value(|p| p.with(|m| m.as_ref().map_or(0, |m| places::count(m))));
                            places::height(w, here.get().1, routes)
                        })
                        watch=Rc::new(move || {
                            track();
                            place.track();
                        })
                        draw=Rc::new(move |sheet: &Sheet| probe.with_value(|p| p.with_untracked(|m| {
                            if let Some(m) = m {
                                let rows: Vec<Row> = rows(lab, m, sample.get_untracked());
                                places::draw(sheet, &rows, place.get_untracked());
                            }
                        })))
                        numbers=Rc::new(move || figures(&|m| Some(places::numbers(&rows(lab, m, sample.get_untracked())))))
                        pick=Some(Rc::new(move |hit: Hit| {
                            if let Some(t) = places::at((hit.x, hit.y), hit.width, here.get_untracked().1) {
                                place_wished.set(t);
                            }
                        }))
                    />
                </Show>
                <Plot
                    label=said
                    class="samples"
                    height=Callback::new(|_: f64| STRIP)
                    watch=Rc::new(move || {
                        track();
                        place.track();
                    })
                    draw=Rc::new(move |sheet: &Sheet| {
                        let Some(spec) = lab.loaded.get_untracked() else { return };
                        let (stops, answer) = (untrack(found), untrack(answered));
                        probe.with_value(|p| p.with_untracked(|m| {
                            let Some(m) = m else { return };
                            let input = input(lab, m, sample.get_untracked(), place.get_untracked());
                            strip::draw(sheet, spec.stages.len(), &stops, &input, answer.as_ref());
                        }));
                    })
                    numbers=Rc::new(move || stop::numbers(&untrack(found)))
                    hover=Rc::new(move |hit: Option<Hit>| {
                        let (hit, stages) = (hit?, lab.loaded.with_untracked(|s| s.as_ref().map(|s| s.stages.len()))?);
                        let answer = untrack(answered).map(|a| told_answer(&a));
                        strip::told(hit.x, hit.width, stages, &untrack(found), answer.as_deref()).map(Told::Words)
                    })
                />
                <ol class="path-said">{items}</ol>
            </Show>
        </Card>
    }
}

fn percent(v: f64) -> String {
    format!("{:.1} %", v * 100.0)
}

/// What each sample is taken for, and how surely.
fn followed(lab: Lab, m: &Measured) -> Option<Numbers> {
    let (samples, _) = extents(m);
    let heads = [t("is taken for"), "sure", t("but it is")].map(str::to_owned);
    let mut n = Numbers::new("", heads, percent).by_columns();
    for i in 0..samples {
        let a = untrack(|| answer(lab, m, i, 0))?;
        n.row(t!("sample {number}", number = i + 1), [Cell::Text(a.name), Cell::from(a.sure), Cell::from(a.truth)]);
    }
    Some(n)
}

fn told_answer(a: &Answer) -> String {
    let truth = a.truth.as_ref().map(|t| format!(", but it is {t}")).unwrap_or_default();
    format!("{} ({:.0} %){truth}", a.name, a.sure * 100.0)
}

/// What goes in, as it is drawn.
enum Input {
    Image { width: usize, height: usize, pixels: Vec<f32> },
    Words(String),
}

fn input(lab: Lab, m: &Measured, sample: usize, place: usize) -> Input {
    let Some((shape, x)) = row(m, "x", sample) else { return Input::Words(String::new()) };
    let data = lab.summary.with_untracked(|s| s.as_ref().map(|s| (s.data.look, s.data.tokens.clone())));
    match (data, shape) {
        (Some((Look::Image { .. }, _)), &[height, width, depth]) => {
            Input::Image { width, height, pixels: bright(x, depth) }
        }
        (Some((_, tokens)), _) if !tokens.is_empty() => {
            let name = x.get(place).and_then(|t| tokens.get(*t as usize)).map_or("", |t| written(t));
            Input::Words(name.to_owned())
        }
        (Some(_), _) if x.len() <= 4 => Input::Words(x.iter().map(|v| format!("{v:.2}")).collect::<Vec<_>>().join(" ")),
        (Some(_) | None, _) => Input::Words(format!("#{}", sample + 1)),
    }
}

fn across(width: f64) -> usize {
    ((width + GAP) / (THUMB + GAP)).floor().max(1.0) as usize
}

fn thumbs_height(width: f64, count: usize) -> f64 {
    count.div_ceil(across(width)) as f64 * (THUMB + GAP)
}

/// About the height of all of it in a card of this width, where images are followed.
fn room(width: f64) -> f64 {
    // Where the card is narrow, the samples are chosen in two lines.
    thumbs_height(width, SAMPLES) + if width < 350.0 { 431.0 } else { 404.0 }
}

fn thumb_at(hit: Hit) -> Option<usize> {
    let (column, row) = ((hit.x / (THUMB + GAP)).floor(), (hit.y / (THUMB + GAP)).floor());
    let columns = across(hit.width);
    (hit.x >= 0.0 && hit.y >= 0.0 && column < columns as f64).then(|| row as usize * columns + column as usize)
}

/// How bright the colours of each pixel are together.
fn bright(x: &[f32], depth: usize) -> Vec<f32> {
    x.chunks(depth.max(1)).map(|colours| colours.iter().sum::<f32>() / depth.max(1) as f32).collect()
}

fn thumbs(sheet: &Sheet, m: &Measured, chosen: usize) {
    let (Some(brush), Some((&[_, h, w, depth], x))) = (Brush::new(sheet), m.tensor("x")) else { return };
    let theme = &sheet.theme;
    let columns = across(sheet.width);
    for (i, image) in x.chunks_exact((h * w * depth).max(1)).enumerate() {
        let (column, row) = ((i % columns) as f64, (i / columns) as f64);
        let at = Frame { x: column * (THUMB + GAP) + 1.0, y: row * (THUMB + GAP) + 1.0, w: THUMB, h: THUMB };
        let colours = bright(image, depth).into_iter().map(|v| mix(theme.paper, theme.ink, v.clamp(0.0, 1.0)));
        brush.pixels(&Pixels::new(w, h, colours), at, false);
        let (colour, width) = if i == chosen { (theme.train, 2.5) } else { (theme.line, 1.0) };
        brush.outline(at, colour, width);
    }
}
