//! A sheet on which a person draws an image of the data's own form, and the network's answer to it.

pub mod answer;
pub mod sketch;

use std::sync::Arc;

use engine::data::{Answer, Look};
use engine::protocol::DataInfo;
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;
use plotters::style::RGBColor;

use super::card::Card;
use crate::state::Lab;
use crate::tongue::t;
use crate::ui::canvas::{Canvas, Sheet};
use crate::ui::drawing::hex;
use crate::ui::field::Check;
use crate::ui::paint::{Brush, Frame, Pixels};
use crate::ui::theme::{Theme, mix};
use answer::Answered;
use sketch::{Form, Ink, Mark, Sides, Sketch};

/// Width and height of the sheet at most, in the page's pixels.
const WIDE: f64 = 248.0;
const HIGH: f64 = 320.0;
/// The smallest pixel whose edges are drawn.
const GRID: f64 = 12.0;
/// Pixels of the data between two points of a stroke.
const APART: f32 = 0.08;
/// Datasets of digits, which a drawing can be fitted to; of the first ones it is known that they were made like that.
const DIGITS: [&str; 3] = ["digits", "mnist", "own-idx"];
const FITTED: usize = 2;
const BLACK: Ink = [1.0; 3];

/// What can be drawn of this data: images that ask for a class or for numbers.
pub fn drawable(data: &DataInfo) -> Option<Sides> {
    let Look::Image { height, width } = data.look else { return None };
    let depth = data.input.iter().product::<usize>() / (height * width).max(1);
    let asks = match data.answer {
        Answer::Class | Answer::Numbers => true,
        Answer::ClassAtPlaces(_) => false,
    };
    (asks && matches!(depth, 1 | 3)).then_some(Sides { height, width, depth })
}

#[component]
pub fn Draw(sides: Sides) -> impl IntoView {
    let lab = Lab::get();
    let asking = lab.asking;
    let sketch = RwSignal::new(Sketch::empty(sides));
    let erases = RwSignal::new(false);
    let ink = RwSignal::new(BLACK);
    let radius = RwSignal::new(sides.stroke());
    let digits = Memo::new(move |_| lab.spec.with(|s| DIGITS.iter().position(|d| *d == s.data.id)));
    let wish = RwSignal::new(None::<bool>);
    let fitted = Memo::new(move |_| digits.get().is_some_and(|d| wish.get().unwrap_or(d < FITTED)));
    let taken = RwSignal::new(None::<String>);
    let seen = [RwSignal::new(false), RwSignal::new(false)];
    let sample = Memo::new(move |_| sketch.with(|s| (!s.is_empty()).then(|| Arc::new(s.sample(fitted.get())))));
    Effect::new(move |_| {
        let visible = seen.iter().any(|s| s.get());
        asking.sample.set(sample.get().filter(|_| visible));
    });
    on_cleanup(move || asking.sample.set(None));
    Effect::new(move |_| {
        let Some((number, found)) = asking.taken.get() else { return };
        let Some((_, values)) = found.tensor("sample").filter(|t| t.1.len() == sides.size()) else { return };
        sketch.set(Sketch { base: Some(values.to_vec()), ..Sketch::empty(sides) });
        let label = found.tensor("truth").and_then(|t| t.1.first()).map(|v| *v as usize);
        let name = lab.summary.with_untracked(|s| {
            let data = &s.as_ref()?.data;
            (data.answer == Answer::Class).then(|| data.outputs.get(label?).cloned()).flatten()
        });
        let number = number + 1;
        taken.set(Some(match name {
            Some(name) => t!("Test sample {number}, which is {name}.", number, name),
            None => t!("Test sample {number}.", number),
        }));
    });
    let next = StoredValue::new(0_u32);
    let take = move |_| {
        let all = lab.summary.with_untracked(|s| s.as_ref().map_or(1, |s| s.data.test.max(1)));
        let number = next.get_value() % u32::try_from(all).unwrap_or(u32::MAX);
        next.set_value(number + 1);
        lab.take_test_sample(number);
    };
    let clear = move || {
        sketch.set(Sketch::empty(sides));
        taken.set(None);
    };
    let undo = move || {
        sketch.update(Sketch::undo);
        if sketch.with_untracked(|s| s.base.is_none()) {
            taken.set(None);
        }
    };
    let present = move || (!erases.get_untracked()).then(|| ink.get_untracked());
    let fill = move |_| sketch.update(|s| s.marks.push(Mark { form: Form::All, ink: present() }));
    let nothing = move || sketch.with(Sketch::is_empty);
    let keyed = RwSignal::new(None::<String>);
    let told = move || keyed.get().or_else(|| taken.get());
    let tool = move |paper: bool, name: &'static str| {
        view! {
            <button type="button" aria-pressed=move || (erases.get() == paper).to_string() on:click=move |_| erases.set(paper)>
                {t(name)}
            </button>
        }
    };
    let shown = move |sheet: &Sheet| {
        if let Some(brush) = Brush::new(sheet) {
            let values = sample.get_untracked().unwrap_or_else(|| Arc::new(vec![0.0; sides.size()]));
            brush.pixels(&pixels(sides, &values, &sheet.theme), whole(sheet), false);
        }
    };
    let width = move |most: f64| {
        let (h, w) = (sides.height as f64, sides.width as f64);
        format!("{:.0}px", most.min(most * HIGH / WIDE * w / h))
    };
    let height = Callback::new(move |w: f64| w * sides.height as f64 / sides.width as f64);
    view! {
        <Card title=key!("Draw") help=t("Draw an image, and see what the network takes it for while it learns.")>
            <div class="draw">
                <div class="draw-hand">
                    <div class="draw-paper" style:max-width=width(WIDE)>
                        <Paper sketch=sketch erases=erases ink=ink radius=radius keyed=keyed undo=undo clear=clear seen=seen[0] height=height />
                    </div>
                    <p class="help draw-told" aria-live="polite">{told}</p>
                    <div class="draw-tools">
                        <div class="forms" role="group" aria-label=t("Draws with")>{tool(false, key!("Ink"))} {tool(true, key!("Eraser"))}</div>
                        <button type="button" class="quiet" prop:disabled=nothing on:click=move |_| undo()>{t("Undo stroke")}</button>
                        <button type="button" class="quiet" prop:disabled=nothing on:click=move |_| clear()>{t("Clear")}</button>
                        <button type="button" class="quiet" on:click=fill>{t("Fill")}</button>
                        {(sides.depth == 3).then(|| view! {
                            <label class="draw-field">
                                <span>{t("Colour")}</span>
                                <input type="color" prop:value=move || hex(colour(ink.get())) on:input:target=move |e| {
                                    if let Some(read) = read(&e.target().value()) {
                                        ink.set(read);
                                        erases.set(false);
                                    }
                                } />
                            </label>
                        })}
                        <label class="draw-field">
                            <span>{t("Brush")}</span>
                            <input
                                type="range"
                                min="1"
                                max=(sides.height.min(sides.width) as f32 / 3.0).max(2.0 * sides.stroke())
                                step="any"
                                aria-valuetext=move || t!("{number} pixels", number = format!("{:.1}", 2.0 * radius.get()))
                                prop:value=move || (2.0 * radius.get()).to_string()
                                on:input:target=move |e| {
                                    if let Ok(wide) = e.target().value().parse::<f32>() {
                                        radius.set(wide / 2.0);
                                    }
                                }
                            />
                        </label>
                        <button type="button" on:click=take>{t("Take a test sample")}</button>
                    </div>
                </div>
                <div class="draw-answer">
                    <div class="draw-seen" style:width=width(72.0)>
                        <Canvas
                            label=Signal::derive(|| t("The image as the network sees it").to_owned())
                            height=height
                            watch=move || sample.track()
                            draw=shown
                            seen=Callback::new(move |on| seen[1].set(on))
                        />
                    </div>
                    <Answered />
                </div>
            </div>
                {move || digits.get().map(|_| view! {
                    <Check label=t("Fit it as the digits are") value=fitted set=move |on| wish.set(Some(on)) />
                    <p class="help">{t("A drawing gets the size of the dataset's digits, and its mass the middle, as theirs has. What was begun from a test sample stays where it is.")}</p>
                })}
                <p class="help" id="draw-help">
                    {t("By keyboard: arrows move the cursor, with Shift farther; Space or Enter inks a pixel, E erases it, Backspace takes the last one back, Delete clears.")}
                </p>
        </Card>
    }
}

/// What one draws on.
#[component]
fn Paper(
    sketch: RwSignal<Sketch>,
    erases: RwSignal<bool>,
    ink: RwSignal<Ink>,
    radius: RwSignal<f32>,
    /// What is at the cursor of the keyboard, in words, while it is in use.
    keyed: RwSignal<Option<String>>,
    undo: impl Fn() + Copy + 'static,
    clear: impl Fn() + Copy + 'static,
    seen: RwSignal<bool>,
    height: Callback<f64, f64>,
) -> impl IntoView {
    let lab = Lab::get();
    let sides = sketch.with_untracked(|s| s.sides);
    let locked = move || lab.frame.with_untracked(|f| f.locks("draw"));
    let node = NodeRef::<html::Div>::new();
    let cursor = RwSignal::new([sides.width / 2, sides.height / 2]);
    let drawing = StoredValue::new(None::<i32>);
    let place = move |e: &PointerEvent| {
        let area = node.get_untracked()?.get_bounding_client_rect();
        let part = |at: i32, from: f64, size: f64, sides: usize| {
            ((f64::from(at) - from) / size.max(1.0) * sides as f64) as f32
        };
        Some([
            part(e.client_x(), area.left(), area.width(), sides.width),
            part(e.client_y(), area.top(), area.height(), sides.height),
        ])
    };
    let press = move |e: PointerEvent| {
        // The back end of a pen erases; other buttons than the first are the browser's.
        let back = e.button() == 5;
        if locked() || drawing.get_value().is_some() || !(e.button() == 0 || back) {
            return;
        }
        let (Some(paper), Some(at)) = (node.get_untracked(), place(&e)) else { return };
        // Without it a stroke ends at the edge of the paper, and that is all.
        let _ = paper.set_pointer_capture(e.pointer_id());
        drawing.set_value(Some(e.pointer_id()));
        keyed.set(None);
        let ink = (!erases.get_untracked() && !back).then(|| ink.get_untracked());
        sketch.update(|s| s.marks.push(Mark { form: Form::Stroke(vec![at], radius.get_untracked()), ink }));
    };
    let go_on = move |e: PointerEvent| {
        let Some(at) = place(&e).filter(|_| drawing.get_value() == Some(e.pointer_id())) else { return };
        let far = |from: &[f32; 2]| (from[0] - at[0]).hypot(from[1] - at[1]) > APART;
        sketch.update(|s| {
            if let Some(Mark { form: Form::Stroke(points, _), .. }) = s.marks.last_mut()
                && points.last().is_none_or(far)
            {
                points.push(at);
            }
        });
    };
    let rest = move |e: PointerEvent| {
        if drawing.get_value() == Some(e.pointer_id()) {
            drawing.set_value(None);
        }
    };
    let key = move |e: KeyboardEvent| {
        if locked() || e.ctrl_key() || e.meta_key() || e.alt_key() || drawing.get_value().is_some() {
            return;
        }
        let far = |side: usize| if e.shift_key() { (side / 4).max(2) } else { 1 };
        let cell = cursor.get_untracked();
        let [x, y] = cell;
        match e.key().as_str() {
            "ArrowLeft" => cursor.set([x.saturating_sub(far(sides.width)), y]),
            "ArrowRight" => cursor.set([(x + far(sides.width)).min(sides.width - 1), y]),
            "ArrowUp" => cursor.set([x, y.saturating_sub(far(sides.height))]),
            "ArrowDown" => cursor.set([x, (y + far(sides.height)).min(sides.height - 1)]),
            "Enter" | " " => {
                let ink = (!erases.get_untracked()).then(|| ink.get_untracked());
                sketch.update(|s| s.cell(cell, ink));
            }
            "e" | "E" => sketch.update(|s| s.cell(cell, None)),
            "Backspace" => undo(),
            "Delete" => clear(),
            _ => return,
        }
        e.prevent_default();
        let [x, y] = cursor.get_untracked();
        let share = sketch.with_untracked(|s| {
            let at = (y * sides.width + x) * sides.depth;
            let values = s.sample(false);
            values[at..at + sides.depth].iter().sum::<f32>() / sides.depth as f32
        });
        let share = format!("{:.0}", share * 100.0);
        keyed.set(Some(t!("Row {row}, column {column}: {share} % ink.", row = y + 1, column = x + 1, share)));
    };
    let draw = move |sheet: &Sheet| {
        let Some(brush) = Brush::new(sheet) else { return };
        sketch.with_untracked(|s| strokes(&brush, sheet, s));
        let cell = sheet.width / sides.width as f64;
        let keyed = keyed.with_untracked(Option::is_some);
        if cell >= GRID || keyed {
            grid(&brush, sheet, sides);
        }
        if keyed {
            let [x, y] = cursor.get_untracked().map(|v| v as f64 * cell);
            let frame = Frame { x, y, w: cell, h: cell };
            brush.outline(frame, sheet.theme.paper, 4.0);
            brush.outline(frame, sheet.theme.above, 2.0);
        }
    };
    let label =
        Signal::derive(move || t!("Drawing of {height} × {width} pixels", height = sides.height, width = sides.width));
    let watch = move || {
        sketch.track();
        cursor.track();
        keyed.track();
    };
    view! {
        <div
            class="draw-sheet"
            node_ref=node
            tabindex="0"
            role="application"
            aria-label=t("Sheet to draw on")
            aria-describedby="draw-help"
            on:pointerdown=press
            on:pointermove=go_on
            on:pointerup=rest
            on:pointercancel=rest
            on:keydown=key
            on:blur=move |_| keyed.set(None)
        >
            <Canvas label=label height=height watch=watch draw=draw seen=Callback::new(move |on| seen.set(on)) />
        </div>
    }
}

fn whole(sheet: &Sheet) -> Frame {
    Frame { x: 0.0, y: 0.0, w: sheet.width, h: sheet.height }
}

/// `#rrggbb`.
fn read(text: &str) -> Option<Ink> {
    let [_, r, g, b] = u32::from_str_radix(text.strip_prefix('#')?, 16).ok()?.to_be_bytes();
    Some([r, g, b].map(|v| f32::from(v) / 255.0))
}

fn colour(ink: Ink) -> RGBColor {
    let [r, g, b] = ink.map(|v| (v.clamp(0.0, 1.0) * 255.0).round() as u8);
    RGBColor(r, g, b)
}

/// A pixel as it is seen: of one value, as ink on the page's paper.
fn tint(pixel: &[f32], theme: &Theme) -> RGBColor {
    match *pixel {
        [r, g, b] => colour([r, g, b]),
        [v, ..] => mix(theme.paper, theme.ink, v.clamp(0.0, 1.0)),
        [] => theme.paper,
    }
}

fn pixels(sides: Sides, values: &[f32], theme: &Theme) -> Pixels {
    let colours = values.chunks_exact(sides.depth.max(1)).map(|pixel| tint(pixel, theme));
    Pixels::new(sides.width, sides.height, colours)
}

/// The drawing as it is made, finer than the data's pixels.
fn strokes(brush: &Brush, sheet: &Sheet, sketch: &Sketch) {
    let Sides { width, depth, .. } = sketch.sides;
    let cell = sheet.width / width as f64;
    match &sketch.base {
        Some(base) => brush.pixels(&pixels(sketch.sides, base, &sheet.theme), whole(sheet), false),
        None => brush.rect(whole(sheet), tint(&[0.0; 3][..depth], &sheet.theme)),
    }
    for mark in &sketch.marks {
        let colour = tint(&mark.ink.unwrap_or_default()[..depth], &sheet.theme);
        match &mark.form {
            Form::All => brush.rect(whole(sheet), colour),
            Form::Cells(cells) => {
                for [x, y] in cells.iter().map(|c| c.map(|v| v as f64 * cell)) {
                    brush.rect(Frame { x, y, w: cell, h: cell }, colour);
                }
            }
            Form::Stroke(points, radius) => {
                let radius = f64::from(*radius) * cell;
                let points: Vec<_> = points.iter().map(|p| (f64::from(p[0]) * cell, f64::from(p[1]) * cell)).collect();
                brush.path(&points, colour, 2.0 * radius);
                for (x, y) in points.first().into_iter().chain(points.last()) {
                    brush.dot(*x, *y, radius, colour, colour);
                }
            }
        }
    }
}

fn grid(brush: &Brush, sheet: &Sheet, sides: Sides) {
    let cell = sheet.width / sides.width as f64;
    for x in (1..sides.width).map(|i| i as f64 * cell) {
        brush.path(&[(x, 0.0), (x, sheet.height)], sheet.theme.line, 0.5);
    }
    for y in (1..sides.height).map(|i| i as f64 * cell) {
        brush.path(&[(0.0, y), (sheet.width, y)], sheet.theme.line, 0.5);
    }
}
