//! Lines over the steps of a run, drawn by plotters; the pointer reads their values, and the chart can be saved.

mod paper;
mod save;

use std::rc::Rc;

use leptos::ev::PointerEvent;
use leptos::html;
use leptos::prelude::*;
use paper::{Drawing, Paper};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters_canvas::CanvasBackend;
use save::Save;

use crate::state::Point;
use crate::ui::canvas::Canvas;
use crate::ui::format::{self, Mark};
use crate::ui::theme::Theme;

/// One line.
#[derive(Clone)]
pub struct Line {
    pub name: String,
    pub colour: fn(&Theme, usize) -> RGBColor,
    pub points: Vec<Point>,
    /// What the line is the mean of: place along the axis, least and greatest; often empty.
    pub band: Vec<(f64, f64, f64)>,
    /// Width in the page's pixels.
    pub width: f64,
    /// How strong, 0 to 1.
    pub opacity: f64,
}

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

/// The sheet that a chart is drawn on.
struct Sheet<'a> {
    /// Size in the page's pixels, and how many of the drawing's make one of them.
    width: f64,
    height: f64,
    scale: f64,
    theme: &'a Theme,
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
) -> impl IntoView {
    let lines = Rc::new(lines);
    let read = StoredValue::new_local(lines.clone());
    let watch = Rc::new(watch);
    let redraw = StoredValue::new_local(watch.clone());
    let theme = expect_context::<Signal<Theme>>();
    let steps = RwSignal::new(Steps::default());
    let cursor = RwSignal::new(None::<f64>);
    let frame = NodeRef::<html::Div>::new();
    let size = StoredValue::new((0.0, 0.0));
    let svg = move |title: String| {
        let (width, height) = size.get_value();
        let drawing = Drawing::new(width as u32, height as u32);
        let theme = theme.get_untracked();
        let sheet = Sheet { width, height, scale: 1.0, theme: &theme };
        let lines = untrack(|| read.with_value(|lines| lines()));
        let drawn = draw(Paper::Svg(drawing.clone()), &sheet, &lines, axis, log.get_untracked());
        drawn.is_ok().then(|| drawing.file(&title))
    };
    let at = move |e: PointerEvent| {
        let s = steps.get_untracked();
        let x = f64::from(e.offset_x()).clamp(s.left, s.right);
        let share = (x - s.left) / (s.right - s.left).max(1.0);
        cursor.set((s.right > s.left).then_some(s.first + share * (s.last - s.first)));
    };
    let legend = move || {
        let cursor = cursor.get();
        let lines = read.with_value(|lines| lines());
        lines
            .into_iter()
            .enumerate()
            .filter(|(_, l)| !l.points.is_empty())
            .map(|(i, l)| {
                let point = match cursor {
                    Some(step) => nearest(&l.points, step),
                    None => l.points.last().copied(),
                };
                let colour = theme.with(|t| crate::ui::theme::css((l.colour)(t, i)));
                view! {
                    <li>
                        <span class="swatch" style:background-color=colour style:opacity=l.opacity.max(0.5).to_string()></span>
                        <span>{l.name}</span>
                        <b>{point.map(|p| (axis.write)(p.value))}</b>
                    </li>
                }
            })
            .collect_view()
    };
    let mark = move || {
        let (step, s) = (cursor.get()?, steps.get());
        let x = s.left + (step - s.first) / (s.last - s.first).max(1e-9) * (s.right - s.left);
        Some(view! {
            <div class="cursor" style:left=format!("{x:.1}px")></div>
            <div class="cursor-step" style:left=format!("{x:.1}px")>{(axis.across)(step)}</div>
        })
    };
    view! {
        <div class="chart" node_ref=frame on:pointermove=at on:pointerdown=at on:pointerleave=move |_| cursor.set(None)>
            <Canvas
                label=label
                class="plot"
                watch=move || {
                    watch();
                    log.track();
                }
                seen=seen
                draw=move |sheet| {
                    size.set_value((sheet.width, sheet.height));
                    let Some(canvas) = CanvasBackend::with_canvas_object(sheet.canvas.clone()) else { return };
                    let of = Sheet { width: sheet.width, height: sheet.height, scale: sheet.scale, theme: &sheet.theme };
                    // A plot that cannot be drawn, for want of room, stays empty.
                    if let Ok(s) = draw(Paper::Canvas(canvas), &of, &lines(), axis, log.get_untracked()) {
                        steps.set(s);
                    }
                }
            />
            {mark}
        </div>
        <Save label=label within=frame svg=Callback::new(svg) />
        <ul class="legend" aria-hidden="true">
            {move || {
                redraw.with_value(|w| w());
                legend()
            }}
        </ul>
    }
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

fn draw(paper: Paper, sheet: &Sheet<'_>, lines: &[Line], axis: Axis, log: bool) -> Result<Steps, Fault> {
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
    sheet: &Sheet<'_>,
    lines: &[Line],
    axis: Axis,
) -> Result<std::ops::Range<i32>, Fault>
where
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let theme = sheet.theme;
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
        chart.draw_series(LineSeries::new(line.points.iter().map(|p| (p.step, p.value)), style))?;
    }
    Ok(chart.plotting_area().get_pixel_range().0)
}
