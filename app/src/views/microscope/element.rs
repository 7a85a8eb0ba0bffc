//! The number that is picked out: where it stands, what it is, and, of a weight, a field to set it by hand.

use leptos::prelude::*;

use super::figures::number;
use super::picture::told;
use crate::state::Lab;
use crate::tongue::t;

/// The place of an element along each axis.
pub fn place(shape: &[usize], element: usize) -> Vec<usize> {
    let mut left = element;
    let mut place: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&extent| {
            let at = left % extent.max(1);
            left /= extent.max(1);
            at
        })
        .collect();
    place.reverse();
    place
}

/// The dense block whose unit an element belongs to, the unit, and the row: of its weights, or of what it gave.
fn unit(name: &str, element: usize, columns: usize) -> Option<(String, u32, u32)> {
    let of = |block: &str, row: usize| {
        let dense = block.rsplit('/').next().is_some_and(|last| last.ends_with(".linear"));
        let number = u32::try_from(element % columns.max(1)).ok()?;
        dense.then_some((block.to_owned(), number, u32::try_from(row).ok()?))
    };
    match name.strip_suffix(":output") {
        Some(block) => of(block, element / columns.max(1)),
        None => {
            let register = name.split(':').next().unwrap_or(name);
            of(register.strip_suffix("/weight").or_else(|| register.strip_suffix("/bias"))?, 0)
        }
    }
}

#[component]
pub fn Element() -> impl IntoView {
    let lab = Lab::get();
    let scope = lab.scope;
    let wrong = RwSignal::new(None::<String>);
    let typed = RwSignal::new(String::new());
    let at = Memo::new(move |_| {
        let (seen, element) = (scope.current()?, scope.element.get()?);
        let value = told(&seen, element)?;
        Some((seen.value.clone(), element, value.to_bits()))
    });
    let which = Memo::new(move |_| at.with(|a| a.as_ref().map(|(value, element, _)| (value.clone(), *element))));
    Effect::new(move |_| {
        which.track();
        wrong.set(None);
        typed.set(String::new());
    });
    let set = move || {
        let Some((value, element)) = which.get_untracked() else { return };
        let text = typed.get_untracked().trim().replace('−', "-").replace(',', ".");
        match text.parse::<f64>() {
            Ok(v) if (v as f32).is_finite() => {
                wrong.set(None);
                lab.set_by_hand(value.name, element as u64, v);
            }
            Ok(_) | Err(_) => wrong.set(Some(t("Type a finite number, such as 0.5 or -1e-3.").to_owned())),
        }
    };
    move || {
        let (value, element) = which.get()?;
        let here = place(&value.shape, element);
        let told = here.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        let columns = value.shape.last().copied().unwrap_or(1);
        let unit = unit(&value.name, element, columns);
        let now = move || at.with(|a| a.as_ref().map(|a| number(f32::from_bits(a.2).into())).unwrap_or_default());
        let editable = value.kind.editable() && scope.of.with(|of| of.phase.is_none());
        Some(view! {
            <div class="element">
                <p>
                    {if told.is_empty() { t("The number is ").to_owned() } else { t!("[{told}] is ", told) }} <b>{now}</b>
                    {unit.map(|unit| {
                        let label = t!("Arithmetic of unit {unit}", unit = unit.1);
                        view! { " " <button type="button" class="quiet" on:click=move |_| scope.unit.set(Some(unit.clone()))>{label}</button> }
                    })}
                </p>
                {editable.then(|| view! {
                    <form on:submit=move |e| { e.prevent_default(); set(); }>
                        <label class="field">
                            <span class="field-name">{t("New value")}</span>
                            <input
                                type="text"
                                inputmode="decimal"
                                autocomplete="off"
                                aria-invalid=move || wrong.with(Option::is_some).then_some("true")
                                prop:value=move || typed.get()
                                on:input:target=move |e| typed.set(e.target().value())
                            />
                        </label>
                        <button type="submit">{t("Set by hand")}</button>
                    </form>
                    {move || wrong.get().map(|w| view! { <p class="fault" role="alert">{w}</p> })}
                })}
            </div>
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{place, unit};

    #[test]
    fn elements_are_found_by_axes_and_units() {
        assert_eq!(place(&[3, 4], 9), [2, 1]);
        assert_eq!(place(&[], 0), [0; 0]);
        let of = |name: &str, at: &[usize; 2]| unit(name, at[0] * 4 + at[1], 4);
        assert_eq!(of("1/1.linear/weight", &[2, 1]), Some(("1/1.linear".to_owned(), 1, 0)));
        assert_eq!(of("1/1.linear/weight:update", &[2, 1]), Some(("1/1.linear".to_owned(), 1, 0)));
        assert_eq!(of("2/1.linear:output", &[5, 3]), Some(("2/1.linear".to_owned(), 3, 5)));
        assert_eq!(of("2/2.activation:output", &[5, 3]), None);
        assert_eq!(of("batch:x", &[5, 3]), None);
    }
}
