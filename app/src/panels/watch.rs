//! What the run shows of itself.

use engine::data::Look;
use leptos::prelude::*;

use super::checkpoints::Checkpoints;
use super::stop::StopAt;
use crate::embed::lockable::Lockable;
use crate::state::Lab;
use crate::tongue::t;
use crate::ui::{self, format};
use crate::views::{
    alignment::{Alignment, SignalToNoise, UpdateSize},
    confusion::Confusion,
    curves::Curves,
    density::Density,
    dials::Dials,
    draw::{Draw, drawable},
    exhibits::{Assignments, Attention},
    experts::Experts,
    fit::{Fit, Forecasts},
    path::Path,
    regions::Regions,
    samples::Samples,
    signals::Signals,
    stages::Stages,
    surface::Surface,
    units::Units,
    weights::Weights,
    written::{Sequences, Written},
};

/// The name, in the page, of the pictures of what routers do.
const ROUTING: &str = "routing-views";

/// Opens all that is shown of routers, and leads to it.
pub fn show_routing() {
    ui::unfold(ROUTING);
    ui::show(ROUTING);
    ui::focus_first(ROUTING);
}

#[component]
pub fn Watch() -> impl IntoView {
    let lab = Lab::get();
    let shows = move |part: &'static str| Memo::new(move |_| lab.frame.with(|f| f.shows(part)));
    // A picture is there where its probe fits the run, and the link shows it.
    let fits = move |(probe, part): (&'static str, &'static str)| {
        let shows = shows(part);
        Memo::new(move |_| {
            shows.get() && lab.summary.with(|s| s.as_ref().is_some_and(|s| s.probes.iter().any(|p| p == probe)))
        })
    };
    let [surface, units, samples, confusion, experts, alignment, noise, size, stages, signals, weights] = [
        ("surface", "decision-surface"),
        ("units", "what-the-units-see"),
        ("samples", "samples"),
        ("confusion", "confusion"),
        ("experts", "experts"),
        ("alignment", "alignment-with-backprop"),
        ("signal-to-noise", "signal-to-noise"),
        ("update-size", "update-size"),
        ("update-size", "stage-by-stage"),
        ("signals", "the-rules-signals"),
        ("weights", "first-weights"),
    ]
    .map(fits);
    let [written, sequences, fit, forecasts, attention, assignments, regions, path, density] = [
        ("generated", "written-text"),
        ("sequences", "sequences"),
        ("fit", "fit"),
        ("forecasts", "forecasts"),
        ("attention", "attention"),
        ("assignments", "who-gets-what"),
        ("regions", "regions"),
        ("path", "path"),
        ("density", "active-units"),
    ]
    .map(fits);
    let [meters, curves, less] = ["meters", "curves", "less-of-it"].map(shows);
    let dialled =
        Memo::new(move |_| less.get() && lab.summary.with(|s| s.as_ref().is_some_and(|s| !s.dials.is_empty())));
    let plane = Memo::new(move |_| lab.summary.with(|s| s.as_ref().is_some_and(|s| s.data.look == Look::Plane)));
    let drawn = Memo::new(move |_| lab.summary.with(|s| s.as_ref().and_then(|s| drawable(&s.data))));
    view! {
        <section class="watch" class:awaiting=move || lab.summary.with(Option::is_none) && lab.busy.get() aria-labelledby="watch-title">
            <h2 id="watch-title" class="sr">{t("Watch")}</h2>
            <Show when=move || meters.get()><Meters /></Show>
            <Lockable part="stop"><StopAt /></Lockable>
            <Lockable part="checkpoints"><Checkpoints /></Lockable>
            // In the plane everything can be seen at once: that comes first.
            <Show when=move || plane.get()>
                <div class="views">
                    <Show when=move || surface.get()><Surface /></Show>
                    <Show when=move || units.get()><Units /></Show>
                </div>
            </Show>
            <Show when=move || curves.get()><Curves /></Show>
            <Show when=move || experts.get()>
                <div class="views" id=ROUTING>
                    <div class="column">
                        <Experts />
                    </div>
                    <div class="column">
                        <Show when=move || path.get()><Path /></Show>
                        <Show when=move || assignments.get()><Assignments /></Show>
                        <Show when=move || regions.get()><Regions /></Show>
                    </div>
                </div>
            </Show>
            <div class="views">
                <div class="column">
                    <Show when=move || written.get()><Written /></Show>
                    <Show when=move || sequences.get()><Sequences /></Show>
                    <Show when=move || fit.get()><Fit /></Show>
                    <Show when=move || forecasts.get()><Forecasts /></Show>
                    <Show when=move || dialled.get()><Dials /></Show>
                    <Lockable part="draw">{move || drawn.get().map(|sides| view! { <Draw sides=sides /> })}</Lockable>
                    <Show when=move || samples.get()><Samples /></Show>
                    <Show when=move || weights.get()><Weights /></Show>
                </div>
                <div class="column">
                    <Show when=move || attention.get()><Attention /></Show>
                    <Show when=move || confusion.get()><Confusion /></Show>
                    <Show when=move || signals.get()><Signals /></Show>
                    <Show when=move || stages.get()><Stages /></Show>
                    <Show when=move || alignment.get()><Alignment /></Show>
                    <Show when=move || noise.get()><SignalToNoise /></Show>
                    <Show when=move || size.get()><UpdateSize /></Show>
                    <Show when=move || density.get()><Density /></Show>
                </div>
            </div>
        </section>
    }
}

/// The figures that matter most, large.
#[component]
fn Meters() -> impl IntoView {
    let lab = Lab::get();
    let share = move |pick: fn(&crate::state::Scores) -> f32| {
        move || lab.scores.get().map(|s| lab.mark().write(pick(&s).into()))
    };
    let loss = move || lab.scores.get().map(|s| s.test.loss.map_or_else(|| "∞".into(), format::loss));
    let ghost = move || {
        let before =
            lab.ghost.with(|g| g.as_ref().and_then(|g| Some((g.name.clone(), g.curve.test_accuracy.last()?.value))));
        before.map(|(name, value)| view! { <small>{format!("{name}: {}", lab.mark().write(value))}</small> })
    };
    let dash = || "–".to_owned();
    view! {
        <dl class="meters">
            <div class="meter first">
                <dt>{move || t!("Test {mark}", mark = lab.mark().name())}</dt>
                <dd>{move || share(|s| s.test.accuracy)().unwrap_or_else(dash)} {ghost}</dd>
            </div>
            <div class="meter">
                <dt>{move || t!("Train {mark}", mark = lab.mark().name())}</dt>
                <dd>{move || share(|s| s.train.accuracy)().unwrap_or_else(dash)}</dd>
            </div>
            <div class="meter">
                <dt>{t("Test loss")}</dt>
                <dd>{move || loss().unwrap_or_else(dash)}</dd>
            </div>
            <div class="meter">
                <dt>{t("Epoch")}</dt>
                <dd>{move || format!("{:.1}", lab.progress.with(|p| p.epoch))}</dd>
            </div>
        </dl>
    }
}
