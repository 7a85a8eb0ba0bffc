//! What a learning rule asks of that which it runs on, as a row of badges.

use engine::rules::Needs;
use leptos::prelude::*;

/// Each badge: its name, what it means, and whether a rule has it. A rule that lacks it can do without.
fn badges(needs: Needs) -> [(&'static str, &'static str, bool); 6] {
    [
        (
            "transposed weights",
            "Errors travel back through the transposes of the weights that the signals came through.",
            needs.transposed_weights,
        ),
        ("global error", "What a hidden stage learns depends on the stages behind it.", needs.global_error),
        (
            "stored activities",
            "Every stage's activities are kept until the last stage has answered.",
            needs.stored_activities,
        ),
        ("labels at each stage", "Every hidden stage is told the labels.", needs.labels_at_stages),
        ("derivatives", "The blocks must have derivatives.", needs.derivatives),
        ("one stage after the other", "A stage waits for the credit of the next one.", !needs.parallel_stages),
    ]
}

#[component]
pub fn Badges(needs: Needs) -> impl IntoView {
    let badge = |(name, help, has): (&'static str, &'static str, bool)| {
        let said = if has { "needs" } else { "needs no" };
        view! {
            <li class="badge" class:has=has title=help>
                <span class="sr">{said} " "</span>
                {name}
            </li>
        }
    };
    let passes = match needs.passes {
        1 => "1 pass a step".to_owned(),
        n => format!("{n} passes a step"),
    };
    view! {
        <ul class="badges" aria-label="What the rule needs">
            {badges(needs).map(badge)}
            <li class="badge has" title="How often a batch goes through the network in one step, forward or backward.">
                {passes}
            </li>
        </ul>
    }
}
