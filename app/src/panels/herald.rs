//! What the run does, for those who do not see it: told when it starts, stands still or takes a step, and now and then
//! while it goes on; never faster than it can be listened to.

use std::time::Duration;

use leptos::prelude::*;

use crate::state::{Lab, Progress};
use crate::ui::format::{self, Mark};

/// Between two tellings of a run that goes on.
const EVERY: Duration = Duration::from_secs(15);
/// How long a change must last before it is told: an edit stops a run and starts the next one.
const REST: Duration = Duration::from_millis(700);

/// How the run stands.
fn told(p: &Progress, mark: Mark) -> String {
    let still = Progress { playing: false, ..*p };
    let figures = format::status(&still, mark).replace(" · ", ", ");
    if p.playing { format!("Training: {figures}") } else { format!("Standing still: {figures}") }
}

#[component]
pub fn Herald() -> impl IntoView {
    let lab = Lab::get();
    let said = RwSignal::new(String::new());
    let tell = move || {
        let Some(text) = lab.progress.try_with_untracked(|p| told(p, untrack(|| lab.mark()))) else { return };
        if said.try_with_untracked(|s| *s != text) == Some(true) {
            said.set(text);
        }
    };
    // While it stands still, each step is worth telling.
    let standing = Memo::new(move |_| lab.progress.with(|p| (p.playing, if p.playing { 0 } else { p.step })));
    let changes = StoredValue::new(0_u32);
    Effect::new(move |before: Option<()>| {
        // To be told of changes it must have been read.
        standing.with(|_| ());
        if before.is_some() {
            changes.update_value(|n| *n += 1);
            let mine = changes.get_value();
            set_timeout(
                move || {
                    if changes.try_get_value() == Some(mine) {
                        tell();
                    }
                },
                REST,
            );
        }
    });
    let every = set_interval_with_handle(
        move || {
            if lab.progress.try_with_untracked(|p| p.playing) == Some(true) {
                tell();
            }
        },
        EVERY,
    );
    on_cleanup(move || {
        if let Ok(every) = every {
            every.clear();
        }
    });
    view! { <p id="herald" class="sr" aria-live="polite">{move || said.get()}</p> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_is_told_in_words() {
        let p = Progress {
            playing: true,
            step: 120,
            epoch: 2.0,
            loss: Some(0.5),
            accuracy: Some(0.9),
            samples_per_second: 9e3,
        };
        assert_eq!(told(&p, Mark::Accuracy), "Training: step 120, epoch 2.0, loss 0.500, accuracy 90.0 %");
        let p = Progress { playing: false, ..p };
        assert!(told(&p, Mark::Accuracy).starts_with("Standing still: step 120"));
    }
}
