//! Of what, and when: the next batch or one sample after the other; the whole step, or its phases one after the other.

use engine::lens::{PhaseInfo, Subject};
use leptos::prelude::*;

use crate::state::Lab;
use crate::ui::field::Number;

/// What a phase is, and which time it comes.
#[derive(Debug, Clone, PartialEq)]
struct Here {
    phase: PhaseInfo,
    turn: u32,
}

fn total(phases: &[PhaseInfo]) -> u32 {
    phases.iter().map(|p| p.times).sum()
}

/// The last of so many phases.
fn here(phases: &[PhaseInfo], count: u32) -> Option<Here> {
    let mut left = count.checked_sub(1)?;
    for phase in phases {
        if left < phase.times {
            return Some(Here { phase: phase.clone(), turn: left + 1 });
        }
        left -= phase.times;
    }
    None
}

#[component]
pub fn Walk() -> impl IntoView {
    let lab = Lab::get();
    let scope = lab.scope;
    let phases = Memo::new(move |_| scope.found.with(|f| f.phases.clone()));
    let samples = Memo::new(move |_| lab.summary.with(|s| s.as_ref().map_or(1, |s| s.data.train.max(1))));
    let sample = Memo::new(move |_| scope.of.with(|of| of.sample));
    let phase = Memo::new(move |_| scope.of.with(|of| of.phase));
    let set = move |change: fn(&mut Subject, u32), to: u32| scope.of.update(|of| change(of, to));
    let walk_samples = move |by: i64| {
        let count = samples.get_untracked() as i64;
        let now = sample.get_untracked().map_or(if by > 0 { -1 } else { 0 }, i64::from);
        set(|of, to| of.sample = Some(to), (now + by).rem_euclid(count) as u32);
    };
    let walk_phases = move |by: i64| {
        let all = i64::from(phases.with_untracked(|p| total(p)));
        let now = phase.get_untracked().map_or(if by > 0 { 0 } else { all + 1 }, i64::from);
        let to = now + by;
        if to > all {
            // What follows is the next step.
            lab.step();
            set(|of, to| of.phase = Some(to), 1);
        } else {
            set(|of, to| of.phase = Some(to), to.max(0) as u32);
        }
    };
    let told = move || {
        let at = phase.get()?;
        let said = phases.with(|all| match here(all, at) {
            None => "before the step".to_owned(),
            Some(Here { phase, turn }) if phase.times > 1 => format!("{} {turn} of {}", phase.name, phase.times),
            Some(Here { phase, .. }) => phase.name,
        });
        Some(format!("Phase {at} of {}: {said}", phases.with(|p| total(p))))
    };
    let made = move || {
        let made = phases.with(|all| here(all, phase.get()?).map(|h| h.phase.made))?;
        let chip = |name: String| {
            let to = name.clone();
            view! { <li><button type="button" class="quiet" on:click=move |_| scope.choose(Some(to.clone()))>{name}</button></li> }
        };
        Some(view! {
            <ul class="made" aria-label="Made in this phase">{made.into_iter().map(chip).collect_view()}</ul>
        })
    };
    view! {
        <div class="walk">
            <div class="row" role="group" aria-label="Of what">
                <button type="button" aria-pressed=move || sample.get().is_none().to_string() on:click=move |_| scope.of.update(|of| of.sample = None)>
                    "Next batch"
                </button>
                <button type="button" aria-pressed=move || sample.get().is_some().to_string() title="What the rule would do with this training sample alone; nothing is learned from it" on:click=move |_| walk_samples(1)>
                    {move || if sample.get().is_some() { "Next sample" } else { "One sample" }}
                </button>
                <Show when=move || sample.get().is_some()>
                    <Number
                        label="Sample"
                        value=Signal::derive(move || f64::from(sample.get().unwrap_or_default()))
                        min=0.0
                        whole=true
                        set=move |v| set(|of, to| of.sample = Some(to), v as u32)
                    />
                </Show>
            </div>
            <div class="row" role="group" aria-label="When in the step">
                <button type="button" aria-pressed=move || phase.get().is_none().to_string() on:click=move |_| scope.of.update(|of| of.phase = None)>
                    "Whole step"
                </button>
                <button type="button" disabled=move || phase.get() == Some(0) on:click=move |_| { lab.pause(); walk_phases(-1); }>"Phase back"</button>
                <button type="button" title="One phase of the next step; after its last one the step is taken" on:click=move |_| { lab.pause(); walk_phases(1); }>"One phase"</button>
                <button type="button" title="One batch, then pause" on:click=move |_| lab.step()>"One batch"</button>
                <button type="button" title="As many steps as an epoch has, then pause" on:click=move |_| {
                    let steps = lab.summary.with_untracked(|s| s.as_ref().map_or(1.0, |s| s.steps_per_epoch));
                    lab.run_for(steps.ceil().max(1.0) as u32);
                }>"One epoch"</button>
            </div>
            <p class="told" aria-live="polite">{told}</p>
            {made}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::{PhaseInfo, here, total};

    #[test]
    fn iterations_are_phases_of_their_own() {
        let phase = |name: &str, times| PhaseInfo { name: name.to_owned(), times, made: Vec::new() };
        let all = [phase("prepare", 1), phase("settle", 3), phase("update", 1)];
        assert_eq!(total(&all), 5);
        let told = |count| here(&all, count).map(|h| (h.phase.name, h.turn));
        assert_eq!(told(0), None);
        assert_eq!(told(1), Some(("prepare".to_owned(), 1)));
        assert_eq!(told(4), Some(("settle".to_owned(), 3)));
        assert_eq!(told(5), Some(("update".to_owned(), 1)));
        assert_eq!(told(6), None);
    }
}
