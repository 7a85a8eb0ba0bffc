//! Maps and reductions of a plan, prepared once and run many times.

use std::cell::RefCell;

use super::elementwise::{Arena, BLOCK, Elementwise, scatter};
use super::{pool, reduce};
use crate::ops::reduce::Kind;
use crate::plan::{Map, Reduce, View};

/// Below this many element-instructions a second core costs more than it gains.
const SPLIT: usize = 1 << 15;

thread_local! {
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f` on this thread's scratch of at least `len` floats.
fn with_scratch<T>(len: usize, f: impl FnOnce(&mut [f32]) -> T) -> T {
    SCRATCH.with_borrow_mut(|s| {
        if s.len() < len {
            s.resize(len, 0.0);
        }
        f(s)
    })
}

/// Runs `f` on the ranges of `0..len` that are multiples of `grain` long, on all cores when `work` pays for it.
fn split(len: usize, grain: usize, work: usize, f: &(dyn Fn(usize, usize) + Sync)) {
    let grains = len.div_ceil(grain.max(1));
    if work < SPLIT || grains < 2 || pool::threads() == 1 {
        return f(0, len);
    }
    let pieces = (2 * pool::threads()).min(grains);
    pool::parallel_for(pieces, &|i| {
        let cut = |i: usize| (i * grains / pieces * grain).min(len);
        f(cut(i), cut(i + 1));
    });
}

/// A [`Map`], prepared.
#[derive(Debug, Clone)]
pub struct PreparedMap {
    len: usize,
    program: Elementwise,
    outputs: Vec<(usize, View)>,
}

impl PreparedMap {
    pub fn new(map: &Map) -> Self {
        let wanted: Vec<usize> = map.outputs.iter().map(|o| o.0).collect();
        let program = Elementwise::new(&map.inputs, &map.code, &wanted);
        Self { len: map.shape.iter().product(), program, outputs: map.outputs.clone() }
    }

    pub fn run(&self, arena: &Arena) {
        let work = self.len * (self.program.work + 1);
        split(self.len, BLOCK, work, &|from, to| {
            with_scratch(self.program.scratch(), |scratch| {
                self.program.begin(scratch, to - from);
                for start in (from..to).step_by(BLOCK) {
                    let len = BLOCK.min(to - start);
                    self.program.block(arena, scratch, start, len);
                    for (i, view) in &self.outputs {
                        let result = self.program.result(arena, scratch, *i, start, len);
                        if view.is_contiguous() {
                            arena.write(view.offset + start, len).copy_from_slice(result);
                        } else {
                            scatter(arena, view, start, result);
                        }
                    }
                }
            });
        });
    }
}

/// A [`Reduce`], prepared.
#[derive(Debug, Clone)]
pub struct PreparedReduce {
    kind: Kind,
    /// Results, and terms of each.
    kept: usize,
    terms: usize,
    /// Whether the index space is walked with the terms outermost, because memory lies so.
    by_columns: bool,
    program: Elementwise,
    result: usize,
    output: usize,
    /// The input, when there is nothing to compute and it lies in the order of the walk.
    plain: Option<usize>,
}

impl PreparedReduce {
    pub fn new(r: &Reduce) -> Self {
        let kept: usize = r.shape[..r.kept].iter().product();
        let terms: usize = r.shape[r.kept..].iter().product();
        let step = |v: &View, axis: Option<usize>| axis.map_or(0, |a| v.strides[a]);
        let inner_kept = r.kept.checked_sub(1);
        let inner_term = (r.shape.len() > r.kept).then(|| r.shape.len() - 1);
        let by_columns = kept > 1
            && r.inputs.iter().any(|v| step(v, inner_kept) == 1 && step(v, inner_term) > 1)
            && !r.inputs.iter().any(|v| step(v, inner_term) == 1 && step(v, inner_kept) > 1);
        let inputs: Vec<View> =
            if by_columns { r.inputs.iter().map(|v| turned(v, r.kept)).collect() } else { r.inputs.clone() };
        let program = Elementwise::new(&inputs, &r.code, &[r.result]);
        let plain = match (r.code.as_slice(), inputs.as_slice()) {
            ([crate::plan::Instr::Input(0)], [view]) if view.is_contiguous() => Some(view.offset),
            _ => None,
        };
        Self { kind: r.kind, kept, terms, by_columns, program, result: r.result, output: r.output.offset, plain }
    }

    fn neutral(&self) -> f32 {
        match self.kind {
            Kind::Sum => 0.0,
            Kind::Max => f32::NEG_INFINITY,
        }
    }

    fn rows(&self, dst: &mut [f32], a: &[f32], cols: usize) {
        match self.kind {
            Kind::Sum => reduce::sum_rows(dst, a, cols),
            Kind::Max => reduce::max_rows(dst, a, cols),
        }
    }

    fn columns(&self, dst: &mut [f32], a: &[f32], rows: usize) {
        match self.kind {
            Kind::Sum => reduce::sum_columns(dst, a, rows),
            Kind::Max => reduce::max_columns(dst, a, rows),
        }
    }

    fn join(&self, dst: &mut [f32], part: &[f32]) {
        for (d, &p) in dst.iter_mut().zip(part) {
            *d = match self.kind {
                Kind::Sum => *d + p,
                Kind::Max => super::vmath::max(*d, p),
            };
        }
    }

    pub fn run(&self, arena: &Arena) {
        if self.kept == 0 {
            return;
        }
        if self.terms == 0 {
            return arena.write(self.output, self.kept).fill(self.neutral());
        }
        match (self.by_columns, self.plain) {
            (false, Some(offset)) => {
                let work = self.kept * self.terms;
                split(self.kept, 1, work, &|from, to| {
                    let a = arena.read(offset + from * self.terms, (to - from) * self.terms);
                    self.rows(arena.write(self.output + from, to - from), a, self.terms);
                });
            }
            (true, Some(offset)) => {
                let a = arena.read(offset, self.kept * self.terms);
                self.columns(arena.write(self.output, self.kept), a, self.terms);
            }
            (false, None) => self.run_rows(arena),
            (true, None) => self.run_columns(arena),
        }
    }

    /// Whole rows in a block when they fit, else a row in several blocks.
    fn run_rows(&self, arena: &Arena) {
        let work = self.kept * self.terms * (self.program.work + 1);
        let rows_in_block = (BLOCK / self.terms).max(1);
        split(self.kept, rows_in_block, work, &|from, to| {
            with_scratch(self.program.scratch(), |scratch| {
                self.program.begin(scratch, BLOCK);
                for row in (from..to).step_by(rows_in_block) {
                    let rows = rows_in_block.min(to - row);
                    let out = arena.write(self.output + row, rows);
                    out.fill(self.neutral());
                    let (first, end) = (row * self.terms, (row + rows) * self.terms);
                    for start in (first..end).step_by(BLOCK) {
                        let len = BLOCK.min(end - start);
                        self.program.block(arena, scratch, start, len);
                        let values = self.program.result(arena, scratch, self.result, start, len);
                        if rows > 1 || self.terms <= BLOCK {
                            self.rows(out, values, self.terms);
                        } else {
                            let mut part = [0.0];
                            self.rows(&mut part, values, len);
                            self.join(out, &part);
                        }
                    }
                }
            });
        });
    }

    /// Several terms of all results in a block when they fit, else one term of some results.
    fn run_columns(&self, arena: &Arena) {
        let work = self.kept * self.terms * (self.program.work + 1);
        if self.kept <= BLOCK {
            let terms_in_block = (BLOCK / self.kept).max(1);
            with_scratch(self.program.scratch(), |scratch| {
                self.program.begin(scratch, BLOCK);
                let out = arena.write(self.output, self.kept);
                out.fill(self.neutral());
                let mut part = [0.0; BLOCK];
                for term in (0..self.terms).step_by(terms_in_block) {
                    let terms = terms_in_block.min(self.terms - term);
                    let (start, len) = (term * self.kept, terms * self.kept);
                    self.program.block(arena, scratch, start, len);
                    let values = self.program.result(arena, scratch, self.result, start, len);
                    self.columns(&mut part[..self.kept], values, terms);
                    self.join(out, &part[..self.kept]);
                }
            });
            return;
        }
        split(self.kept, BLOCK, work, &|from, to| {
            with_scratch(self.program.scratch(), |scratch| {
                self.program.begin(scratch, BLOCK);
                for column in (from..to).step_by(BLOCK) {
                    let len = BLOCK.min(to - column);
                    let out = arena.write(self.output + column, len);
                    out.fill(self.neutral());
                    for term in 0..self.terms {
                        let start = term * self.kept + column;
                        self.program.block(arena, scratch, start, len);
                        self.join(out, self.program.result(arena, scratch, self.result, start, len));
                    }
                }
            });
        });
    }
}

/// The view with its first `kept` axes moved behind the others.
fn turned(view: &View, kept: usize) -> View {
    let turn = |v: &[usize]| [&v[kept..], &v[..kept]].concat();
    View { offset: view.offset, shape: turn(&view.shape), strides: turn(&view.strides) }
}
