//! The form of a sweep: which knob, and the values that it takes; perhaps a second one.

use engine::registry::Setting;
use engine::spec::{Axis, limits};
use leptos::prelude::*;

use crate::race::knobs::{self, FIRST, Swept, Values};
use crate::state::Lab;
use crate::ui::field::{Check, Choose, Select};

/// The most values that are spread at once.
const MOST: f64 = 10.0;

#[component]
pub fn Sweep() -> impl IntoView {
    let lab = Lab::get();
    let knobs = Memo::new(move |_| lab.spec.with(|s| knobs::all(lab, s)));
    let count = Memo::new(move |_| lab.spec.with(|s| s.sweep.len()));
    let cells = move || lab.spec.with(|s| s.sweep.iter().map(|a| a.values.len()).product::<usize>());
    let second = move |_| {
        lab.edit(|s| {
            let free = |k: &&Swept| s.sweep.iter().all(|a| a.place != k.place);
            let next = knobs.with_untracked(|all| {
                let wished = all.iter().find(|k| k.place == FIRST && free(k));
                wished.or_else(|| all.iter().find(free)).cloned()
            });
            if let Some(knob) = next {
                let room = limits::LANES / s.sweep.iter().map(|a| a.values.len()).product::<usize>().max(1);
                let values = knob.first().into_iter().take(room.max(1)).collect();
                s.sweep.push(Axis { place: knob.place, values });
            }
        });
    };
    view! {
        <div class="sweep">
            {move || (0..count.get()).map(|i| view! { <AxisRow i=i knobs=knobs /> }).collect_view()}
            <p class="sweep-size">
                <Show when=move || count.get() < limits::AXES>
                    <button type="button" on:click=second>"Add a second knob"</button>
                </Show>
                <span>{move || {
                    let n = cells();
                    if n == 1 { "One cell.".to_owned() } else { format!("{n} cells, each a run for every seed.") }
                }}</span>
            </p>
        </div>
    }
}

/// One axis: its knob and its values.
#[component]
fn AxisRow(i: usize, knobs: Memo<Vec<Swept>>) -> impl IntoView {
    let lab = Lab::get();
    let which = if i == 0 { "first" } else { "second" };
    let axis = Memo::new(move |_| lab.spec.with(|s| s.sweep.get(i).cloned().unwrap_or_default()));
    let place = Signal::derive(move || axis.with(|a| a.place.clone()));
    let knob = Memo::new(move |_| {
        let place = place.get();
        knobs.with(|all| all.iter().find(|k| k.place == place).cloned())
    });
    let wrong = RwSignal::new(None::<String>);
    // What a table can hold, beside the other axis.
    let room = move || {
        let others = lab.spec.with_untracked(|s| {
            s.sweep.iter().enumerate().filter(|(n, _)| *n != i).map(|(_, a)| a.values.len()).product::<usize>()
        });
        limits::LANES / others.max(1)
    };
    let put = Callback::new(move |read: Result<Vec<Setting>, String>| {
        let fits = read.and_then(|values| match room() {
            most if values.len() > most => {
                Err(format!("{} values make too large a table: keep to {most}", values.len()))
            }
            _ if values.is_empty() => Err("choose one or more".into()),
            _ => Ok(values),
        });
        wrong.set(fits.as_ref().err().cloned());
        if let Ok(values) = fits {
            lab.edit(|s| {
                if let Some(axis) = s.sweep.get_mut(i) {
                    axis.values = values;
                }
            });
        }
    });
    let choose = move |to: String| {
        let found = knobs.with_untracked(|all| all.iter().find(|k| k.place == to).cloned());
        if let Some(knob) = found {
            wrong.set(None);
            lab.edit(|s| {
                if let Some(axis) = s.sweep.get_mut(i) {
                    *axis = Axis { values: knob.first().into_iter().take(room().max(1)).collect(), place: knob.place };
                }
            });
        }
    };
    let options = Signal::derive(move || {
        let taken: Vec<String> = lab
            .spec
            .with(|s| s.sweep.iter().enumerate().filter(|(n, _)| *n != i).map(|(_, a)| a.place.clone()).collect());
        knobs.with(|all| {
            let free = all.iter().filter(|k| !taken.contains(&k.place));
            free.map(|k| Choose::new(k.place.clone(), k.name.clone()).within(k.group)).collect::<Vec<_>>()
        })
    });
    let remove = move |_| {
        lab.edit(|s| {
            if i < s.sweep.len() {
                s.sweep.remove(i);
            }
        });
    };
    let values = Signal::derive(move || axis.with(|a| a.values.clone()));
    let fields = move || {
        match knob.get() {
        Some(knob) if matches!(knob.values, Values::Numbers { .. }) => {
            view! { <Numbers knob=knob which=which values=values put=put /> }.into_any()
        }
        Some(knob) => view! { <Names knob=knob which=which values=values put=put /> }.into_any(),
        None => view! {
            <p class="sweep-gone">{move || format!("This network has no “{}” any more: choose another knob.", place.get())}</p>
        }
        .into_any(),
    }
    };
    view! {
        <div class="axis" role="group" aria-label=format!("The {which} knob of the sweep")>
            <Select label="Knob" called=format!("The {which} knob") options=options value=place choose=choose />
            {fields}
            {(i > 0).then(|| view! { <button type="button" class="quiet" on:click=remove>"Remove the second knob"</button> })}
            <span class="field-wrong" role="status">{move || wrong.get()}</span>
        </div>
    }
}

/// Numbers as a list, or spread from one to another.
#[component]
fn Numbers(
    knob: Swept,
    which: &'static str,
    values: Signal<Vec<Setting>>,
    put: Callback<Result<Vec<Setting>, String>>,
) -> impl IntoView {
    let text = move || values.get().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let ends = values.with_untracked(|v| {
        let number = |v: Option<&Setting>| v.map(ToString::to_string).unwrap_or_default();
        (number(v.first()), number(v.last()))
    });
    let (from, to, count) = (RwSignal::new(ends.0), RwSignal::new(ends.1), RwSignal::new("5".to_owned()));
    let log = RwSignal::new(true);
    let whole = matches!(knob.values, Values::Numbers { whole: true, .. });
    let knob = StoredValue::new(knob);
    let read = move |text: &str| knob.with_value(|k| k.read(text));
    let fill = move |_| {
        let number = |text: String| text.trim().parse::<f64>().ok().filter(|v| v.is_finite());
        let all = (number(from.get_untracked()), number(to.get_untracked()), number(count.get_untracked()));
        put.run(match all {
            (Some(from), Some(to), Some(_)) if log.get_untracked() && (from <= 0.0 || to <= 0.0) => {
                Err("equal factors need numbers above 0 at both ends".into())
            }
            (Some(from), Some(to), Some(count)) if (1.0..=MOST).contains(&count) => {
                let all = knobs::spread(from, to, count as usize, log.get_untracked(), whole);
                let texts: Vec<String> = all.iter().map(ToString::to_string).collect();
                read(&texts.join(", "))
            }
            (Some(_), Some(_), Some(_)) => Err(format!("spread 1 to {MOST} values")),
            (_, _, _) => Err("give numbers from where, to where, and how many".into()),
        });
    };
    let field = move |name: &'static str, value: RwSignal<String>| {
        view! {
            <label class="field">
                <span class="field-name">{name}</span>
                <input type="text" inputmode="decimal" autocomplete="off" aria-label=format!("{name}, {which} knob")
                    prop:value=value on:input:target=move |e| value.set(e.target().value()) />
            </label>
        }
    };
    view! {
        <label class="field values">
            <span class="field-name">"Values"</span>
            <input type="text" spellcheck="false" autocomplete="off" aria-label=format!("Values of the {which} knob")
                prop:value=text on:change:target=move |e| put.run(read(&e.target().value())) />
        </label>
        <details class="settings">
            <summary>{format!("Spread values of the {which} knob")}</summary>
            <div class="spread">
                {field("From", from)} {field("To", to)} {field("How many", count)}
                <Check label="Equal factors" called=format!("Equal factors, {which} knob") value=log set=move |on| log.set(on) />
                <button type="button" on:click=fill>"Fill in"</button>
            </div>
        </details>
    }
}

/// Names to tick.
#[component]
fn Names(
    knob: Swept,
    which: &'static str,
    values: Signal<Vec<Setting>>,
    put: Callback<Result<Vec<Setting>, String>>,
) -> impl IntoView {
    let Values::Names { of, .. } = knob.values else { return ().into_any() };
    let order: Vec<Setting> = of.iter().map(|o| o.0.clone()).collect();
    let order = StoredValue::new(order);
    let boxes = of.into_iter().map(|(value, name)| {
        let own = StoredValue::new(value);
        let on = Signal::derive(move || own.with_value(|v| values.with(|all| all.contains(v))));
        let turn = move |ticked: bool| {
            let chosen = values.get_untracked();
            let keep = |v: &Setting| if own.with_value(|own| v == own) { ticked } else { chosen.contains(v) };
            put.run(Ok(order.with_value(|all| all.iter().filter(|v| keep(v)).cloned().collect())));
        };
        view! {
            <label class="check">
                <input type="checkbox" prop:checked=on on:change:target=move |e| {
                    turn(e.target().checked());
                    // A box that could not be changed goes back to what it stands for.
                    e.target().set_checked(on.get_untracked());
                } />
                <span>{name}</span>
            </label>
        }
    });
    view! {
        <fieldset class="names" aria-label=format!("Values of the {which} knob")>{boxes.collect_view()}</fieldset>
    }
    .into_any()
}
