//! Labelled fields.

use std::time::Duration;

use crate::tongue::t;
use leptos::prelude::*;

/// How long a field waits for more typing before it counts.
const TYPING_REST: Duration = Duration::from_millis(500);

/// One option of a [`Select`].
#[derive(Debug, Clone, PartialEq)]
pub struct Choose {
    pub value: String,
    pub name: String,
    /// Options of one group stand together under its name.
    pub group: Option<&'static str>,
}

impl Choose {
    pub fn new(value: impl Into<String>, name: impl Into<String>) -> Self {
        Self { value: value.into(), name: name.into(), group: None }
    }

    pub fn within(mut self, group: &'static str) -> Self {
        self.group = Some(group);
        self
    }
}

/// A select with its label above.
#[component]
pub fn Select(
    #[prop(into)] label: String,
    /// The name that assistive technology reads, where the label alone does not tell fields apart.
    #[prop(into, optional)]
    called: Option<String>,
    #[prop(into)] options: Signal<Vec<Choose>>,
    #[prop(into)] value: Signal<String>,
    choose: impl Fn(String) + 'static,
) -> impl IntoView {
    let options = Memo::new(move |_| options.get());
    view! {
        <label class="field">
            <span class="field-name">{label}</span>
            <select
                aria-label=called
                on:change:target=move |e| choose(e.target().value())
                prop:value=move || {
                    options.track();
                    value.get()
                }
            >
                {move || {
                    let chosen = value.get_untracked();
                    let option = |o: &Choose| {
                        let selected = o.value == chosen;
                        view! { <option value=o.value.clone() selected=selected>{o.name.clone()}</option> }
                    };
                    let all = options.get();
                    all.chunk_by(|a, b| a.group == b.group)
                        .map(|part| {
                            let inside = part.iter().map(option).collect_view();
                            match part[0].group {
                                Some(group) => view! { <optgroup label=group>{inside}</optgroup> }.into_any(),
                                None => inside.into_any(),
                            }
                        })
                        .collect_view()
                }}
            </select>
        </label>
    }
}

/// A number field with its label above. What is typed counts after a rest, on Enter or when the field is left; what is
/// no number or out of range is marked and not passed on.
#[component]
pub fn Number(
    #[prop(into)] label: String,
    #[prop(into, optional)] called: Option<String>,
    #[prop(into)] value: Signal<f64>,
    #[prop(default = f64::NEG_INFINITY)] min: f64,
    #[prop(default = f64::INFINITY)] max: f64,
    /// Whether only whole numbers are legal.
    #[prop(optional)]
    whole: bool,
    set: impl Fn(f64) + Copy + 'static,
) -> impl IntoView {
    let wrong = RwSignal::new(None::<String>);
    let typing = StoredValue::new(None::<TimeoutHandle>);
    let take = move |text: String| {
        let checked = check(&text, min, max, whole);
        wrong.set(checked.as_ref().err().cloned());
        if let Ok(v) = checked
            && (v - value.get_untracked()).abs() > 0.0
        {
            set(v);
        }
    };
    let rest = move || {
        if let Some(handle) = typing.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    };
    on_cleanup(rest);
    view! {
        <label class="field">
            <span class="field-name">{label}</span>
            <input
                type="number"
                aria-label=called
                aria-invalid=move || wrong.with(Option::is_some).then_some("true")
                min=min.is_finite().then(|| min.to_string())
                max=max.is_finite().then(|| max.to_string())
                step=if whole { "1" } else { "any" }
                prop:value=move || super::format::plain(value.get())
                on:input:target=move |e| {
                    rest();
                    let text = e.target().value();
                    typing.set_value(set_timeout_with_handle(move || take(text), TYPING_REST).ok());
                }
                on:change:target=move |e| {
                    rest();
                    take(e.target().value());
                }
            />
            <span class="field-wrong" aria-live="polite">{move || wrong.get()}</span>
        </label>
    }
}

/// A legal number, or what is wrong with the text.
fn check(text: &str, min: f64, max: f64, whole: bool) -> Result<f64, String> {
    let v: f64 = text.trim().parse().map_err(|_| t("give a number").to_owned())?;
    if !v.is_finite() {
        Err(t("give a number").into())
    } else if whole && v.fract() != 0.0 {
        Err(t("give a whole number").into())
    } else if v < min && max.is_infinite() {
        Err(t!("at least {min}", min))
    } else if v < min || v > max {
        Err(t!("{min} to {max}", min, max))
    } else {
        Ok(v)
    }
}

/// A field of 1 to `most` of the `letters`, with its label above. What is typed counts on Enter or when the field is left;
/// anything else is marked and not passed on.
#[component]
pub fn Text(
    #[prop(into)] label: String,
    #[prop(into, optional)] called: Option<String>,
    #[prop(into)] value: Signal<String>,
    letters: String,
    most: usize,
    set: impl Fn(String) + Copy + 'static,
) -> impl IntoView {
    let wrong = RwSignal::new(None::<String>);
    let take = move |text: String| {
        let text = text.trim().to_owned();
        let legal = (1..=most).contains(&text.chars().count()) && text.chars().all(|c| letters.contains(c));
        wrong.set((!legal).then(|| t!("1 to {most} letters out of {letters}", most, letters)));
        if legal && text != value.get_untracked() {
            set(text);
        }
    };
    view! {
        <label class="field">
            <span class="field-name">{label}</span>
            <input
                type="text"
                spellcheck="false"
                autocomplete="off"
                aria-label=called
                aria-invalid=move || wrong.with(Option::is_some).then_some("true")
                prop:value=value
                on:change:target=move |e| take(e.target().value())
            />
            <span class="field-wrong" aria-live="polite">{move || wrong.get()}</span>
        </label>
    }
}

/// A checkbox with its label beside it.
#[component]
pub fn Check(
    #[prop(into)] label: String,
    #[prop(into, optional)] called: Option<String>,
    #[prop(into)] value: Signal<bool>,
    set: impl Fn(bool) + 'static,
) -> impl IntoView {
    view! {
        <label class="check">
            <input type="checkbox" aria-label=called prop:checked=value on:change:target=move |e| set(e.target().checked()) />
            <span>{label}</span>
        </label>
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_number_is_taken_as_it_is_meant_or_not_at_all() {
        assert_eq!(check(" 3e-4 ", 0.0, 1.0, false), Ok(3e-4));
        assert!(check("1.5", 0.0, 9.0, true).is_err());
        assert_eq!(check("12", 0.0, 9.0, true), Err("0 to 9".into()));
        assert!(check("", 0.0, 9.0, false).is_err());
        assert!(check("NaN", 0.0, 9.0, false).is_err());
        assert_eq!(check("-1", 0.0, f64::INFINITY, true), Err("at least 0".into()));
    }
}
