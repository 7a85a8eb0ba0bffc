//! The plane on which a person puts points: with a pointer, or with the arrow keys and the number of a class.

use std::time::Duration;

use engine::data::points::{POINTS_MAX, Point, read, write};
use engine::protocol::KnobInfoKind;
use engine::registry::Setting;
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::state::Lab;
use crate::tongue::t;
use crate::views::plane::REACH;

/// The knob that holds the points.
pub const KNOB: &str = "points";
/// How long the experiment waits for more points.
const REST: Duration = Duration::from_millis(350);
/// How far an arrow key moves the cursor; with Shift, four times as far.
const STRIDE: f64 = 0.05;
const CLASSES: [&str; 4] = ["a", "b", "c", "d"];

#[component]
pub fn Plane(kind: KnobInfoKind) -> impl IntoView {
    let lab = Lab::get();
    let default = kind.default();
    let kind = StoredValue::new(kind);
    let held = Memo::new(move |_| {
        let set = lab.spec.with(|s| s.data.settings.get(KNOB).cloned());
        set.unwrap_or_else(|| default.clone()).to_string()
    });
    let points = RwSignal::new(Vec::<Point>::new());
    // What is undone, or opened, is what is seen.
    Effect::new(move |_| points.set(held.with(|text| read(text)).unwrap_or_default()));
    let class = RwSignal::new(0_usize);
    let cursor = RwSignal::new([0.0, 0.0]);
    let focused = RwSignal::new(false);

    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let change = move |with: &dyn Fn(&mut Vec<Point>)| {
        points.update(|all| with(all));
        if let Some(handle) = waiting.get_value() {
            handle.clear();
        }
        let settle = move || {
            let Some(text) = points.try_with_untracked(|all| enough(all).then(|| write(all))) else { return };
            if let Some(text) = text {
                kind.with_value(|kind| lab.turn(|s| Some(&mut s.data), KNOB, kind, Setting::Choice(text)));
            }
        };
        waiting.set_value(set_timeout_with_handle(settle, REST).ok());
    };
    let put = move |at: [f64; 2]| {
        let at = at.map(|v| v.clamp(-1.0, 1.0));
        let class = class.get_untracked();
        change(&|all| {
            if all.len() < POINTS_MAX {
                all.push(Point { class, at });
            }
        });
    };
    let undo = move || {
        change(&|all| {
            all.pop();
        })
    };
    let press = move |e: PointerEvent| {
        // What is drawn on the plane catches nothing: the target is the plane.
        let Some(plane) = e.target().and_then(|t| t.dyn_into::<Element>().ok()) else { return };
        let place = plane.get_bounding_client_rect();
        let across = (f64::from(e.client_x()) - place.left()) / place.width().max(1.0);
        let down = (f64::from(e.client_y()) - place.top()) / place.height().max(1.0);
        let at = [across, 1.0 - down].map(|v| (2.0 * v - 1.0) * REACH);
        cursor.set(at.map(|v| v.clamp(-1.0, 1.0)));
        put(at);
    };
    let key = move |e: KeyboardEvent| {
        if e.ctrl_key() || e.meta_key() || e.alt_key() {
            return;
        }
        let far = if e.shift_key() { 4.0 * STRIDE } else { STRIDE };
        let go = |by: [f64; 2]| cursor.update(|at| *at = [0, 1].map(|i| (at[i] + by[i] * far).clamp(-1.0, 1.0)));
        match e.key().as_str() {
            "ArrowLeft" => go([-1.0, 0.0]),
            "ArrowRight" => go([1.0, 0.0]),
            "ArrowUp" => go([0.0, 1.0]),
            "ArrowDown" => go([0.0, -1.0]),
            "Enter" | " " => put(cursor.get_untracked()),
            "Backspace" | "Delete" => undo(),
            digit => {
                let Some(chosen) = digit.parse().ok().filter(|n| (1..=CLASSES.len()).contains(n)) else { return };
                class.set(chosen - 1);
                put(cursor.get_untracked());
            }
        }
        e.prevent_default();
    };
    let told = move || {
        points.with(|all| {
            let counts: Vec<_> = (0..CLASSES.len())
                .filter_map(|c| {
                    let n = all.iter().filter(|p| p.class == c).count();
                    (n > 0).then(|| t!("{n} of {c}", n, c = CLASSES[c]))
                })
                .collect();
            let short = if enough(all) {
                ""
            } else {
                t(" Put two of one class and one of another; until then the run goes on with those before.")
            };
            let full = if all.len() >= POINTS_MAX { t(" No more fit.") } else { "" };
            match counts.as_slice() {
                [] => t!("No points.{short}", short),
                _ => t!("Points: {counts}.{short}{full}", counts = counts.join(", "), short, full),
            }
        })
    };
    let place = move || {
        let [x, y] = cursor.get();
        if focused.get() {
            t!("Cursor at {x}, {y}. ", x = format_args!("{x:.2}"), y = format_args!("{y:.2}"))
        } else {
            String::new()
        }
    };
    let marks = move || points.with(|all| all.iter().map(|p| mark(p.class, p.at)).collect_view());
    view! {
        <div class="plane" role="group" aria-label=t("Points on the plane")>
            <div class="plane-classes" role="group" aria-label=t("Class of the next point")>
                {(0..CLASSES.len())
                    .map(|c| {
                        view! {
                            <button
                                type="button"
                                aria-label=t!("Class {c}", c = CLASSES[c])
                                aria-pressed=move || (class.get() == c).to_string()
                                on:click=move |_| class.set(c)
                            >
                                <svg viewBox="-0.09 -0.09 0.18 0.18" aria-hidden="true">{mark(c, [0.0, 0.0])}</svg>
                                {CLASSES[c]}
                            </button>
                        }
                    })
                    .collect_view()}
            </div>
            <svg
                class="plane-field"
                viewBox=format!("{0} {0} {1} {1}", -REACH, 2.0 * REACH)
                tabindex="0"
                role="application"
                aria-label=t("Plane")
                aria-describedby="plane-help"
                on:pointerdown=press
                on:keydown=key
                on:focus=move |_| focused.set(true)
                on:blur=move |_| focused.set(false)
            >
                <path class="plane-axes" d="M-1 0H1M0-1V1" />
                <rect class="plane-edge" x="-1" y="-1" width="2" height="2" />
                {marks}
                <path
                    class="plane-cursor"
                    class:on=move || focused.get()
                    d="M-.08 0H-.03M.03 0H.08M0-.08V-.03M0 .03V.08"
                    transform=move || { let [x, y] = cursor.get(); format!("translate({x} {})", -y) }
                />
            </svg>
            <p class="help" aria-live="polite">{place} {told}</p>
            <div class="own-do">
                <button type="button" prop:disabled=move || points.with(Vec::is_empty) on:click=move |_| undo()>{t("Take one back")}</button>
                <button type="button" class="quiet" prop:disabled=move || points.with(Vec::is_empty) on:click=move |_| change(&Vec::clear)>{t("Clear")}</button>
            </div>
            <p class="help" id="plane-help">
                {t("Click to put a point of the class. By keyboard: arrows move the cursor, 1 to 4 put a point of that class, Backspace takes the last one away.")}
            </p>
        </div>
    }
}

/// Whether there is something to learn and to test.
fn enough(points: &[Point]) -> bool {
    let tally = [0, 1, 2, 3].map(|c| points.iter().filter(|p| p.class == c).count());
    tally.iter().filter(|n| **n > 0).count() > 1 && tally.iter().any(|n| *n > 1)
}

/// A point: classes differ in shape and colour.
fn mark(class: usize, [x, y]: [f64; 2]) -> impl IntoView {
    let shape = match class {
        0 => "M-.045 0A.045.045 0 1 0 .045 0A.045.045 0 1 0-.045 0Z",
        1 => "M-.042-.042H.042V.042H-.042Z",
        2 => "M0-.055.053.04H-.053Z",
        _ => "M0-.06.06 0 0 .06-.06 0Z",
    };
    view! { <path class="plane-point" d=shape style=format!("fill: var(--class-{class})") transform=format!("translate({x} {})", -y) /> }
}
