//! The network as a figure to take away: the track as it is laid out, drawn light and still; and its blocks as a table.

use std::rc::Rc;

use engine::rules::Credit;
use engine::sorting::Sorting as _;
use leptos::prelude::*;

use super::credit::{Wire, said, wires};
use super::flow::{Flow, PLAIN};
use super::kinds::{Course, Kinds};
use super::layout::{Fan, Layout, Mark, layout};
use super::rails::{answer, way};
use super::{number, stage_name};
use crate::state::Lab;
use crate::tongue::t;
use crate::tree;
use crate::ui::canvas::Sheet;
use crate::ui::format;
use crate::ui::paint::{Brush, Frame};
use crate::ui::theme::{Theme, mix};
use crate::views::plot::figure::Key;
use crate::views::plot::numbers::{Cell, Numbers};
use crate::views::plot::{Contents, Take, about};

/// Credit is dashed, as on the screen; where it is one number for all, dotted.
const CREDIT: &[f64] = &[6.0, 5.0];
const SCALAR: &[f64] = &[1.5, 5.0];
/// Length of an arrow's head.
const HEAD: f64 = 8.0;

type Points = Vec<(f64, f64)>;

/// The lines of a path of `M`, `L`, `H`, `V` and their like, which is all that the track is made of.
fn lines(d: &str) -> Vec<Points> {
    let mut all = Vec::<Points>::new();
    let mut at = (0.0, 0.0);
    let mut rest = d;
    while let Some(kind) = rest.chars().next() {
        rest = &rest[kind.len_utf8()..];
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest.len());
        // A minus begins a number of its own.
        let texts = rest[..end].replace('-', " -");
        let numbers: Vec<f64> = texts.split([' ', ',']).filter_map(|n| n.parse().ok()).collect();
        rest = &rest[end..];
        let wide = if "HhVv".contains(kind) { 1 } else { 2 };
        for part in numbers.chunks_exact(wide) {
            at = match kind {
                'H' => (part[0], at.1),
                'h' => (at.0 + part[0], at.1),
                'V' => (at.0, part[0]),
                'v' => (at.0, at.1 + part[0]),
                'l' => (at.0 + part[0], at.1 + part[1]),
                _ => (part[0], part[1]),
            };
            match all.last_mut() {
                Some(line) if kind != 'M' => line.push(at),
                Some(_) | None => all.push(vec![at]),
            }
        }
    }
    all
}

/// Taking the network away as it is drawn, and as a table of its blocks.
#[component]
pub fn TakeTrack() -> impl IntoView {
    let lab = Lab::get();
    let kinds = expect_context::<StoredValue<Kinds>>();
    let (flow, way) = (Flow::of(lab), way(lab));
    let lay = move || lab.spec.with_untracked(|s| kinds.with_value(|k| layout(&s.stages, k, 0.0)));
    let draw = move |sheet: &Sheet| {
        if let Some(brush) = Brush::new(sheet) {
            let picture = Picture { lab, brush, theme: &sheet.theme, flow, layout: lay() };
            kinds.with_value(|k| picture.draw(k, way.get_untracked()));
        }
    };
    let legend = move |theme: &Theme| {
        let key = |name: &str, colour, dash| Key { name: name.to_owned(), colour, dash, mark: None };
        let credit = way.get_untracked().filter(|w| *w != Credit::None);
        let credit = credit.map(|w| key(said(w), theme.test, if w == Credit::Scalar { SCALAR } else { CREDIT }));
        std::iter::once(key("forward", theme.train, &[][..])).chain(credit).collect()
    };
    let contents = Contents {
        draw: Rc::new(draw),
        numbers: Rc::new(move || kinds.with_value(|k| blocks(lab, k))),
        legend: Rc::new(legend),
    };
    let size = Rc::new(move || {
        let lay = lay();
        (lay.width, lay.height)
    });
    view! { <Take title=Signal::stored(t("Network").to_owned()) contents=contents size=size about=Rc::new(move || about(lab)) /> }
}

/// A row for each block: what it is, and what is counted of it.
fn blocks(lab: Lab, kinds: &Kinds) -> Numbers {
    let heads = [t("block"), t("its main figure"), t("shape after it"), t("parameters")].map(str::to_owned);
    let mut n = Numbers::new("place", heads, |v| format!("{v:.0}"));
    lab.spec.with_untracked(|spec| {
        let lay = layout(&spec.stages, kinds, 0.0);
        let mut marks: Vec<&Mark> = lay.marks.iter().collect();
        marks.put_in_order_by(|a, b| a.place.cmp(&b.place));
        let summary = lab.summary.get_untracked().filter(|_| untrack(|| lab.is_current()));
        for mark in marks {
            let Some(block) = tree::block(spec, &mark.place) else { continue };
            let info = summary.as_ref().and_then(|s| tree::figures(s, &mark.place));
            let cells = [
                Cell::from(kinds.name(&mark.id)),
                Cell::from(kinds.figure(block)),
                Cell::from(info.map(|i| format::shape(&i.output))),
                Cell::from(info.map(|i| i.parameters as f64)),
            ];
            n.row(number(&mark.place), cells);
        }
    });
    n
}

/// The track on a sheet.
struct Picture<'a> {
    lab: Lab,
    brush: Brush,
    theme: &'a Theme,
    flow: Flow,
    layout: Layout,
}

impl Picture<'_> {
    fn draw(&self, kinds: &Kinds, way: Option<Credit>) {
        let (lay, theme, brush) = (&self.layout, self.theme, &self.brush);
        brush.rect(Frame { x: 0.0, y: 0.0, w: lay.width, h: lay.height }, theme.paper);
        for [x, y, w, h] in &lay.frames {
            let ends = [(*x, *y), (x + w, *y), (x + w, y + h), (*x, y + h), (*x, *y)];
            brush.dashed(&ends, theme.faint, 1.0, &[4.0, 3.0]);
        }
        for [x, y, w, h] in &lay.plates {
            brush.outline(Frame { x: *x, y: *y, w: *w, h: *h }, theme.line, 1.0);
        }
        let width = |i: usize| self.flow.forward.with_untracked(|w| w.get(i).copied().unwrap_or(PLAIN));
        let rails = lay.rails.iter().enumerate();
        for (i, d) in rails.chain(lay.loops.iter().map(|(i, d)| (*i, d))) {
            for line in lines(d) {
                brush.path(&line, theme.train, width(i).into());
            }
        }
        lay.fans.iter().for_each(|fan| self.fan(fan));
        for wire in way.map(|way| wires(way, lay)).unwrap_or_default() {
            self.wire(&wire);
        }
        self.ends();
        self.lab.spec.with_untracked(|spec| {
            for mark in &lay.marks {
                let figure = tree::block(spec, &mark.place).map(|b| kinds.figure(b)).unwrap_or_default();
                self.block(mark, kinds.name(&mark.id), &figure);
            }
        });
        for (i, (left, _)) in lay.stages.iter().enumerate() {
            brush.text(&stage_name(i, lay.stages.len()), left + 8.0, 18.0, 12.0, theme.faint, "left");
        }
    }

    /// Experts, each as thick as its share, idle ones dotted.
    fn fan(&self, fan: &Fan) {
        let loads = self.flow.loads.with_untracked(|l| l.get(&fan.place).cloned().unwrap_or_default());
        for (i, d) in fan.tracks.iter().enumerate() {
            let share = loads.get(i).map(|l| f64::from(*l) / 20.0);
            let width = share.map_or(1.5, |s| (s * 2.6).clamp(1.0, 8.0));
            let idle = share.is_some_and(|s| s < 0.1);
            let (colour, dash) = if idle { (self.theme.faint, &[2.0, 4.0][..]) } else { (self.theme.train, &[][..]) };
            for line in lines(d) {
                self.brush.dashed(&line, colour, width, dash);
            }
        }
        let more = fan.experts.saturating_sub(fan.tracks.len());
        if more > 0 {
            let (x, y) = fan.foot;
            self.brush.text(&t!("and {more} more", more), x, y, 11.0, self.theme.faint, "center");
        }
    }

    fn wire(&self, wire: &Wire) {
        let colour = self.theme.test;
        let width = self.flow.credit.with_untracked(|w| w.get(wire.stage).copied()).filter(|w| *w > 0.0);
        for line in lines(&wire.d) {
            self.brush.dashed(&line, colour, width.unwrap_or(1.5).into(), if wire.dotted { SCALAR } else { CREDIT });
            if let ([.., before, end], true) = (&line[..], wire.ends[1]) {
                self.head(*before, *end);
            }
            if let ([end, before, ..], true) = (&line[..], wire.ends[0]) {
                self.head(*before, *end);
            }
        }
    }

    /// The head of an arrow that comes from `before` to `end`.
    fn head(&self, before: (f64, f64), end: (f64, f64)) {
        let (dx, dy) = (end.0 - before.0, end.1 - before.1);
        let length = dx.hypot(dy).max(1e-6);
        let (dx, dy) = (dx / length * HEAD, dy / length * HEAD);
        for side in [-0.5, 0.5] {
            let back = (end.0 - dx - dy * side, end.1 - dy + dx * side);
            self.brush.path(&[back, end], self.theme.test, 2.0);
        }
    }

    fn block(&self, mark: &Mark, name: &str, figure: &str) {
        let Mark { x, y, w, h, .. } = *mark;
        let (theme, brush) = (self.theme, &self.brush);
        brush.rect(Frame { x, y, w, h }, theme.paper);
        brush.outline(Frame { x: x + 0.5, y: y + 0.5, w: w - 1.0, h: h - 1.0 }, mix(theme.paper, theme.ink, 0.5), 1.0);
        let (middle, centre) = (x + w / 2.0, y + h / 2.0);
        if mark.course == Course::Box {
            let up = if figure.is_empty() { 0.0 } else { 8.0 };
            brush.bold(name, middle, centre - up, 13.0, theme.ink, "center");
            brush.text(figure, middle, centre + 9.0, 11.0, theme.faint, "center");
        } else {
            let told = if figure.is_empty() { name.to_owned() } else { format!("{name}  {figure}") };
            brush.bold(&told, middle, centre, 11.0, theme.ink, "center");
        }
    }

    /// The joints of the stages with the shapes that pass them, the input and the answer.
    fn ends(&self) {
        let (lay, theme, brush) = (&self.layout, self.theme, &self.brush);
        let (Some(first), Some(last)) = (lay.stages.first(), lay.stages.last()) else { return };
        let summary = self.lab.summary.get_untracked().filter(|_| untrack(|| self.lab.is_current()));
        for (i, (_, x)) in lay.stages.iter().enumerate().take(lay.stages.len() - 1) {
            brush.path(&[(*x, lay.axis - 9.0), (*x, lay.axis + 9.0)], theme.train, 2.0);
            if let Some(info) = summary.as_ref().and_then(|s| tree::figures(s, &[i])) {
                brush.text(&format::shape(&info.output), *x, lay.axis + 18.0, 11.0, theme.faint, "center");
            }
        }
        for x in [first.0, last.1] {
            brush.dot(x, lay.axis, 7.0, theme.train, theme.train);
            brush.dot(x, lay.axis, 4.5, theme.paper, theme.paper);
        }
        let (left, right) = (first.0 - 12.0, last.1 + 12.0);
        brush.text("input", left, lay.axis - 7.0, 12.0, theme.faint, "right");
        brush.text("answer", right, lay.axis - 7.0, 12.0, theme.faint, "left");
        if let Some(s) = summary {
            brush.text(&format::shape(&s.data.input), left, lay.axis + 9.0, 11.0, theme.ink, "right");
            brush.text(&answer(s.data.answer, s.data.outputs.len()), right, lay.axis + 9.0, 11.0, theme.ink, "left");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn paths_are_read_as_the_lines_they_draw() {
        let read = lines("M10 20H30V5l-2 3v-1M1.5 2L3.5 4h-1");
        assert_eq!(read[0], [(10.0, 20.0), (30.0, 20.0), (30.0, 5.0), (28.0, 8.0), (28.0, 7.0)]);
        assert_eq!(read[1], [(1.5, 2.0), (3.5, 4.0), (2.5, 4.0)]);
        assert_eq!(lines("M0 0l-9-9")[0][1], (-9.0, -9.0));
        assert!(lines("").is_empty());
    }
}
