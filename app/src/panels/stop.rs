//! When the run is to pause by itself.

use leptos::prelude::*;

use crate::state::{Lab, Stop};
use crate::ui::field::{Choose, Number, Select};
use crate::ui::format::Mark;

#[component]
pub fn StopAt() -> impl IntoView {
    let lab = Lab::get();
    let mark = Memo::new(move |_| lab.mark());
    let options = Signal::derive(move || {
        vec![
            Choose::new("never", "when it is paused"),
            Choose::new("step", "at a step"),
            Choose::new("mark", format!("at a test {}", mark.get().name())),
            Choose::new("loss", "at a test loss"),
            Choose::new("patience", "when it gets no better for"),
        ]
    });
    let chosen = Memo::new(move |_| {
        let id = match lab.stop.get() {
            Stop::Never => "never",
            Stop::Step(_) => "step",
            Stop::Mark(_) => "mark",
            Stop::Loss(_) => "loss",
            Stop::Patience(_) => "patience",
        };
        id.to_owned()
    });
    let choose = move |id: String| {
        let aim = if mark.get_untracked() == Mark::Accuracy { 0.95 } else { 0.9 };
        lab.set_stop(match id.as_str() {
            "step" => Stop::Step(1000),
            "mark" => Stop::Mark(aim),
            "loss" => Stop::Loss(0.1),
            "patience" => Stop::Patience(500),
            _ => Stop::Never,
        });
    };
    let field = move || {
        let (name, least, most, whole) = match chosen.get().as_str() {
            "step" => ("Step", 1.0, 1e12, true),
            "mark" if mark.get() == Mark::Accuracy => ("Percent", 0.0, 100.0, false),
            "mark" => ("R²", -1.0, 1.0, false),
            "loss" => ("Loss", 0.0, 1e9, false),
            "patience" => ("Steps", 1.0, 1e12, true),
            _ => return None,
        };
        let scale = if name == "Percent" { 100.0 } else { 1.0 };
        let value = Signal::derive(move || match lab.stop.get() {
            Stop::Never => 0.0,
            Stop::Step(n) | Stop::Patience(n) => n as f64,
            // Without the last places of a binary fraction.
            Stop::Mark(v) => (v * scale * 1e6).round() / 1e6,
            Stop::Loss(v) => v,
        });
        let set = move |v: f64| {
            lab.set_stop(match lab.stop.get_untracked() {
                Stop::Never => Stop::Never,
                Stop::Step(_) => Stop::Step(v as u64),
                Stop::Patience(_) => Stop::Patience(v as u64),
                Stop::Mark(_) => Stop::Mark(v / scale),
                Stop::Loss(_) => Stop::Loss(v),
            });
        };
        Some(
            view! { <Number label=name called=format!("{name} to stop at") value=value min=least max=most whole=whole set=set /> },
        )
    };
    view! {
        <div class="stop-at">
            <Select label="Stop" options=options value=chosen choose=choose />
            {field}
        </div>
    }
}
