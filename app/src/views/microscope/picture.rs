//! A value as a picture: one cell a number, from one colour below zero through the paper to another above.

use leptos::ev::PointerEvent;
use leptos::prelude::*;
use plotters::style::RGBColor;

use super::figures::number;
use crate::state::Lab;
use crate::state::scope::Seen;
use crate::ui::canvas::{Canvas, Sheet};
use crate::ui::field::Number;
use crate::ui::paint::{Brush, Frame, Pixels};

/// Most rows that are drawn.
const ROWS: usize = 512;

/// Where in a value a picture lies: rows and columns of elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sheaf {
    pub rows: usize,
    pub columns: usize,
    /// The first element, and how far apart neighbours in a row, and rows, are.
    first: usize,
    apart: usize,
    stride: usize,
}

impl Sheaf {
    /// The picture of a value: of a matrix all of it, of more axes the slice at `slice` along the first one; of four
    /// axes, channel `channel`, the last one.
    pub fn of(shape: &[usize], slice: usize, channel: usize) -> Self {
        match *squeezed(shape) {
            [] => Self { rows: 1, columns: 1, first: 0, apart: 1, stride: 1 },
            [n] => Self { rows: 1, columns: n, first: 0, apart: 1, stride: n },
            [rows, columns] => Self { rows, columns, first: 0, apart: 1, stride: columns },
            [n, rows, columns] => {
                let slice = slice.min(n.saturating_sub(1));
                Self { rows, columns, first: slice * rows * columns, apart: 1, stride: columns }
            }
            [n, .., columns, channels] => {
                let rows = squeezed(shape)[1..squeezed(shape).len() - 2].iter().product::<usize>();
                let each = rows * columns * channels;
                let first = slice.min(n.saturating_sub(1)) * each + channel.min(channels.saturating_sub(1));
                Self { rows, columns, first, apart: channels, stride: columns * channels }
            }
        }
    }

    pub fn element(&self, row: usize, column: usize) -> usize {
        self.first + row * self.stride + column * self.apart
    }
}

/// A shape of more than two axes without those last ones that have one place: an image of one channel.
pub fn squeezed(shape: &[usize]) -> &[usize] {
    match shape {
        [rest @ .., 1] if rest.len() > 1 => squeezed(rest),
        [..] => shape,
    }
}

/// The number of an element, where it is told.
pub fn told(seen: &Seen, element: usize) -> Option<f32> {
    seen.numbers.get(element.checked_sub(seen.from)?).copied()
}

#[component]
pub fn Picture() -> impl IntoView {
    let scope = Lab::get().scope;
    let slice = RwSignal::new(0_usize);
    let channel = RwSignal::new(0_usize);
    let shape = Memo::new(move |_| scope.current().map(|s| s.value.shape.clone()).unwrap_or_default());
    let sheaf = Memo::new(move |_| shape.with(|s| Sheaf::of(s, slice.get(), channel.get())));
    // A slice that was not told is asked for.
    let open = move |to: usize| {
        slice.set(to);
        let each = shape.with_untracked(|s| s.iter().skip(1).product::<usize>());
        scope.from.set((to * each) as u64);
    };
    let most = Memo::new(move |_| {
        let spread = scope.current().and_then(|s| s.figures.finite);
        spread.map_or(1.0, |s| s.min.abs().max(s.max.abs())).max(1e-30)
    });
    let node = NodeRef::<leptos::html::Div>::new();
    let pick = move |e: PointerEvent| {
        let Some(frame) = node.get_untracked() else { return };
        let area = frame.get_bounding_client_rect();
        let (x, y) = (f64::from(e.client_x()) - area.left(), f64::from(e.client_y()) - area.top());
        let s = sheaf.get_untracked();
        let rows = s.rows.min(ROWS);
        let at = |v: f64, size: f64, count: usize| {
            ((v / size.max(1.0) * count as f64) as usize).min(count.saturating_sub(1))
        };
        let (row, column) = (at(y, area.height(), rows), at(x, area.width(), s.columns));
        scope.element.set(Some(s.element(row, column)));
    };
    let draw = move |sheet: &Sheet| {
        let (Some(brush), Some(seen)) = (Brush::new(sheet), scope.current()) else { return };
        let (s, most, theme) = (sheaf.get_untracked(), most.get_untracked(), &sheet.theme);
        let rows = s.rows.min(ROWS);
        let colour = |v: Option<f32>| -> RGBColor {
            match v {
                Some(v) if v.is_nan() => theme.ink,
                Some(v) => theme.diverging(v / most),
                // Not told.
                None => theme.line,
            }
        };
        let cells = (0..rows).flat_map(|r| (0..s.columns).map(move |c| (r, c)));
        let pixels = Pixels::new(s.columns, rows, cells.map(|(r, c)| colour(told(&seen, s.element(r, c)))));
        brush.pixels(&pixels, Frame { x: 0.0, y: 0.0, w: sheet.width, h: sheet.height }, false);
        let Some(element) = scope.element.get_untracked() else { return };
        let found =
            (0..rows).flat_map(|r| (0..s.columns).map(move |c| (r, c))).find(|&(r, c)| s.element(r, c) == element);
        if let Some((r, c)) = found {
            let (w, h) = (sheet.width / s.columns.max(1) as f64, sheet.height / rows.max(1) as f64);
            let frame = Frame { x: c as f64 * w, y: r as f64 * h, w, h };
            brush.outline(frame, theme.paper, 3.0);
            brush.outline(frame, theme.ink, 1.5);
        }
    };
    let label = Signal::derive(move || {
        let s = sheaf.get();
        format!(
            "Picture of {} rows and {} columns, from {} to {}",
            s.rows,
            s.columns,
            number(f64::from(-most.get())),
            number(most.get().into())
        )
    });
    let height = Callback::new(move |width: f64| {
        let s = sheaf.get();
        let cell = (width / s.columns.max(1) as f64).clamp(1.0, 28.0);
        (cell * s.rows.min(ROWS) as f64).clamp(24.0, 360.0)
    });
    let slices = move || shape.with(|s| (squeezed(s).len() > 2).then(|| s[0]));
    let channels = move || shape.with(|s| (squeezed(s).len() > 3).then(|| s.last().copied().unwrap_or(1)));
    let watch = move || {
        scope.seen.track();
        sheaf.track();
        scope.element.track();
    };
    view! {
        <div class="slices">
            {move || slices().map(|n| view! {
                <Number label=format!("Slice, of {n}") value=Signal::derive(move || slice.get() as f64) min=0.0 max=n.saturating_sub(1) as f64 whole=true set=move |v| open(v as usize) />
            })}
            {move || channels().map(|n| view! {
                <Number label=format!("Channel, of {n}") value=Signal::derive(move || channel.get() as f64) min=0.0 max=n.saturating_sub(1) as f64 whole=true set=move |v| channel.set(v as usize) />
            })}
        </div>
        <div class="pickable" node_ref=node on:pointerdown=pick>
            <Canvas label=label class="heat" height=height watch=watch draw=draw />
        </div>
        <div class="scale" aria-hidden="true">
            <span>{move || number(f64::from(-most.get()))}</span>
            <i></i>
            <span>{move || number(most.get().into())}</span>
        </div>
        {move || (sheaf.get().rows > ROWS).then(|| view! { <p class="help">{format!("The first {ROWS} rows of {}.", sheaf.get().rows)}</p> })}
        <Untold />
    }
}

/// Says so where not all numbers came.
#[component]
pub fn Untold() -> impl IntoView {
    let scope = Lab::get().scope;
    move || {
        let seen = scope.current()?;
        let all = seen.figures.count as usize;
        (seen.numbers.len() < all).then(|| {
            let to = seen.from + seen.numbers.len();
            view! {
                <p class="help">
                    {format!("Numbers {} to {to} of {all}; the figures are of all.", seen.from + 1)}
                    {(to < all).then(|| view! { <button type="button" class="quiet" on:click=move |_| scope.from.set(to as u64)>"The next ones"</button> })}
                    {(seen.from > 0).then(|| view! { <button type="button" class="quiet" on:click=move |_| scope.from.set(0)>"From the first"</button> })}
                </p>
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Sheaf;

    #[test]
    fn pictures_lie_in_rows_of_their_value() {
        let element =
            |shape: &[usize], slice, channel, row, column| Sheaf::of(shape, slice, channel).element(row, column);
        assert_eq!(element(&[], 0, 0, 0, 0), 0);
        assert_eq!(element(&[4], 0, 0, 0, 3), 3);
        assert_eq!(element(&[3, 4], 0, 0, 2, 1), 9);
        assert_eq!(element(&[5, 3, 4], 2, 0, 1, 2), 2 * 12 + 6);
        assert_eq!(element(&[5, 3, 4, 2], 1, 1, 2, 3), 24 + (2 * 4 + 3) * 2 + 1);
        assert_eq!(Sheaf::of(&[0, 3, 4], 7, 0).rows, 3);
        assert_eq!(Sheaf::of(&[5, 3, 4, 1], 2, 0), Sheaf::of(&[5, 3, 4], 2, 0));
        assert_eq!((Sheaf::of(&[5, 1], 0, 0).rows, Sheaf::of(&[5, 1, 1], 0, 0).rows), (5, 5));
    }
}
