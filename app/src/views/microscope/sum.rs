//! A unit's arithmetic with the numbers that it is made of, and what the rule makes of its weights.

use engine::sorting::Sorting as _;
use leptos::prelude::*;

use super::figures::number;
use crate::state::Lab;
use crate::state::scope::Sum;
use crate::tongue::{english, t};

/// Terms that are written out; the others are summed.
const TERMS: usize = 10;

/// One term of a sum: number of the input, input, weight, its gradient or what the rule has there, its change.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Term {
    input: usize,
    x: f32,
    w: f32,
    update: f32,
    change: f32,
}

/// The largest terms first, and the sum of all others with their number.
fn terms(sum: &Sum) -> (Vec<Term>, f32, usize) {
    let n = sum.inputs;
    let part = |i: usize, k: usize| sum.numbers.get(i * n + k).copied().unwrap_or(f32::NAN);
    let mut all: Vec<Term> = (0..n)
        .map(|k| Term { input: k, x: part(0, k), w: part(1, k), update: part(2, k), change: part(3, k) })
        .collect();
    all.put_in_order_by(|a, b| (b.x * b.w).abs().total_cmp(&(a.x * a.w).abs()).then(a.input.cmp(&b.input)));
    let rest: f32 = all.iter().skip(TERMS).map(|t| t.x * t.w).sum();
    let left = n.saturating_sub(TERMS);
    all.truncate(TERMS);
    (all, rest, left)
}

#[component]
pub fn Arithmetic() -> impl IntoView {
    let scope = Lab::get().scope;
    let write = |v: f32| if v.is_nan() { "–".to_owned() } else { number(v.into()) };
    move || {
        let sum = scope.sum.get()?;
        if let Some(fault) = &sum.fault {
            return Some(view! { <p class="fault" role="alert" lang=english()>{fault.clone()}</p> }.into_any());
        }
        let tail = |i: usize| sum.numbers.get(4 * sum.inputs + i).copied().unwrap_or(f32::NAN);
        let [bias, bias_update, bias_change, z, after] = [0, 1, 2, 3, 4].map(tail);
        let (terms, rest, left) = terms(&sum);
        let line = |t: &Term| {
            view! {
                <tr>
                    <th scope="row">{t!("input {number}", number = t.input)}</th>
                    <td>{write(t.x)}</td>
                    <td>{write(t.w)}</td>
                    <td>{write(t.x * t.w)}</td>
                    <td>{write(t.update)}</td>
                    <td>{write(t.change)}</td>
                </tr>
            }
        };
        let spoken = {
            let products = terms
                .iter()
                .take(3)
                .map(|t| format!("{} · {}", write(t.w), write(t.x)))
                .collect::<Vec<_>>()
                .join(" + ");
            let more = if sum.inputs > 3 { " + …" } else { "" };
            let bias = if bias.is_nan() { String::new() } else { format!(" + {}", write(bias)) };
            let after = if after.is_nan() { String::new() } else { format!(" → {}", write(after)) };
            format!("{products}{more}{bias} = {}{after}", write(z))
        };
        let title = t!("Unit {unit} of {block}, row {row}", unit = sum.unit, block = sum.block, row = sum.row);
        Some(view! {
            <section class="sum" aria-label=t("Arithmetic")>
                <h4>{title} <button type="button" class="quiet" on:click=move |_| { scope.unit.set(None); scope.sum.set(None); }>{t("Close")}</button></h4>
                <p class="equation">{spoken}</p>
                <div class="scroll" tabindex="0" role="group" aria-label=t("Terms")>
                    <table>
                        <thead>
                            <tr>
                                <td></td>
                                <th scope="col">"x"</th>
                                <th scope="col">"w"</th>
                                <th scope="col">"w · x"</th>
                                <th scope="col" title=t("What the rule has in the gradient's place, over the batch")>{t("rule's update")}</th>
                                <th scope="col" title=t("What the optimizer adds to the weight")>{t("change of w")}</th>
                            </tr>
                        </thead>
                        <tbody>
                            {terms.iter().map(line).collect_view()}
                            {(left > 0).then(|| view! { <tr><th scope="row">{t!("{left} others", left)}</th><td></td><td></td><td>{write(rest)}</td><td></td><td></td></tr> })}
                            <tr><th scope="row">{t("bias")}</th><td></td><td>{write(bias)}</td><td>{write(bias)}</td><td>{write(bias_update)}</td><td>{write(bias_change)}</td></tr>
                            <tr><th scope="row">{t("sum z")}</th><td></td><td></td><td><b>{write(z)}</b></td><td></td><td></td></tr>
                            {(!after.is_nan()).then(|| view! { <tr><th scope="row">{t("activation")}</th><td></td><td></td><td><b>{write(after)}</b></td><td></td><td></td></tr> })}
                        </tbody>
                    </table>
                </div>
            </section>
        }.into_any())
    }
}

#[cfg(test)]
mod tests {
    use super::{Sum, terms};

    #[test]
    fn the_largest_terms_come_first_and_the_others_are_summed() {
        let n = 12;
        let x: Vec<f32> = (0..n).map(|k| k as f32).collect();
        let numbers = [x, vec![-1.0; n], vec![0.0; n], vec![0.0; n], vec![0.0; 5]].concat();
        let sum = Sum { step: 0, block: String::new(), unit: 0, row: 0, inputs: n, numbers, fault: None };
        let (first, rest, left) = terms(&sum);
        assert_eq!((first[0].input, first.len(), left), (11, 10, 2));
        assert_eq!(rest, -1.0);
    }
}
