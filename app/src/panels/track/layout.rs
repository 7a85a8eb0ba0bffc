//! Where everything on the track lies: stages from left to right on one line, blocks as boxes on it, and the tracks past,
//! back and side by side of those that hold others. Lengths in the page's pixels; the line runs at `axis`.

use engine::spec::BlockSpec;

use super::kinds::{Course, Kinds};
use crate::tree::Place;

/// Between two blocks in series.
const GAP: f64 = 24.0;
/// Half the height of a box.
const HALF: f64 = 22.0;
/// From a joint to the first block of its stage, at least.
const PAD: f64 = 30.0;
/// Most that is added to that where there is room.
const SPREAD: f64 = 90.0;
/// Beside what a track passes or comes back around.
const TURN: f64 = 28.0;
/// How a turn cuts its corners.
const CUT: f64 = 9.0;
/// Beside what experts or branches hold, for their tracks to part and meet.
const FORK: f64 = 40.0;
/// Height of a label on a track.
const TAG: f64 = 24.0;
/// Experts that are drawn, at most.
const TRACKS: usize = 24;
/// For the stages' names, above all tracks.
const HEAD: f64 = 38.0;
/// For shapes and for credit, below all tracks.
const FOOT: f64 = 84.0;
/// For what stands at the ends of the line.
const END: f64 = 92.0;

/// A block: a box on the line, or the label of one that holds others.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    pub place: Place,
    pub id: String,
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
    pub course: Course,
}

/// The tracks of a route's experts.
#[derive(Debug, Clone, PartialEq)]
pub struct Fan {
    pub place: Place,
    /// Paths of as many experts as are drawn.
    pub tracks: Vec<String>,
    /// How many there are.
    pub experts: usize,
    /// Where it is said how many are not drawn.
    pub foot: (f64, f64),
}

/// Where a block can be put: before number `at` of the list at `place`.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    pub place: Place,
    pub at: usize,
    pub x: f64,
    pub y: f64,
    /// Whether the list is empty.
    pub empty: bool,
}

/// A rectangle: left, top, width, height.
pub type Rect = [f64; 4];

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    pub width: f64,
    pub height: f64,
    pub axis: f64,
    /// Below all tracks.
    pub floor: f64,
    pub marks: Vec<Mark>,
    /// One path for each stage.
    pub rails: Vec<String>,
    /// Paths on which the signal goes back: loops.
    pub loops: Vec<(usize, String)>,
    pub fans: Vec<Fan>,
    /// What each expert has its own copy of.
    pub plates: Vec<Rect>,
    pub frames: Vec<Rect>,
    pub spots: Vec<Spot>,
    /// Left and right joint of each stage.
    pub stages: Vec<(f64, f64)>,
    /// From a joint to the first or last block of its stage.
    pub pad: f64,
}

/// What a list or a block takes: its length, and how far it reaches above and below the line.
#[derive(Clone, Copy)]
struct Size {
    w: f64,
    up: f64,
    down: f64,
}

/// Lays out `stages` for a screen of `room` pixels; what does not fit is longer.
pub fn layout(stages: &[Vec<BlockSpec>], kinds: &Kinds, room: f64) -> Layout {
    let mut lay = Lay { kinds, out: Layout::default() };
    let sizes: Vec<Size> = stages.iter().map(|s| lay.series(s)).collect();
    let natural = 2.0 * END + sizes.iter().map(|s| s.w + 2.0 * PAD).sum::<f64>();
    let spare = ((room - natural) / (2 * stages.len()).max(1) as f64).clamp(0.0, SPREAD);
    let pad = PAD + spare.floor();
    let width = natural + 2.0 * stages.len() as f64 * (pad - PAD);
    let lead = END + ((room - width) / 2.0).max(0.0).floor();
    let most = |reach: fn(&Size) -> f64| sizes.iter().map(reach).fold(HALF + 4.0, f64::max);
    let axis = HEAD + most(|s| s.up);
    lay.out.axis = axis;
    lay.out.pad = pad;
    lay.out.floor = axis + most(|s| s.down).max(HALF + 8.0);
    lay.out.height = lay.out.floor + FOOT;
    lay.out.width = width.max(room);
    let mut x = lead;
    for (i, (stage, size)) in stages.iter().zip(&sizes).enumerate() {
        let end = x + size.w + 2.0 * pad;
        lay.out.stages.push((x, end));
        lay.out.rails.push(String::new());
        lay.line(i, x, x + pad, axis);
        lay.list(stage, &[i], (x + pad, axis), true);
        lay.line(i, end - pad, end, axis);
        x = end;
    }
    lay.out
}

struct Lay<'a> {
    kinds: &'a Kinds,
    out: Layout,
}

impl Lay<'_> {
    fn text(&self, block: &BlockSpec) -> (f64, f64) {
        (self.kinds.name(&block.block.id).chars().count() as f64, self.kinds.figure(block).chars().count() as f64)
    }

    /// Width of the label of a block that holds others.
    fn tag(&self, block: &BlockSpec) -> f64 {
        let (name, figure) = self.text(block);
        name * 7.9 + figure * 6.8 + if figure > 0.0 { 34.0 } else { 24.0 }
    }

    fn series(&self, list: &[BlockSpec]) -> Size {
        let empty = Size { w: 36.0, up: 16.0, down: 16.0 };
        let sizes = list.iter().map(|b| self.block(b));
        let all = sizes.reduce(|a, b| Size { w: a.w + GAP + b.w, up: a.up.max(b.up), down: a.down.max(b.down) });
        all.unwrap_or(empty)
    }

    /// Each block on a line of its own: its height in all.
    fn rows(&self, list: &[BlockSpec]) -> Size {
        let sizes: Vec<Size> = list.iter().map(|b| self.block(b)).collect();
        let w = sizes.iter().map(|s| s.w).fold(36.0, f64::max);
        let height = sizes.iter().map(|s| s.up + s.down + 6.0).sum::<f64>().max(32.0);
        Size { w, up: height / 2.0, down: height / 2.0 }
    }

    fn block(&self, block: &BlockSpec) -> Size {
        let course = self.kinds.course(&block.block.id);
        let inner = if course == Course::Branches { self.rows(&block.blocks) } else { self.series(&block.blocks) };
        let tag = self.tag(block);
        match course {
            Course::Box => {
                let (name, figure) = self.text(block);
                let w = (name * 8.3 + 20.0).max(figure.max(6.0) * 6.8 + 18.0);
                Size { w: w.clamp(72.0, 176.0).round(), up: HALF + 4.0, down: HALF + 4.0 }
            }
            Course::Bypass => {
                Size { w: inner.w.max(tag + 8.0) + 2.0 * TURN, up: inner.up + 8.0 + TAG, down: inner.down }
            }
            Course::Loop => Size { w: inner.w.max(tag + 8.0) + 2.0 * TURN, up: inner.up, down: inner.down + 8.0 + TAG },
            Course::Experts => {
                let half = reach(experts(block)) + 8.0;
                let (up, down) = (inner.up.max(half) + 6.0 + TAG, inner.down.max(half) + 4.0);
                Size { w: inner.w.max(tag - FORK) + 2.0 * FORK, up, down }
            }
            Course::Branches => {
                Size { w: inner.w.max(tag - FORK) + 2.0 * FORK, up: inner.up + 6.0 + TAG, down: inner.down }
            }
            Course::Around => {
                Size { w: inner.w.max(tag) + 2.0 * TURN, up: inner.up + 6.0 + TAG, down: inner.down + 8.0 }
            }
        }
    }

    fn line(&mut self, stage: usize, from: f64, to: f64, y: f64) {
        self.draw(stage, &format!("M{from:.1} {y:.1}H{to:.1}"));
    }

    fn draw(&mut self, stage: usize, path: &str) {
        if let Some(rail) = self.out.rails.get_mut(stage) {
            rail.push_str(path);
        }
    }

    fn spot(&mut self, place: &[usize], at: usize, [x, y]: [f64; 2], empty: bool) {
        self.out.spots.push(Spot { place: place.to_vec(), at, x, y, empty });
    }

    /// A list in series from `x` on; `open` where its own line is to be seen.
    fn list(&mut self, list: &[BlockSpec], place: &[usize], (mut x, y): (f64, f64), open: bool) {
        let stage = place[0];
        if list.is_empty() {
            if open {
                self.line(stage, x, x + 36.0, y);
            }
            self.spot(place, 0, [x + 18.0, y], true);
            return;
        }
        for (i, block) in list.iter().enumerate() {
            self.spot(place, i, [x - GAP / 2.0, y], false);
            let here = [place, &[i]].concat();
            let w = self.put(block, here, (x, y), open);
            if open && i + 1 < list.len() {
                self.line(stage, x + w, x + w + GAP, y);
            }
            x += w + GAP;
        }
        self.spot(place, list.len(), [x - GAP / 2.0, y], false);
    }

    /// One block from `x` on; returns its length.
    fn put(&mut self, block: &BlockSpec, here: Place, (x, y): (f64, f64), open: bool) -> f64 {
        let course = self.kinds.course(&block.block.id);
        let size = self.block(block);
        let stage = here[0];
        let end = x + size.w;
        let tag = self.tag(block);
        let mark = |x: f64, y: f64, w: f64, h: f64| Mark {
            place: here.clone(),
            id: block.block.id.clone(),
            x: x.round(),
            y: y.round(),
            w: w.round(),
            h,
            course,
        };
        let label = |y: f64| mark(x + (size.w - tag) / 2.0, y - TAG / 2.0, tag, TAG);
        match course {
            Course::Box => {
                if open {
                    self.line(stage, x, end, y);
                }
                self.out.marks.push(mark(x, y - HALF, size.w, 2.0 * HALF));
            }
            Course::Bypass => {
                let top = y - size.up + TAG / 2.0;
                let rise = y - top - 2.0 * CUT;
                let turn = format!(
                    "M{x:.1} {y:.1}l{CUT} -{CUT}v-{rise:.1}l{CUT} -{CUT}H{:.1}l{CUT} {CUT}v{rise:.1}l{CUT} {CUT}",
                    end - 2.0 * CUT
                );
                self.draw(stage, &turn);
                self.out.marks.push(label(top));
                self.held(block, &here, (x, y), size.w, open);
            }
            Course::Loop => {
                let bottom = y + size.down - TAG / 2.0;
                let fall = bottom - y - 2.0 * CUT;
                let turn = format!(
                    "M{:.1} {y:.1}l{CUT} {CUT}v{fall:.1}l-{CUT} {CUT}H{:.1}l-{CUT} -{CUT}v-{fall:.1}l{CUT} -{CUT}",
                    end - 2.0 * CUT,
                    x + 2.0 * CUT
                );
                // The way it runs, before the label.
                let arrow = format!("M{:.1} {:.1}l-5 5l5 5", x + (size.w - tag) / 2.0 - 5.0, bottom - 5.0);
                self.out.loops.push((stage, turn + &arrow));
                self.out.marks.push(label(bottom));
                self.held(block, &here, (x, y), size.w, open);
            }
            Course::Around => {
                let top = y - size.up + TAG / 2.0;
                self.out.frames.push([x + 6.0, top, size.w - 12.0, y + size.down - 2.0 - top]);
                self.out.marks.push(label(top));
                self.held(block, &here, (x, y), size.w, open);
            }
            Course::Experts => self.experts(block, here.clone(), (x, y), size, label(y - size.up + TAG / 2.0)),
            Course::Branches => {
                self.out.marks.push(label(y - size.up + TAG / 2.0));
                let rows = self.rows(&block.blocks);
                let mut top = y - rows.up;
                self.spot(&here, 0, [x + FORK / 2.0, top], block.blocks.is_empty());
                for (i, child) in block.blocks.iter().enumerate() {
                    let one = self.block(child);
                    let line = top + one.up + 3.0;
                    let from = x + FORK + (rows.w - one.w) / 2.0;
                    self.draw(stage, &part(x, from, y, line));
                    self.draw(
                        stage,
                        &format!("M{:.1} {line:.1}H{:.1}L{end:.1} {y:.1}", from + one.w, end - FORK + 8.0),
                    );
                    self.put(child, [&here[..], &[i]].concat(), (from, line), true);
                    top += one.up + one.down + 6.0;
                    self.spot(&here, i + 1, [x + FORK / 2.0, top], false);
                }
                if block.blocks.is_empty() {
                    self.line(stage, x, end, y);
                }
            }
        }
        size.w
    }

    /// What a block holds in series, in the middle of the `w` that it takes from `x` on.
    fn held(&mut self, block: &BlockSpec, here: &[usize], (x, y): (f64, f64), w: f64, open: bool) {
        let from = x + (w - self.series(&block.blocks).w) / 2.0;
        if open {
            self.line(here[0], x, from, y);
            self.line(here[0], x + w - (from - x), x + w, y);
        }
        self.list(&block.blocks, here, (from, y), open);
    }

    fn experts(&mut self, block: &BlockSpec, here: Place, (x, y): (f64, f64), size: Size, label: Mark) {
        let experts = experts(block);
        let drawn = experts.clamp(1, TRACKS);
        let half = reach(experts);
        let end = x + size.w;
        let track = |i: usize| {
            let line = if drawn > 1 { y - half + 2.0 * half * i as f64 / (drawn - 1) as f64 } else { y };
            format!("{}H{:.1}L{end:.1} {y:.1}", part(x, x + FORK, y, line), end - FORK + 8.0)
        };
        let inner = self.series(&block.blocks);
        let from = x + (size.w - inner.w) / 2.0;
        let mut at = from;
        for child in &block.blocks {
            let w = self.block(child).w;
            self.out.plates.push([at, y - half - 8.0, w, 2.0 * half + 16.0]);
            at += w + GAP;
        }
        self.out.fans.push(Fan {
            place: here.clone(),
            tracks: (0..drawn).map(track).collect(),
            experts,
            foot: (x + size.w / 2.0, y + half + 20.0),
        });
        self.out.marks.push(label);
        self.list(&block.blocks, &here, (from, y), false);
    }
}

/// A track that parts from the line `y` at `x` and runs at `line` up to `to`.
fn part(x: f64, to: f64, y: f64, line: f64) -> String {
    format!("M{x:.1} {y:.1}L{:.1} {line:.1}H{to:.1}", x + FORK - 8.0)
}

fn experts(block: &BlockSpec) -> usize {
    match block.block.settings.get("experts") {
        Some(engine::registry::Setting::Int(n)) => usize::try_from(*n).unwrap_or(1).max(1),
        Some(_) | None => 4,
    }
}

/// How far the outermost of so many tracks lie from the line.
fn reach(experts: usize) -> f64 {
    let drawn = experts.clamp(1, TRACKS) as f64;
    (drawn - 1.0) / 2.0 * (110.0 / drawn).clamp(4.5, 13.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::track::kinds::Kinds;

    fn kinds() -> Kinds {
        Kinds::of(crate::catalogue::catalogue().blocks)
    }

    fn count(list: &[BlockSpec]) -> usize {
        list.iter().map(|b| 1 + count(&b.blocks)).sum()
    }

    /// Every preset: each block has one mark, no two boxes overlap, all lies on the sheet, and the marks of a list are in
    /// its order.
    #[test]
    fn nothing_lies_on_anything_else() {
        let kinds = kinds();
        for make in engine::presets::PRESETS {
            let preset = make();
            for room in [300.0, 1400.0] {
                let all = layout(&preset.spec.stages, &kinds, room);
                let blocks: usize = preset.spec.stages.iter().map(|s| count(s)).sum();
                assert_eq!(all.marks.len(), blocks, "{}", preset.name);
                for (i, a) in all.marks.iter().enumerate() {
                    assert!(a.x >= 0.0 && a.x + a.w <= all.width && a.y >= 0.0 && a.y + a.h <= all.height, "{a:?}");
                    for b in &all.marks[i + 1..] {
                        let apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
                        assert!(apart, "{}: {a:?} {b:?}", preset.name);
                    }
                }
                assert!(all.width >= room);
                assert!(all.stages.windows(2).all(|w| (w[0].1 - w[1].0).abs() < 1e-9));
            }
        }
    }

    /// Every list has a spot before each of its blocks and one after the last.
    #[test]
    fn every_place_can_be_dropped_at() {
        let preset = engine::presets::PRESETS.iter().map(|make| make()).find(|p| p.name == "Experts on characters");
        let spec = preset.map(|p| p.spec).unwrap_or_else(|| engine::presets::default().spec);
        let all = layout(&spec.stages, &kinds(), 1000.0);
        for place in [vec![0], vec![1], vec![1, 0], vec![1, 1], vec![1, 1, 1]] {
            let list = crate::tree::list(&spec, &place).map_or(0, Vec::len);
            let spots: Vec<usize> = all.spots.iter().filter(|s| s.place == place).map(|s| s.at).collect();
            assert_eq!(spots, (0..=list).collect::<Vec<_>>(), "{place:?}");
        }
    }
}
