//! A value as a table of its numbers, a page at a time. Pressing one picks it out.

use leptos::prelude::*;

use super::figures::number;
use super::picture::{Untold, squeezed, told};
use crate::state::Lab;
use crate::ui::field::Number;

/// Rows and columns of a page.
const ROWS: usize = 12;
const COLUMNS: usize = 6;

#[component]
pub fn Table() -> impl IntoView {
    let scope = Lab::get().scope;
    let first_row = RwSignal::new(0_usize);
    let first_column = RwSignal::new(0_usize);
    // Whatever stands before the last axis is rows.
    let extents = Memo::new(move |_| {
        let shape = scope.current().map(|s| s.value.shape.clone()).unwrap_or_default();
        let columns = squeezed(&shape).last().copied().unwrap_or(1).max(1);
        (shape.iter().product::<usize>() / columns, columns)
    });
    let go = move |to: usize| {
        first_row.set(to);
        let (rows, columns) = extents.get_untracked();
        let (begin, end) = (to * columns, (to + ROWS).min(rows) * columns);
        let known = scope
            .seen
            .with_untracked(|s| s.as_ref().is_some_and(|s| s.from <= begin && end <= s.from + s.numbers.len()));
        if !known {
            scope.from.set(begin as u64);
        }
    };
    let cell = move |element: usize, row: usize, column: usize| {
        let text = Memo::new(move |_| {
            scope.current().and_then(|s| told(&s, element)).map_or_else(|| "…".to_owned(), |v| number(v.into()))
        });
        view! {
            <td>
                <button
                    type="button"
                    class="cell"
                    aria-label=move || format!("Row {row}, column {column}: {}", text.get())
                    aria-pressed=move || (scope.element.get() == Some(element)).to_string()
                    on:click=move |_| scope.element.set(Some(element))
                >
                    {move || text.get()}
                </button>
            </td>
        }
    };
    let body = move || {
        let (rows, columns) = extents.get();
        let (top, left) = (first_row.get().min(rows.saturating_sub(1)), first_column.get().min(columns - 1));
        let across = left..(left + COLUMNS).min(columns);
        let head = across.clone().map(|c| view! { <th scope="col">{c}</th> }).collect_view();
        let lines = (top..(top + ROWS).min(rows)).map(|r| {
            let cells = across.clone().map(|c| cell(r * columns + c, r, c)).collect_view();
            view! { <tr><th scope="row">{r}</th>{cells}</tr> }
        });
        view! {
            <table class="values">
                <caption>{format!("{rows} {}, {columns} {}", if rows == 1 { "row" } else { "rows" }, if columns == 1 { "column" } else { "columns" })}</caption>
                <thead><tr><td></td>{head}</tr></thead>
                <tbody>{lines.collect_view()}</tbody>
            </table>
        }
    };
    let pages = move || {
        let (rows, columns) = extents.get();
        view! {
            {(rows > ROWS).then(|| view! {
                <Number label="From row" value=Signal::derive(move || first_row.get() as f64) min=0.0 max=(rows - 1) as f64 whole=true set=move |v| go(v as usize) />
            })}
            {(columns > COLUMNS).then(|| view! {
                <Number label="From column" value=Signal::derive(move || first_column.get() as f64) min=0.0 max=(columns - 1) as f64 whole=true set=move |v| first_column.set(v as usize) />
            })}
        }
    };
    view! {
        <div class="slices">{pages}</div>
        <div class="scroll" tabindex="0" role="group" aria-label="Numbers">{body}</div>
        <Untold />
    }
}
