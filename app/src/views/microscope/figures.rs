//! A value in figures: the figures themselves, its histogram, and how they went over the steps at which it was seen.

use leptos::prelude::*;

use crate::state::Lab;
use crate::ui::canvas::{Canvas, Sheet};
use crate::ui::format;
use crate::ui::paint::{Brush, Frame};
use crate::views::chart::{Axis, Chart, Line, step};

/// Four digits that count.
pub fn number(v: f64) -> String {
    if v.is_nan() {
        return "NaN".to_owned();
    }
    if v.is_infinite() {
        return if v < 0.0 { "−∞" } else { "∞" }.to_owned();
    }
    let size = v.abs();
    let text = if size == 0.0 {
        "0".to_owned()
    } else if !(1e-3..1e5).contains(&size) {
        format!("{v:.2e}")
    } else {
        let places = (3.0 - size.log10().floor()).clamp(0.0, 5.0) as usize;
        format!("{v:.places$}")
    };
    text.replace('-', "−")
}

/// Figures of all of its elements.
#[component]
pub fn Facts() -> impl IntoView {
    let scope = Lab::get().scope;
    let row = |name: &'static str, value: String| view! { <div><dt>{name}</dt><dd>{value}</dd></div> };
    move || {
        let seen = scope.current()?;
        let f = &seen.figures;
        let odd = |name: &'static str, count: u64| (count > 0).then(|| row(name, format::count(count)));
        let finite = f.finite.map(|s| {
            view! {
                {row("Least", number(s.min.into()))}
                {row("Greatest", number(s.max.into()))}
                {row("Mean", number(s.mean))}
                {row("Std", number(s.std))}
                {row("Norm", number(s.norm))}
            }
        });
        Some(view! {
            <dl class="facts" aria-label="Figures">
                {row("Numbers", format::thousands(f.count as f64))}
                {finite}
                {odd("Zero", f.zero)}
                {odd("Not a number", f.nan)}
                {odd("Infinite", f.infinite)}
            </dl>
        })
    }
}

#[component]
pub fn Histogram() -> impl IntoView {
    let scope = Lab::get().scope;
    let label = Signal::derive(move || {
        let told = scope.current().and_then(|s| {
            let spread = s.figures.finite?;
            let most = s.figures.bars.iter().max()?;
            Some(format!(
                "Histogram from {} to {}, at most {most} in a bar",
                number(spread.min.into()),
                number(spread.max.into())
            ))
        });
        told.unwrap_or_else(|| "Histogram of nothing finite".to_owned())
    });
    let draw = move |sheet: &Sheet| {
        let (Some(brush), Some(seen)) = (Brush::new(sheet), scope.current()) else { return };
        let bars = &seen.figures.bars;
        let (Some(spread), Some(&most)) = (seen.figures.finite, bars.iter().max()) else { return };
        let (foot, head) = (sheet.height - 20.0, 6.0);
        let width = sheet.width / bars.len() as f64;
        let (low, high) = (f64::from(spread.min), f64::from(spread.max));
        for (i, &count) in bars.iter().enumerate() {
            let tall = (foot - head) * count as f64 / most.max(1) as f64;
            let middle = low + (high - low) * (i as f64 + 0.5) / bars.len() as f64;
            let colour = if middle < 0.0 { sheet.theme.below } else { sheet.theme.above };
            let frame = Frame { x: i as f64 * width, y: foot - tall, w: (width - 1.0).max(1.0), h: tall };
            brush.rect(frame, colour);
        }
        brush.path(&[(0.0, foot), (sheet.width, foot)], sheet.theme.line, 1.0);
        if low < 0.0 && high > 0.0 {
            let x = -low / (high - low) * sheet.width;
            brush.path(&[(x, head), (x, foot)], sheet.theme.faint, 1.0);
            brush.text("0", x, sheet.height - 8.0, 11.0, sheet.theme.faint, "center");
        }
        brush.text(&number(low), 0.0, sheet.height - 8.0, 11.0, sheet.theme.faint, "left");
        brush.text(&number(high), sheet.width, sheet.height - 8.0, 11.0, sheet.theme.faint, "right");
    };
    view! { <Canvas label=label class="histogram" watch=move || scope.seen.track() draw=draw /> }
}

/// Mean, standard deviation and norm over the steps at which the value was looked at.
#[component]
pub fn Course() -> impl IntoView {
    let scope = Lab::get().scope;
    const NAMES: [&str; 3] = ["mean", "std", "norm"];
    let lines = move || {
        scope.course.with(|all| {
            let line = |(i, (name, trace)): (usize, (&str, &crate::state::Trace))| {
                Line::of_many(i, name, trace.points().to_vec())
            };
            NAMES.into_iter().zip(all).enumerate().map(line).collect()
        })
    };
    let label = Signal::derive(move || {
        let last = scope.course.with(|all| {
            let told =
                |(name, trace): (&str, &crate::state::Trace)| Some(format!("{name} {}", number(trace.last()?.value)));
            NAMES.into_iter().zip(all).filter_map(told).collect::<Vec<_>>().join(", ")
        });
        format!("Over the steps at which it was looked at: {last}")
    });
    let axis = Axis { least: None, most: (f64::MIN, f64::MAX), write: number, tick: |v, _| number(v), across: step };
    view! { <Chart label=label lines=lines watch=move || scope.course.track() axis=axis /> }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_four_digits() {
        let written = [0.0, 1.0, -0.12345, 1234.56, 1.5e-7, f64::NAN, f64::NEG_INFINITY].map(number);
        assert_eq!(written, ["0", "1.000", "−0.1235", "1235", "1.50e−7", "NaN", "−∞"]);
    }
}
