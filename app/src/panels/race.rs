//! The race: its lanes, and what came of them.

mod sweep;

use engine::race::{differences, lanes, spread};
use engine::registry::{Setting, Settings};
use engine::spec::{Choice, Lane, Spec};
use leptos::prelude::*;

use sweep::Sweep;

use super::rules;
use crate::race::{Contender, Race as State, Standing};
use crate::state::Lab;
use crate::tree;
use crate::ui::field::{Choose as Offer, Number, Select};
use crate::ui::format::{self, Mark};
use crate::ui::knobs::Knobs;
use crate::views::race::Curves;
use crate::views::race::heat::Heat;

#[component]
pub fn Race() -> impl IntoView {
    let race = State::get();
    let lab = Lab::get();
    let count = Memo::new(move |_| lab.spec.with(|s| s.lanes.len()));
    let steps = Signal::derive(move || f64::from(lab.spec.with(|s| s.steps)));
    let seeds = Signal::derive(move || f64::from(lab.spec.with(|s| s.seeds)));
    let started = Memo::new(move |_| race.runs.with(|r| !r.is_empty()));
    let sweeps = Memo::new(move |_| lab.spec.with(|s| !s.sweep.is_empty()));
    let swept = Memo::new(move |_| race.swept.with(|s| !s.is_empty()));
    let what = move || if sweeps.get() { "sweep" } else { "race" };
    let told = move || {
        race.runs.with(|r| {
            let done = r.iter().filter(|r| !matches!(r.standing, Standing::Waiting | Standing::Running)).count();
            let rests = if race.paused.get() { ", paused" } else { "" };
            (!r.is_empty()).then(|| format!("{done} of {} runs done{rests}", r.len()))
        })
    };
    view! {
        <section class="panel race" aria-labelledby="race-title">
            <h2 id="race-title">"Race"</h2>
            <fieldset class="race-kind" role="radiogroup" aria-label="What is raced">
                <label class="check">
                    <input type="radio" name="race-kind" prop:checked=move || !sweeps.get() on:change=move |_| race.lay_out() />
                    <span>"Lanes"</span>
                </label>
                <label class="check">
                    <input type="radio" name="race-kind" prop:checked=sweeps on:change=move |_| race.lay_out_sweep() />
                    <span>"A sweep of a knob"</span>
                </label>
            </fieldset>
            <p class="help">
                {move || if sweeps.get() {
                    "Each cell of the table is the experiment with its own values of one knob, or two; all begin at the same weights and see the same batches, on the CPU, for every seed."
                } else {
                    "Each lane changes something of the experiment; all begin at the same weights and see the same batches, on the CPU, for every seed."
                }}
            </p>
            <Show when=move || sweeps.get() fallback=move || view! {
                <ol class="lanes" aria-label="Lanes">
                    {move || (0..count.get()).map(|i| view! { <LaneRow i=i /> }).collect_view()}
                </ol>
            }>
                <Sweep />
            </Show>
            <div class="race-run">
                <Show when=move || !sweeps.get()>
                    <button type="button" on:click=move |_| lab.edit(|s| s.lanes.push(Lane::default()))>"Add a lane"</button>
                </Show>
                <Number label="Steps" called="Steps of the race" value=steps min=1.0 max=1e8 whole=true set=move |v| lab.edit(|s| s.steps = v as u32) />
                <Number label="Seeds" called="Seeds of the race" value=seeds min=1.0 max=64.0 whole=true set=move |v| lab.edit(|s| s.seeds = v as u32) />
                <button type="button" class="play" on:click=move |_| if race.going.get_untracked() { race.stop() } else { race.start() }>
                    {move || format!("{} the {}", if race.going.get() { "Stop" } else { "Start" }, what())}
                </button>
                <Show when=move || race.going.get()>
                    <button type="button" on:click=move |_| if race.paused.get_untracked() { race.go_on() } else { race.pause() }>
                        {move || format!("{} the {}", if race.paused.get() { "Continue" } else { "Pause" }, what())}
                    </button>
                </Show>
                <span class="race-told" aria-live="polite">{told}</span>
            </div>
            <Show when=move || started.get()>
                <Show when=move || swept.get() fallback=|| view! { <Curves /> <Results /> }>
                    <Heat />
                    <Curves />
                </Show>
            </Show>
        </section>
    }
}

/// One lane: its rule, its rate, its routing.
#[component]
fn LaneRow(i: usize) -> impl IntoView {
    let lab = Lab::get();
    let lane = Memo::new(move |_| lab.spec.with(|s| s.lanes.get(i).cloned().unwrap_or_default()));
    let of = format!("lane {}", i + 1);
    let edit = move |change: &dyn Fn(&mut Lane)| {
        lab.edit(|s| {
            if let Some(lane) = s.lanes.get_mut(i) {
                change(lane);
            }
        });
    };
    let name = move || lab.spec.with(|s| lanes(s).ok().and_then(|l| l.get(i).map(|l| l.0.clone())).unwrap_or_default());
    let rule = Memo::new(move |_| {
        let of_lab = lab.spec.with(|s| s.rule.id.clone());
        lane.with(|l| l.rule.as_ref().map_or(of_lab, |r| r.id.clone()))
    });
    let rules = rules::options(lab.entries(|c| &c.rules));
    let rate = Signal::derive(move || {
        let of_lab = lab.spec.with(|s| s.rate);
        lane.with(|l| l.rate.unwrap_or(of_lab))
    });
    let route = Memo::new(move |_| lab.spec.with(|s| tree::first_route(s).and_then(|p| tree::path(s, &p))));
    let routing = move || {
        route.get().map(|path| {
            let place = format!("{path}/routing");
            let key = place.clone();
            let value = Signal::derive(move || lane.with(|l| l.set.get(&key).map(ToString::to_string)).unwrap_or_default());
            let offers = lab.entries(|c| &c.routings).into_iter().map(|e| Offer::new(e.id, e.name));
            let offers: Vec<_> = std::iter::once(Offer::new("", "as in the network")).chain(offers).collect();
            let choose = move |id: String| {
                edit(&|l| {
                    l.set.remove(&place);
                    if !id.is_empty() {
                        l.set.insert(place.clone(), Setting::Choice(id.clone()));
                    }
                });
            };
            view! { <Select label="Routing" called=format!("Routing of lane {}", i + 1) options=offers value=value choose=choose /> }
        })
    };
    let settings = move || {
        let entry = lab.entry(|c| &c.rules, &rule.get())?;
        let own =
            Signal::derive(move || lane.with(|l| l.rule.as_ref().map_or_else(Settings::new, |r| r.settings.clone())));
        (!entry.knobs.is_empty() && lane.with(|l| l.rule.is_some())).then(|| {
            let set = move |knob: &str, kind: &engine::protocol::KnobInfoKind, to: Setting| {
                edit(&|l| {
                    if let Some(rule) = &mut l.rule {
                        if to == kind.default() {
                            rule.settings.remove(knob);
                        } else {
                            rule.settings.insert(knob.to_owned(), to.clone());
                        }
                    }
                });
            };
            view! {
                <details class="settings">
                    <summary>{format!("Settings of {} in lane {}", entry.name, i + 1)}</summary>
                    <Knobs knobs=entry.knobs settings=own of=format!("lane {}", i + 1) set=set />
                </details>
            }
        })
    };
    let remove = move |_| {
        lab.edit(|s| {
            if i < s.lanes.len() {
                s.lanes.remove(i);
            }
        });
    };
    let duplicate = move |_| {
        lab.edit(|s| {
            if let Some(lane) = s.lanes.get(i).cloned() {
                s.lanes.insert(i + 1, lane);
            }
        });
    };
    view! {
        <li class="lane" aria-label=name>
            <span class="lane-mark" style:background-color=format!("var(--class-{})", i % 10) aria-hidden="true"></span>
            <Select label="Rule" called=format!("Rule of {of}") options=rules value=rule choose=move |id| edit(&|l| l.rule = Some(Choice::new(&id))) />
            <Number label="Rate" called=format!("Learning rate of {of}") value=rate min=0.0 max=1000.0 set=move |v| edit(&|l| l.rate = Some(v)) />
            {routing}
            <button type="button" class="quiet" aria-label=format!("Duplicate {of}") on:click=duplicate>"Duplicate"</button>
            <button type="button" class="quiet" aria-label=format!("Remove {of}") on:click=remove>"Remove"</button>
            {settings}
        </li>
    }
}

/// What came of each lane, and what differs between them.
#[component]
fn Results() -> impl IntoView {
    let race = State::get();
    let rows = move || {
        let (names, mark) = (race.names.get(), race.mark());
        race.runs.with(|runs| names.into_iter().enumerate().map(|(i, name)| row(i, name, runs, mark)).collect_view())
    };
    let differs = move || {
        let names = race.names.get();
        race.runs.with(|runs| {
            let first = |lane: usize| runs.iter().find(|r| r.entrant.lane == lane).map(|r| &r.entrant.spec);
            let specs: Vec<&Spec> = (0..names.len()).filter_map(first).collect();
            differences(&specs)
                .into_iter()
                .map(|(field, texts)| {
                    let cells =
                        texts.into_iter().map(|t| view! { <td>{if t.is_empty() { "–".into() } else { t }}</td> });
                    view! { <tr><th scope="row">{field}</th>{cells.collect_view()}</tr> }
                })
                .collect_view()
        })
    };
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Results of the race">
            <table class="race-table">
                <thead>
                    <tr>
                        <th scope="col">"Lane"</th>
                        <th scope="col" title="Mean over the seeds ± half the distance from the least to the greatest">{move || format!("Test {}", race.mark().name())}</th>
                        <th scope="col">"Test loss"</th>
                        <th scope="col" title="Wall time of a run, evaluations included">"Seconds"</th>
                        <th scope="col">"Operations a step"</th>
                        <th scope="col">"Runs"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <div class="scroll" tabindex="0" role="region" aria-label="What differs between the lanes">
            <table class="race-table">
                <thead>
                    <tr>
                        <th scope="col">"What differs"</th>
                        {move || race.names.get().into_iter().map(|n| view! { <th scope="col">{n}</th> }).collect_view()}
                    </tr>
                </thead>
                <tbody>{differs}</tbody>
            </table>
        </div>
    }
}

fn row(lane: usize, name: String, runs: &[Contender], mark: Mark) -> impl IntoView + use<> {
    let own: Vec<&Contender> = runs.iter().filter(|r| r.entrant.lane == lane).collect();
    let last = |figure: fn(&crate::race::Reading) -> Option<f64>| {
        let values: Vec<f64> = own.iter().filter_map(|r| r.readings.last().and_then(figure)).collect();
        spread(&values)
    };
    let shown = |v: Option<(f64, f64)>, write: &dyn Fn(f64) -> String| {
        v.map_or_else(|| "–".to_owned(), |(mean, half)| format!("{} ± {}", write(mean), write(half)))
    };
    let failed: Vec<String> = own
        .iter()
        .filter_map(|r| match &r.standing {
            Standing::Failed(why) => Some(format!("seed {}: {why}", r.entrant.seed)),
            Standing::Waiting | Standing::Running | Standing::Done => None,
        })
        .collect();
    let done = own.iter().filter(|r| r.standing == Standing::Done).count();
    let work = own.iter().map(|r| r.work).max().unwrap_or(0);
    view! {
        <tr>
            <th scope="row">
                <span class="lane-mark" style:background-color=format!("var(--class-{})", lane % 10) aria-hidden="true"></span>
                {name}
            </th>
            <td>{shown(last(|r| Some(r.accuracy)), &|v| mark.write(v))}</td>
            <td>{shown(last(|r| r.loss), &|v| format::loss(v as f32))}</td>
            <td>{shown(last(|r| Some(r.seconds)), &|v| format!("{v:.1}"))}</td>
            <td>{format::flops(work)}</td>
            <td title=failed.join("\n")>{format!("{done} of {}", own.len())} {(!failed.is_empty()).then(|| format!(", {}", failed.join("; ")))}</td>
        </tr>
    }
}
