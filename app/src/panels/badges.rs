//! What a learning rule asks of that which it runs on, as a row of badges.

use crate::tongue::t;
use engine::rules::Needs;
use leptos::prelude::*;

/// Each badge: its name, what it means, and whether a rule has it. A rule that lacks it can do without.
fn badges(needs: Needs) -> [(&'static str, &'static str, bool); 6] {
    [
        (
            t("transposed weights"),
            t("Errors travel back through the transposes of the weights that the signals came through."),
            needs.transposed_weights,
        ),
        (t("global error"), t("What a hidden stage learns depends on the stages behind it."), needs.global_error),
        (
            t("stored activities"),
            t("Every stage's activities are kept until the last stage has answered."),
            needs.stored_activities,
        ),
        (t("labels at each stage"), t("Every hidden stage is told the labels."), needs.labels_at_stages),
        (t("derivatives"), t("The blocks must have derivatives."), needs.derivatives),
        (t("one stage after the other"), t("A stage waits for the credit of the next one."), !needs.parallel_stages),
    ]
}

#[component]
pub fn Badges(needs: Needs) -> impl IntoView {
    let badge = |(name, help, has): (&'static str, &'static str, bool)| {
        let said = if has { t("needs") } else { t("needs no") };
        view! {
            <li class="badge" class:has=has title=help>
                <span class="sr">{said} " "</span>
                {name}
            </li>
        }
    };
    let passes = match needs.passes {
        1 => t("1 pass a step").to_owned(),
        n => t!("{n} passes a step", n),
    };
    view! {
        <ul class="badges" aria-label=t("What the rule needs")>
            {badges(needs).map(badge)}
            <li class="badge has" title=t("How often a batch goes through the network in one step, forward or backward.")>
                {passes}
            </li>
        </ul>
    }
}
