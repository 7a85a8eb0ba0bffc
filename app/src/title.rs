//! The page's title. While the page is not seen its run goes on, and the title says where it is; on coming back, the page
//! says once how far it came.

use leptos::prelude::*;

use crate::race::{Race, Standing};
use crate::state::{Lab, Notice, Tone};
use crate::tongue::t;
use crate::ui::format::{self, Mark};
use crate::ui::frame::now;

/// Milliseconds between two changes of the title.
const REST: f64 = 1_000.0;
/// Milliseconds for which the page must have been hidden, for it to be worth a word.
const AWAY: f64 = 5_000.0;

/// Where the run was when the page was left.
#[derive(Debug, Clone, Copy)]
struct Left {
    at: f64,
    step: u64,
    /// Whether it moved then.
    moved: bool,
}

/// Keeps the title true, and tells those who come back what they missed.
pub fn follow(lab: Lab, race: Race) {
    let own = document().title();
    let left = StoredValue::new(None::<Left>);
    let changed = StoredValue::new(0.0);
    let named = own.split(':').next().unwrap_or_default().to_owned();
    Effect::new(move |_| {
        if !lab.hidden.get() {
            changed.set_value(0.0);
            return document().set_title(&own);
        }
        lab.status.track();
        lab.playing.track();
        lab.notices.track();
        race.going.track();
        race.runs.track();
        let still = !lab.progress.with_untracked(|p| p.playing) && !race.going.get_untracked();
        if still || now() - changed.get_value() >= REST {
            changed.set_value(now());
            document().set_title(&format!("{} – {named}", untrack(|| says(lab, race, left.get_value()))));
        }
    });
    Effect::new(move |before: Option<bool>| {
        let hidden = lab.hidden.get();
        let progress = lab.progress.get_untracked();
        if hidden && before != Some(true) {
            left.set_value(Some(Left { at: now(), step: progress.step, moved: progress.playing }));
        } else if !hidden && let Some(left) = left.try_update_value(Option::take).flatten() {
            let away = now() - left.at;
            if left.moved && progress.step > left.step && away >= AWAY {
                let mark = untrack(|| lab.mark());
                let came = accuracy(lab, mark).map_or_else(String::new, |a| t!(", to {a} on test samples", a));
                let text = t!(
                    "It went from step {from} to step {to}{came}.",
                    from = format::thousands(left.step as f64),
                    to = format::thousands(progress.step as f64),
                    came
                );
                lab.tell(Notice::plain("away", t("The run went on while this page was hidden"), text));
            }
        }
        hidden
    });
}

fn accuracy(lab: Lab, mark: Mark) -> Option<String> {
    let scores = lab.scores.get_untracked()?;
    Some(mark.write(scores.test.accuracy.into()))
}

/// Where things are, in as few words as a tab has room for.
fn says(lab: Lab, race: Race, left: Option<Left>) -> String {
    if race.going.get_untracked() {
        let (done, all) = race.runs.with_untracked(|runs| {
            let open = |s: &Standing| matches!(s, Standing::Waiting | Standing::Running);
            (runs.iter().filter(|r| !open(&r.standing)).count(), runs.len())
        });
        return t!("▶ {done} of {all} runs", done, all);
    }
    let progress = lab.progress.get_untracked();
    let step = t!("step {step}", step = format::thousands(progress.step as f64));
    let alert = lab.notices.with_untracked(|all| {
        let stops = |n: &&Notice| n.tone == Tone::Alert && matches!(n.topic, "diverged" | "worker" | "failed");
        all.iter().rev().find(stops).map(|n| n.title.clone())
    });
    let mark = lab.mark();
    let so_far = accuracy(lab, mark).map_or_else(String::new, |a| format!("{a} · "));
    match alert {
        Some(title) if !progress.playing => format!("✕ {title}"),
        _ if progress.playing => format!("▶ {so_far}{step}"),
        _ if left.is_some_and(|l| l.moved) => t!("■ ended: {so_far}{step}", so_far, step),
        _ => format!("Ⅱ {so_far}{step}"),
    }
}
