//! Reductions of a plan, prepared once and run many times.

use std::cell::RefCell;

use super::commands::{PreparedOutput, split, with_scratch};
use super::elementwise::{Arena, BLOCK, Elementwise, Results};
use kernels::{reduce, vmath};

use crate::ops::reduce::Kind;
use crate::plan::{Instr, Reduce, View};

thread_local! {
    /// Results on their way through an elementwise program.
    static RESULTS: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// One of the reductions that share a pass.
#[derive(Debug, Clone, Copy)]
struct Fold {
    kind: Kind,
    result: usize,
    /// Where the terms are, when there is nothing to compute and they lie in the order of the walk.
    plain: Option<usize>,
}

impl Fold {
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
                Kind::Max => vmath::max(*d, p),
            };
        }
    }
}

/// A [`Reduce`], prepared.
#[derive(Debug, Clone)]
pub struct PreparedReduce {
    /// Results of each fold, and terms of each result.
    kept: usize,
    terms: usize,
    /// Whether the index space is walked with the terms outermost, because memory lies so.
    by_columns: bool,
    program: Elementwise,
    folds: Vec<Fold>,
    output: PreparedOutput,
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
        let results: Vec<usize> = r.folds.iter().map(|fold| fold.result).collect();
        let program = Elementwise::new(&inputs, &r.code, &results);
        let plain = |at: usize| match r.code[at] {
            Instr::Input(n) if inputs[n].is_contiguous() => Some(inputs[n].offset),
            _ => None,
        };
        let fold = |f: &crate::plan::Fold| Fold { kind: f.kind, result: f.result, plain: plain(f.result) };
        let mut folds: Vec<Fold> = r.folds.iter().map(fold).collect();
        // Wide columns are dealt out in parts; what is there as it is cannot be then.
        if by_columns && kept > BLOCK && folds.iter().any(|f| f.plain.is_none()) {
            folds.iter_mut().for_each(|f| f.plain = None);
        }
        Self { kept, terms, by_columns, program, folds, output: PreparedOutput::new(&r.output) }
    }

    pub fn run(&self, arena: &Arena) {
        let plain = self.folds.iter().all(|fold| fold.plain.is_some());
        let grain = match self.by_columns {
            false => self.rows_in_block(),
            true if plain || self.kept <= BLOCK => self.kept,
            true => BLOCK,
        };
        let work = self.kept * self.terms * (self.program.work + 1);
        split(self.kept, grain, work, &|from, to| match &self.output {
            PreparedOutput::Plain(offset) => self.part(arena, from, to, arena.write(offset + from, to - from)),
            PreparedOutput::Mapped(map) => RESULTS.with_borrow_mut(|data| {
                data.resize(data.len().max(self.folds.len() * (to - from)), 0.0);
                self.part(arena, from, to, data);
                map.part(arena, Results { data, apart: to - from, first: from }, from, to);
            }),
        });
    }

    /// Results `from .. to` of every fold, one fold behind the other.
    fn part(&self, arena: &Arena, from: usize, to: usize, out: &mut [f32]) {
        if from == to {
            return;
        }
        for (fold, out) in self.folds.iter().zip(out.chunks_exact_mut(to - from)) {
            match fold.plain {
                _ if self.terms == 0 => out.fill(fold.neutral()),
                Some(offset) if self.by_columns => {
                    fold.columns(out, arena.read(offset, self.kept * self.terms), self.terms);
                }
                Some(offset) => {
                    let a = arena.read(offset + from * self.terms, (to - from) * self.terms);
                    fold.rows(out, a, self.terms);
                }
                None => out.fill(fold.neutral()),
            }
        }
        let computed = self.folds.iter().any(|fold| fold.plain.is_none());
        match self.by_columns {
            _ if self.terms == 0 || !computed => {}
            false => self.rows(arena, from, to, out),
            true if self.kept <= BLOCK => self.columns(arena, out),
            true => self.wide_columns(arena, from, to, out),
        }
    }

    /// The computed folds, each with its part of `out`.
    fn computed<'a>(&'a self, out: &'a mut [f32], len: usize) -> impl Iterator<Item = (&'a Fold, &'a mut [f32])> {
        self.folds.iter().zip(out.chunks_exact_mut(len)).filter(|(fold, _)| fold.plain.is_none())
    }

    /// Whole rows in a block when they fit, else a row in several blocks.
    fn rows(&self, arena: &Arena, from: usize, to: usize, out: &mut [f32]) {
        with_scratch(self.program.scratch(), |scratch| {
            self.program.begin(arena, scratch, BLOCK);
            for row in (from..to).step_by(self.rows_in_block()) {
                let rows = self.rows_in_block().min(to - row);
                let (first, end) = (row * self.terms, (row + rows) * self.terms);
                for start in (first..end).step_by(BLOCK) {
                    let len = BLOCK.min(end - start);
                    self.program.block(arena, Results::default(), scratch, start, len);
                    for (fold, out) in self.computed(out, to - from) {
                        let out = &mut out[row - from..][..rows];
                        let values = self.program.result(arena, Results::default(), scratch, fold.result, start, len);
                        if self.terms <= BLOCK {
                            fold.rows(out, values, self.terms);
                        } else {
                            let mut part = [0.0];
                            fold.rows(&mut part, values, len);
                            fold.join(out, &part);
                        }
                    }
                }
            }
        });
    }

    /// Several terms of all results in a block.
    fn columns(&self, arena: &Arena, out: &mut [f32]) {
        let terms_in_block = (BLOCK / self.kept).max(1);
        with_scratch(self.program.scratch(), |scratch| {
            self.program.begin(arena, scratch, BLOCK);
            let mut part = [0.0; BLOCK];
            for term in (0..self.terms).step_by(terms_in_block) {
                let terms = terms_in_block.min(self.terms - term);
                let (start, len) = (term * self.kept, terms * self.kept);
                self.program.block(arena, Results::default(), scratch, start, len);
                for (fold, out) in self.computed(out, self.kept) {
                    let values = self.program.result(arena, Results::default(), scratch, fold.result, start, len);
                    fold.columns(&mut part[..self.kept], values, terms);
                    fold.join(out, &part[..self.kept]);
                }
            }
        });
    }

    /// One term of some results in a block.
    fn wide_columns(&self, arena: &Arena, from: usize, to: usize, out: &mut [f32]) {
        with_scratch(self.program.scratch(), |scratch| {
            self.program.begin(arena, scratch, BLOCK);
            for column in (from..to).step_by(BLOCK) {
                let len = BLOCK.min(to - column);
                for term in 0..self.terms {
                    let start = term * self.kept + column;
                    self.program.block(arena, Results::default(), scratch, start, len);
                    for (fold, out) in self.computed(out, to - from) {
                        let values = self.program.result(arena, Results::default(), scratch, fold.result, start, len);
                        fold.join(&mut out[column - from..][..len], values);
                    }
                }
            }
        });
    }

    fn rows_in_block(&self) -> usize {
        (BLOCK / self.terms.max(1)).max(1)
    }
}

/// The view with its first `kept` axes moved behind the others.
fn turned(view: &View, kept: usize) -> View {
    let turn = |v: &[usize]| [&v[kept..], &v[..kept]].concat();
    View { offset: view.offset, shape: turn(&view.shape), strides: turn(&view.strides) }
}
