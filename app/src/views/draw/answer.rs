//! What the network makes of a drawing: a bar for each class, the likeliest one in words.

use std::time::Duration;

use engine::data::Answer;
use engine::sorting::Sorting as _;
use leptos::prelude::*;

use crate::state::Lab;
use crate::tongue::t;
use crate::ui::format;

/// Up to so many outputs stand in their order; of more, the likeliest ones alone.
const ALL: usize = 12;
const LIKELIEST: usize = 10;
/// How often a screen reader is told at most, and how much must have changed, unless the class did.
const TOLD: Duration = Duration::from_millis(1500);
const CHANGE: f32 = 0.05;

/// An output: its number, and its probability or its value.
type Row = (usize, f32);

#[component]
pub fn Answered() -> impl IntoView {
    let lab = Lab::get();
    let asking = lab.asking;
    let names =
        Memo::new(move |_| lab.summary.with(|s| s.as_ref().map(|s| s.data.outputs.clone()).unwrap_or_default()));
    let sure = Memo::new(move |_| lab.summary.with(|s| s.as_ref().is_none_or(|s| s.data.answer != Answer::Numbers)));
    let called = move |i: usize| names.with(|n| n.get(i).cloned().unwrap_or_else(|| i.to_string()));
    let write = move |v: f32| {
        if sure.get() {
            format!("{:.1} %", f64::from(v) * 100.0)
        } else {
            format::plain((f64::from(v) * 1e4).round() / 1e4)
        }
    };
    // Nothing is drawn, or it is not answered yet: the rows stand all the same, so that nothing moves.
    let answer = Memo::new(move |_| {
        let asked = asking.sample.with(Option::is_some);
        let values = asking.answer.with(|a| a.as_ref().and_then(|a| a.tensor("answer").map(|t| t.1.to_vec())));
        values.filter(|v| asked && v.len() == names.with(Vec::len))
    });
    let best = Memo::new(move |_| answer.with(|a| a.as_ref().and_then(|a| ranked(a).first().copied())));
    let rows = Memo::new(move |_| {
        let all = names.with(Vec::len);
        answer.with(|a| match a {
            Some(a) if all > ALL => ranked(a).into_iter().take(LIKELIEST).map(|(i, v)| (i, Some(v))).collect(),
            Some(a) => a.iter().copied().map(Some).enumerate().collect(),
            None => (0..if all > ALL { LIKELIEST } else { all }).map(|i| (i, None)).collect::<Vec<_>>(),
        })
    });
    let words = move || match best.get() {
        Some((i, v)) if sure.get() => t!("It takes it for {name}: {share}", name = called(i), share = write(v)),
        Some(_) | None => String::new(),
    };
    let row = move |n: usize| {
        let at = Memo::new(move |_| rows.with(|r| r.get(n).copied()));
        let top = move || sure.get() && best.get().is_some_and(|b| at.get().is_some_and(|a| a.0 == b.0));
        let value = move || at.get().and_then(|a| a.1);
        let width = move || format!("{:.2}%", value().filter(|_| sure.get()).unwrap_or(0.0).clamp(0.0, 1.0) * 100.0);
        view! {
            <li class:best=top>
                <span class="draw-name">{move || at.get().filter(|_| rows.with(Vec::len) == names.with(Vec::len) || value().is_some()).map(|a| called(a.0))}</span>
                <span class="draw-bar" class:none=move || !sure.get() aria-hidden="true"><i style:width=width></i></span>
                <span class="draw-share">{move || value().map_or_else(|| "–".into(), write)}</span>
            </li>
        }
    };
    let count = Memo::new(move |_| rows.with(Vec::len));
    let said = RwSignal::new(String::new());
    tell(best, said, words);
    let step = move || asking.answer.with(|a| a.as_ref().map(|a| a.step)).filter(|_| answer.with(Option::is_some));
    view! {
        <p class="draw-says">
            <b>{move || best.get().filter(|_| sure.get()).map_or_else(|| "–".into(), |b| called(b.0))}</b>
            <span>{move || best.get().filter(|_| sure.get()).map(|b| write(b.1))}</span>
            <small>{move || step().map(|step| t!("at step {step}", step))}</small>
        </p>
        <ul class="draw-bars" aria-label=t("Answers")>{move || (0..count.get()).map(row).collect_view()}</ul>
        {move || (names.with(Vec::len) > ALL).then(|| view! { <p class="help">{t!("The likeliest of {all} classes.", all = names.with(Vec::len))}</p> })}
        {move || asking.fault.get().map(|f| view! { <p class="fault" role="alert">{f}</p> })}
        <p class="sr" aria-live="polite">{move || said.get()}</p>
    }
}

/// Outputs by their value, the highest first; what is no number last.
fn ranked(values: &[f32]) -> Vec<Row> {
    let mut all: Vec<Row> = values.iter().copied().enumerate().collect();
    let key = |v: f32| if v.is_nan() { f32::NEG_INFINITY } else { v };
    all.put_in_order_by(|a, b| key(b.1).total_cmp(&key(a.1)));
    all
}

/// Tells a screen reader of the answer, now and then, and only where it has changed.
fn tell(best: Memo<Option<Row>>, said: RwSignal<String>, words: impl Fn() -> String + Copy + Send + Sync + 'static) {
    let last = StoredValue::new(None::<Row>);
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move |_| {
        best.track();
        if waiting.with_value(Option::is_some) {
            return;
        }
        let later = move || {
            let Some(now) = best.try_get_untracked() else { return };
            waiting.set_value(None);
            let same = match (now, last.get_value()) {
                (Some(a), Some(b)) => a.0 == b.0 && (a.1 - b.1).abs() < CHANGE,
                (a, b) => a.is_none() && b.is_none(),
            };
            if !same {
                last.set_value(now);
                said.set(untrack(words));
            }
        };
        waiting.set_value(set_timeout_with_handle(later, TOLD).ok());
    });
    on_cleanup(move || {
        if let Some(handle) = waiting.try_get_value().flatten() {
            handle.clear();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::ranked;

    #[test]
    fn the_likeliest_comes_first_and_no_number_last() {
        assert_eq!(ranked(&[0.1, f32::NAN, 0.7, 0.2]).iter().map(|r| r.0).collect::<Vec<_>>(), [2, 3, 0, 1]);
        assert!(ranked(&[]).is_empty());
    }
}
