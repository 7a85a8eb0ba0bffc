//! What was done to a run that its experiment does not tell, wherever the run is shown or leaves the page.

use engine::touch::{Touch, What};
use leptos::prelude::*;

use crate::state::Lab;
use crate::tongue::t;

/// Where the run is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Lab,
    Link,
    Files,
}

/// The touches in words of the page's language, in order; nothing where there are none.
pub fn said(lab: Lab, touches: &[Touch]) -> String {
    touches.iter().map(|touch| one(lab, touch)).collect::<Vec<_>>().join("; ")
}

fn one(lab: Lab, Touch { step, what }: &Touch) -> String {
    match what {
        What::Hand { last, numbers: 1 } if last == step => t!("weights edited by hand at step {step}", step),
        What::Hand { last, numbers } if last == step => {
            t!("weights edited by hand at step {step}, {numbers} numbers", step, numbers)
        }
        What::Hand { last, numbers } => {
            t!("weights edited by hand at steps {step} to {last}, {numbers} numbers", step, last, numbers)
        }
        What::Carried { rule } => {
            let rule = lab.entry(|c| &c.rules, rule).map_or_else(|| rule.clone(), |e| e.name);
            t!("weights carried over at step {step} of a run by {rule}", step, rule)
        }
        What::Transformed { by } => {
            let transform = lab.entry(|c| &c.transforms, by).map_or_else(|| by.clone(), |e| e.name);
            t!("network changed at step {step} by {transform}", step, transform)
        }
        What::Given => t("begun with the weights of a link or a file").to_owned(),
    }
}

/// A note on the present run, where anything was done to it.
#[component]
pub fn Touched(at: Place) -> impl IntoView {
    let lab = Lab::get();
    move || {
        let done = lab.touches.with(|touches| said(lab, touches));
        let text = match at {
            _ if done.is_empty() => return None,
            Place::Lab => t!("Its experiment alone does not make this run: {done}.", done),
            Place::Link => t!(
                "The link repeats this run without what was done to it, unless the weights are sent along: {done}.",
                done
            ),
            Place::Files => t!(
                "The experiment repeats this run without what was done to it; the weights, the model, the script and the curves say it: {done}.",
                done
            ),
        };
        Some(view! { <p class="edited" role="note">{text}</p> })
    }
}
