//! Fields made from what an entry says of its knobs.

use engine::protocol::{KnobInfo, KnobInfoKind};
use engine::registry::{Setting, Settings};
use leptos::prelude::*;

use super::field::{Check, Choose, Number, Select, Text};
use crate::tongue::t;

/// One field for each knob. `of` says whose knobs they are, for those who cannot see where they stand.
#[component]
pub fn Knobs(
    knobs: Vec<KnobInfo>,
    #[prop(into)] settings: Signal<Settings>,
    #[prop(into)] of: String,
    set: impl Fn(&str, &KnobInfoKind, Setting) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let fields = knobs.into_iter().map(|knob| {
        let help = knob.help.clone();
        view! {
            <div class="knob" title=help>
                {field(knob.clone(), settings, &of, set)}
                <Zero knob=knob settings=settings />
            </div>
        }
    });
    view! { <div class="knobs">{fields.collect_view()}</div> }
}

/// What a 0 stands for, where it stands for something else; a knob's help ends in “; 0 takes …” then.
#[component]
fn Zero(knob: KnobInfo, settings: Signal<Settings>) -> impl IntoView {
    let KnobInfo { id, help, kind, .. } = knob;
    let default = kind.default();
    let zero = help.split_once(t("; 0 takes ")).map(|(_, takes)| format!("0: {}", takes.trim_end_matches('.')));
    let is_zero = move || settings.with(|s| *s.get(&id).unwrap_or(&default) == Setting::Int(0));
    zero.map(|zero| move || is_zero().then(|| view! { <small class="zero">{zero.clone()}</small> }))
}

fn field(
    knob: KnobInfo,
    settings: Signal<Settings>,
    of: &str,
    set: impl Fn(&str, &KnobInfoKind, Setting) + Copy + Send + Sync + 'static,
) -> AnyView {
    let KnobInfo { id, name, kind, .. } = knob;
    let called = t!("{name} of {of}", name, of);
    let default = kind.default();
    let value = {
        let id = id.clone();
        Signal::derive(move || settings.with(|s| s.get(&id).cloned()).unwrap_or_else(|| default.clone()))
    };
    let number = Signal::derive(move || match value.get() {
        Setting::Float(v) => v,
        Setting::Int(v) => v as f64,
        Setting::Bool(_) | Setting::Choice(_) => 0.0,
    });
    let id = StoredValue::new(id);
    let stored = StoredValue::new(kind.clone());
    let put = move |to: Setting| id.with_value(|id| stored.with_value(|kind| set(id, kind, to)));
    match kind {
        KnobInfoKind::Float { min, max, .. } => {
            view! { <Number label=name called=called value=number min=min max=max set=move |v| put(Setting::Float(v)) /> }
                .into_any()
        }
        KnobInfoKind::Int { min, max, .. } => view! {
            <Number label=name called=called value=number min=min as f64 max=max as f64 whole=true
                set=move |v| put(Setting::Int(v as i64)) />
        }
        .into_any(),
        KnobInfoKind::Bool { .. } => {
            let on = Signal::derive(move || value.get() == Setting::Bool(true));
            view! { <Check label=name called=called value=on set=move |v| put(Setting::Bool(v)) /> }.into_any()
        }
        KnobInfoKind::Text { letters, most, .. } => {
            let text = Signal::derive(move || value.get().to_string());
            view! {
                <Text label=name called=called value=text letters=letters most=most set=move |v| put(Setting::Choice(v)) />
            }
            .into_any()
        }
        KnobInfoKind::Choice { options, .. } => {
            let options: Vec<_> = options.into_iter().map(|o| Choose::new(o.clone(), words(&o))).collect();
            let chosen = Signal::derive(move || value.get().to_string());
            view! {
                <Select label=name called=called options=options value=chosen choose=move |v| put(Setting::Choice(v)) />
            }
            .into_any()
        }
    }
}

/// An identifier as words: `leaky-relu` is `leaky relu`.
fn words(id: &str) -> String {
    id.replace('-', " ")
}
