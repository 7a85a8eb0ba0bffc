//! What the network learns, and how.

use engine::data::Answer;
use engine::exec::Device;
use engine::protocol::{Catalogue, EntryInfo};
use engine::rules::Loss;
use engine::spec::{Choice, Spec};
use leptos::prelude::*;

use super::badges::Badges;
use super::notices::Faults;
use super::own::{Own, plane};
use super::rules;
use crate::embed::lockable::Lockable;
use crate::state::{Lab, sentence};
use crate::tongue::{heard, t};
use crate::tree;
use crate::ui::field::{Check, Choose as Offer, Number, Select};
use crate::ui::format;
use crate::ui::knobs::Knobs;

/// Ends of the learning rate's slider, as powers of ten.
const RATES: (f64, f64) = (-5.0, 0.5);

#[component]
pub fn Choose() -> impl IntoView {
    let lab = Lab::get();
    view! {
        <section class="panel choose" aria-labelledby="choose-title">
            <h2 id="choose-title">{t("Experiment")}</h2>
            <Lockable part="data">
                <Pick label=t("Dataset") of=|c| &c.datasets choice=|s| &mut s.data read=|s| &s.data />
            </Lockable>
            <Own />
            <Faults of=&["data"] />
            <Lockable part="rule">
                <Pick label=t("Learning rule") of=|c| &c.rules choice=|s| &mut s.rule read=|s| &s.rule />
                <Check label=t("Keep the present weights") value=lab.carry set=move |on| lab.carry.set(on) />
                <p class="help">{t("Another rule, optimizer or batch size then goes on from where this run stands; else it begins at the initial weights.")}</p>
            </Lockable>
            <Faults of=&["rule"] />
            <Lockable part="routing"><Routing /></Lockable>
            <Lockable part="optimizer">
                <Pick label=t("Optimizer") of=|c| &c.optimizers choice=|s| &mut s.optimizer read=|s| &s.optimizer />
            </Lockable>
            <Lockable part="rate"><Rate /></Lockable>
            <Faults of=&["optimizer", "rate"] />
            <Lockable part="schedule">
                <Pick label=t("Schedule") of=|c| &c.schedules choice=|s| &mut s.schedule read=|s| &s.schedule />
            </Lockable>
            <Faults of=&["schedule"] />
            <Sizes />
            <Faults of=&["batch", "clip", "seed", "loss"] />
            <Lockable part="device"><Where /></Lockable>
        </section>
    }
}

/// One entry of a registry, with its help, its source and its knobs.
#[component]
fn Pick(
    label: &'static str,
    of: fn(&Catalogue) -> &Vec<EntryInfo>,
    choice: fn(&mut Spec) -> &mut Choice,
    read: fn(&Spec) -> &Choice,
) -> impl IntoView {
    let lab = Lab::get();
    let id = Memo::new(move |_| lab.spec.with(|s| read(s).id.clone()));
    let entry = Memo::new(move |_| lab.entry(of, &id.get()));
    let options = Signal::derive(move || {
        let entries = lab.entries(of);
        // Only rules have a way of credit.
        let known = if entries.iter().any(|e| e.credit.is_some()) {
            rules::options(entries)
        } else {
            entries.into_iter().map(|e| Offer::new(e.id, e.name)).collect()
        };
        let unknown = (!known.iter().any(|o| o.value == id.get())).then(|| Offer::new(id.get(), id.get()));
        known.into_iter().chain(unknown).collect::<Vec<_>>()
    });
    let choose = move |to: String| {
        let rate = lab.entry(of, &to).and_then(|e| e.rate);
        lab.edit(|s| {
            *choice(s) = Choice::new(&to);
            if let Some(rate) = rate {
                s.rate = rate;
            }
        });
    };
    view! {
        <div class="pick">
            <Select label=label options=options value=id choose=choose />
            {move || entry.get().map(|e| view! { <Help entry=e.clone() /> {e.needs.map(|needs| view! { <Badges needs=needs /> })} <Settings entry=e choice=choice read=read /> })}
        </div>
    }
}

/// What an entry does, and who says so.
#[component]
pub fn Help(entry: EntryInfo) -> impl IntoView {
    view! {
        <p class="help">
            {entry.help} " " <cite>{entry.source}</cite>
        </p>
    }
}

/// The knobs of the chosen entry, folded away.
#[component]
fn Settings(entry: EntryInfo, choice: fn(&mut Spec) -> &mut Choice, read: fn(&Spec) -> &Choice) -> impl IntoView {
    let lab = Lab::get();
    // Points are put on a plane, not written.
    let knobs: Vec<_> = entry.knobs.into_iter().filter(|k| k.id != plane::KNOB).collect();
    let settings = Signal::derive(move || lab.spec.with(|s| read(s).settings.clone()));
    (!knobs.is_empty()).then(|| {
        view! {
            <details class="settings">
                <summary>{t!("Settings of {name}", name = entry.name)}</summary>
                <Knobs knobs=knobs settings=settings of=entry.name set=move |knob, kind, to| lab.turn(|s| Some(choice(s)), knob, kind, to) />
            </details>
        }
    })
}

/// The routing of the first route. Choosing one where there is no route makes one.
#[component]
fn Routing() -> impl IntoView {
    let lab = Lab::get();
    let routing = Memo::new(move |_| lab.routing());
    let id = Signal::derive(move || routing.get().map(|r| r.id).unwrap_or_default());
    let options = Signal::derive(move || {
        let known = lab.entries(|c| &c.routings).into_iter().map(|e| Offer::new(e.id, e.name));
        std::iter::once(Offer::new("", t("None"))).chain(known).collect::<Vec<_>>()
    });
    let entry = Memo::new(move |_| lab.entry(|c| &c.routings, &id.get()));
    let settings = Signal::derive(move || routing.get().map(|r| r.settings).unwrap_or_default());
    let set = move |knob: &str, kind: &_, to| {
        lab.turn(|s| tree::first_route(s).and_then(|p| tree::block_mut(s, &p)?.routing.as_mut()), knob, kind, to);
    };
    let below = move || {
        match entry.get() {
        Some(e) => {
            let (name, knobs) = (e.name.clone(), e.knobs.clone());
            let settings = (!knobs.is_empty()).then(|| {
                view! {
                    <details class="settings">
                        <summary>{t!("Settings of {name}", name)}</summary>
                        <Knobs knobs=knobs settings=settings of=name set=set />
                    </details>
                }
            });
            view! { <Help entry=e /> {settings} }.into_any()
        }
        None => view! {
            <p class="help">{t("No block chooses between experts. Choose a routing, and the last hidden stage becomes one of several experts.")}</p>
        }
        .into_any(),
    }
    };
    view! {
        <div class="pick">
            <Select label=t("Routing") options=options value=id choose=move |v| lab.set_routing((!v.is_empty()).then_some(&v)) />
            {below}
        </div>
    }
}

/// The learning rate, as a number and on a slider by powers of ten. It changes while the run goes on.
#[component]
fn Rate() -> impl IntoView {
    let lab = Lab::get();
    let rate = Signal::derive(move || lab.spec.with(|s| s.rate));
    view! {
        <div class="rate">
            <Number label=t("Learning rate") value=rate min=0.0 max=100.0 set=move |v| lab.edit(|s| s.rate = v) />
            <input
                type="range"
                aria-label=t("Learning rate, by powers of ten")
                min=RATES.0
                max=RATES.1
                step="0.05"
                prop:value=move || rate.get().max(1e-9).log10().to_string()
                aria-valuetext=move || format::plain(rate.get())
                on:input:target=move |e| {
                    if let Ok(power) = e.target().value().parse::<f64>() {
                        lab.edit(|s| s.rate = round(10_f64.powf(power)));
                    }
                }
            />
        </div>
    }
}

/// To two significant places.
fn round(v: f64) -> f64 {
    format!("{v:.1e}").parse().unwrap_or(v)
}

#[component]
fn Sizes() -> impl IntoView {
    let lab = Lab::get();
    let of = move |pick: fn(&Spec) -> f64| Signal::derive(move || lab.spec.with(pick));
    let losses =
        vec![Offer::new("cross-entropy", t("Cross-entropy")), Offer::new("mean-squared", t("Mean squared error"))];
    let loss = Signal::derive(move || {
        lab.spec.with(|s| match s.loss {
            Loss::CrossEntropy => "cross-entropy".to_owned(),
            Loss::MeanSquared => "mean-squared".to_owned(),
        })
    });
    // Numbers are told by squares, whatever is chosen for classes.
    let squares = move || {
        let numbers = lab.summary.with(|s| s.as_ref().is_some_and(|s| s.data.answer == Answer::Numbers));
        numbers.then(
            || view! { <p class="help">{t("This data asks for numbers: their loss is the mean squared error.")}</p> },
        )
    };
    view! {
        <div class="sizes">
            <Lockable part="batch"><Number label=t("Batch size") value=of(|s| f64::from(s.batch)) min=1.0 max=16384.0 whole=true set=move |v| lab.edit(|s| s.batch = v as u32) /></Lockable>
            <Lockable part="seed"><Number label=t("Seed") value=of(|s| f64::from(s.seed)) min=0.0 max=f64::from(u32::MAX) whole=true set=move |v| lab.edit(|s| s.seed = v as u32) /></Lockable>
            <Lockable part="clip"><Number label=t("Clip gradient (0: off)") value=of(|s| s.clip) min=0.0 max=1e6 set=move |v| lab.edit(|s| s.clip = v) /></Lockable>
            <Lockable part="loss">
                <Select label=t("Loss") options=losses value=loss choose=move |v| {
                    lab.edit(|s| s.loss = if v == "mean-squared" { Loss::MeanSquared } else { Loss::CrossEntropy });
                } />
            </Lockable>
        </div>
        {squares}
    }
}

/// Where the run is, and why there.
#[component]
fn Where() -> impl IntoView {
    let lab = Lab::get();
    let value = Signal::derive(move || match lab.device.get() {
        Some(Device::Cpu) => "cpu".to_owned(),
        Some(Device::Gpu) => "gpu".to_owned(),
        None => "auto".to_owned(),
    });
    let options =
        vec![Offer::new("auto", t("Auto: the faster one")), Offer::new("cpu", "CPU"), Offer::new("gpu", "WebGPU")];
    let choose = move |v: String| {
        lab.set_device(match v.as_str() {
            "cpu" => Some(Device::Cpu),
            "gpu" => Some(Device::Gpu),
            _ => None,
        });
    };
    let told = move || {
        lab.place.get().map(|p| {
            let measured = p.measured.iter().map(|(d, ms)| format!("{} {ms:.2} ms a step", format::device(*d))).collect::<Vec<_>>();
            view! {
                <p class="help device-why">
                    {sentence(&t!("on {device} ({chip}): {why}", device = format::device(p.device), chip = heard(&p.name), why = heard(&p.reason)))} " " {sentence(&heard(&p.advice))} " "
                    {(!measured.is_empty() && ![" ms", " µs"].iter().any(|unit| p.reason.contains(unit))).then(|| t!("Measured: {times}.", times = measured.join(", ")))}
                </p>
            }
        })
    };
    view! {
        <div class="pick">
            <Select label=t("Device") options=options value=value choose=choose />
            {told}
        </div>
    }
}
