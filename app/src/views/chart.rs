//! Lines over the steps of a run, drawn by plotters: told apart by colour and by dashes, read by pointer, keys and ears.

mod lines;
mod paper;

use std::rc::Rc;

use leptos::prelude::*;
pub use lines::Line;
use lines::numbers;
use paper::Paper;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters_canvas::CanvasBackend;

use super::plot::figure::Key;
use super::plot::{Hit, Plot};
use crate::state::Point;
use crate::ui::canvas::{Onto, Sheet};
use crate::ui::drawing::hex;
use crate::ui::format::{self, Mark};
use crate::ui::theme::{Theme, mix};

/// How values are laid out and written.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    /// The least range that is shown.
    pub least: Option<(f64, f64)>,
    /// The greatest.
    pub most: (f64, f64),
    /// How readings are written, and ticks on an axis of this length.
    pub write: fn(f64) -> String,
    pub tick: fn(f64, f64) -> String,
    /// How a place along the axis is told.
    pub across: fn(f64) -> String,
}

/// Where the last drawing put its steps, in the page's pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Steps {
    left: f64,
    right: f64,
    first: f64,
    last: f64,
}

#[component]
pub fn Chart(
    #[prop(into)] label: Signal<String>,
    lines: impl Fn() -> Vec<Line> + 'static,
    watch: impl Fn() + 'static,
    axis: Axis,
    #[prop(into, optional)] log: Signal<bool>,
    #[prop(default = None, into)] seen: Option<Callback<bool>>,
    /// What the lines are of, where it is not the lab's experiment.
    #[prop(optional, into)]
    of: Option<Signal<String>>,
) -> impl IntoView {
    let lines: Rc<dyn Fn() -> Vec<Line>> = Rc::new(lines);
    let watch = Rc::new(move || {
        watch();
        log.track();
    });
    chart(label, lines, watch, axis, log, seen, of)
}

/// One for all charts, whatever their closures are.
fn chart(
    label: Signal<String>,
    lines: Rc<dyn Fn() -> Vec<Line>>,
    watch: Rc<dyn Fn()>,
    axis: Axis,
    log: Signal<bool>,
    seen: Option<Callback<bool>>,
    of: Option<Signal<String>>,
) -> AnyView {
    let steps = RwSignal::new(Steps::default());
    let cursor = RwSignal::new(None::<f64>);
    let (drawn, counted, keyed) = (lines.clone(), lines.clone(), lines.clone());
    let draw = move |sheet: &Sheet| {
        let paper = match &sheet.onto {
            Onto::Canvas(canvas) => CanvasBackend::with_canvas_object(canvas.clone()).map(Paper::Canvas),
            Onto::Svg(drawing) => Some(Paper::Svg(drawing.clone())),
        };
        // A plot that cannot be drawn, for want of room, stays empty.
        if let Some(paper) = paper
            && let Ok(s) = draw(paper, sheet, &drawn(), axis, log.get_untracked())
            && steps.get_untracked() != s
        {
            steps.set(s);
        }
    };
    let numbers = move || numbers(&counted(), axis, log.get_untracked());
    let keys = move |theme: &Theme| {
        let key = |(i, l): (usize, &Line)| Key {
            name: l.name.clone(),
            colour: mix(theme.paper, (l.colour)(theme, i), l.opacity as f32),
            dash: l.dashes(),
            mark: None,
        };
        keyed().iter().enumerate().filter(|(_, l)| !l.points.is_empty()).map(key).collect()
    };
    let hover = move |hit: Option<Hit>| {
        let s = steps.get_untracked();
        let at = hit.filter(|_| s.right > s.left).map(|hit| {
            let share = (hit.x.clamp(s.left, s.right) - s.left) / (s.right - s.left);
            s.first + share * (s.last - s.first)
        });
        cursor.set(at);
        // The legend tells the figures.
        None
    };
    let mark = move || {
        let (step, s) = (cursor.get()?, steps.get());
        let x = s.left + (step - s.first) / (s.last - s.first).max(1e-9) * (s.right - s.left);
        Some(view! {
            <div class="cursor" style:left=format!("{x:.1}px")></div>
            <div class="cursor-step" style:left=format!("{x:.1}px")>{(axis.across)(step)}</div>
        })
    };
    let over = mark.into_any();
    let below = view! { <Legend lines=lines watch=watch.clone() axis=axis cursor=cursor /> }.into_any();
    view! {
        <Plot
            label=label
            class="plot"
            watch=watch
            draw=Rc::new(draw)
            numbers=Rc::new(numbers)
            legend=Rc::new(keys)
            seen=seen
            hover=Rc::new(hover)
            cursor=cursor
            over=over
            below=below
            of=of
        />
    }
    .into_any()
}

/// The lines by name, with their values where one reads.
#[component]
fn Legend(
    lines: Rc<dyn Fn() -> Vec<Line>>,
    watch: Rc<dyn Fn()>,
    axis: Axis,
    cursor: RwSignal<Option<f64>>,
) -> impl IntoView {
    let theme = expect_context::<Signal<Theme>>();
    let read = StoredValue::new_local((lines, watch));
    let entries = move || {
        read.with_value(|(_, watch)| watch());
        let cursor = cursor.get();
        let entry = |(i, l): (usize, Line)| {
            let point = match cursor {
                Some(step) => nearest(&l.points, step),
                None => l.points.last().copied(),
            };
            let dash = l.dashes().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let colour = theme.with(|t| hex((l.colour)(t, i)));
            view! {
                <li>
                    <svg class="swatch" viewBox="0 0 26 4" style:opacity=l.opacity.max(0.5).to_string()>
                        <path d="M0 2H26" stroke=colour stroke-dasharray=dash />
                    </svg>
                    <span>{l.name}</span>
                    <b>{point.map(|p| (axis.write)(p.value))}</b>
                </li>
            }
        };
        let lines = read.with_value(|(lines, _)| lines());
        // Before the first figure all are listed, so that what lies below stays where it is.
        let none = lines.iter().all(|l| l.points.is_empty());
        lines.into_iter().enumerate().filter(|(_, l)| none || !l.points.is_empty()).map(entry).collect_view()
    };
    view! { <ul class="legend" aria-hidden="true">{entries}</ul> }
}

/// A tick with as many places as tell it from its neighbours on an axis of this length.
pub fn decimals(v: f64, length: f64) -> String {
    let places = (0.7 - length.max(1e-6).log10()).ceil().clamp(0.0, 5.0) as usize;
    format!("{v:.places$}")
}

/// The axis of how good answers are, over the steps.
pub fn marks(mark: Mark) -> Axis {
    let axis = |most, write, tick| Axis { least: None, most, write, tick, across: step };
    match mark {
        Mark::Accuracy => axis((0.0, 1.0), |v| Mark::Accuracy.write(v), percent),
        Mark::Determination => axis((-0.5, 1.0), |v| Mark::Determination.write(v), decimals),
    }
}

/// A tick of a share.
pub fn percent(v: f64, length: f64) -> String {
    decimals(v * 100.0, length * 100.0) + " %"
}

/// A place along the axis, where it counts steps.
pub fn step(v: f64) -> String {
    t!("step {step}", step = format_args!("{v:.0}"))
}

fn nearest(points: &[Point], step: f64) -> Option<Point> {
    let after = points.partition_point(|p| p.step < step);
    let near = [after.checked_sub(1), Some(after)].into_iter().flatten().filter_map(|i| points.get(i));
    near.min_by(|a, b| (a.step - step).abs().total_cmp(&(b.step - step).abs())).copied()
}

/// The range of all values within `axis`, with a little room.
fn range(lines: &[Line], axis: Axis, log: bool) -> (f64, f64) {
    let values = || {
        let ends = lines.iter().flat_map(|l| &l.band).flat_map(|b| [b.1, b.2]);
        lines.iter().flat_map(|l| &l.points).map(|p| p.value).chain(ends).filter(|v| !log || *v > 0.0)
    };
    let (mut low, mut high) =
        values().fold(axis.least.unwrap_or((f64::MAX, f64::MIN)), |(a, b), v| (a.min(v), b.max(v)));
    if low > high {
        (low, high) = if log { (0.1, 1.0) } else { (0.0, 1.0) };
    }
    if log {
        return (low.max(1e-9) / 1.15, high.max(1e-8) * 1.15);
    }
    let room = ((high - low) * 0.05).max(high.abs() * 1e-3).max(1e-6);
    ((low - room).max(axis.most.0), (high + room).min(axis.most.1))
}

type Area = DrawingArea<Paper, Shift>;
type Fault = DrawingAreaErrorKind<<Paper as DrawingBackend>::ErrorType>;

fn draw(paper: Paper, sheet: &Sheet, lines: &[Line], axis: Axis, log: bool) -> Result<Steps, Fault> {
    let area: Area = paper.into_drawing_area();
    area.fill(&sheet.theme.paper)?;
    let last = lines.iter().filter_map(|l| l.points.last()).fold(0.0_f64, |m, p| m.max(p.step));
    let last = if last > 0.0 { last } else { 10.0 };
    let (low, high) = range(lines, axis, log);
    let px = |v: f64| (v * sheet.scale).round() as i32;
    let mut builder = ChartBuilder::on(&area);
    builder.margin_top(px(8.0)).margin_right(px(18.0)).x_label_area_size(px(22.0)).y_label_area_size(px(44.0));
    let shown = if log {
        let mut chart = builder.build_cartesian_2d(0.0..last, (low..high).log_scale())?;
        paint(&mut chart, sheet, lines, axis)?
    } else {
        let mut chart = builder.build_cartesian_2d(0.0..last, low..high)?;
        paint(&mut chart, sheet, lines, axis)?
    };
    area.present()?;
    Ok(Steps {
        left: f64::from(shown.start) / sheet.scale,
        right: f64::from(shown.end) / sheet.scale,
        first: 0.0,
        last,
    })
}

/// Draws the mesh and the lines; returns where steps lie, in the canvas's pixels.
fn paint<Y>(
    chart: &mut ChartContext<Paper, Cartesian2d<RangedCoordf64, Y>>,
    sheet: &Sheet,
    lines: &[Line],
    axis: Axis,
) -> Result<std::ops::Range<i32>, Fault>
where
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let theme = &sheet.theme;
    let wide = chart.x_range().end >= 10.0;
    let ends = chart.y_range();
    let length = ends.end - ends.start;
    let font = ("ui-sans-serif, system-ui, sans-serif", 11.0 * sheet.scale).into_font().color(&theme.faint);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(theme.line)
        .light_line_style(TRANSPARENT)
        .axis_style(theme.line)
        .x_labels((sheet.width / 90.0) as usize)
        .y_labels((sheet.height / 36.0) as usize)
        .x_label_formatter(&|v| if wide { format::count(*v as u64) } else { format::plain(*v) })
        .y_label_formatter(&|v| (axis.tick)(*v, length))
        .label_style(font)
        .draw()?;
    for (i, line) in lines.iter().enumerate().filter(|(_, l)| l.band.len() > 1) {
        let there = line.band.iter().map(|b| (b.0, b.1.max(ends.start)));
        let back = line.band.iter().rev().map(|b| (b.0, b.2.min(ends.end)));
        let outline: Vec<(f64, f64)> = there.chain(back).collect();
        chart.draw_series(std::iter::once(Polygon::new(outline, (line.colour)(theme, i).mix(0.16).filled())))?;
    }
    for (i, line) in lines.iter().enumerate() {
        let colour = (line.colour)(theme, i).mix(line.opacity);
        let style = colour.stroke_width((line.width * sheet.scale).round().max(1.0) as u32);
        let points = line.points.iter().map(|p| (p.step, p.value));
        match *line.dashes() {
            [dash, gap] => {
                let px = |v: f64| (v * sheet.scale).round() as u32;
                chart.draw_series(DashedLineSeries::new(points, px(dash), px(gap), style))?;
            }
            _ => {
                chart.draw_series(LineSeries::new(points, style))?;
            }
        }
    }
    Ok(chart.plotting_area().get_pixel_range().0)
}
