//! Maps of a plan, prepared once and run many times, and what commands of all kinds share.

use std::cell::RefCell;

use super::elementwise::{Arena, BLOCK, Elementwise, Results, scatter};
use kernels::pool;

use crate::plan::{Map, Output, View};

/// Below this many element-instructions a second core costs more than it gains.
const SPLIT: usize = 1 << 15;

thread_local! {
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f` on this thread's scratch of at least `len` floats.
#[inline(always)]
pub fn with_scratch<T>(len: usize, f: impl FnOnce(&mut [f32]) -> T) -> T {
    SCRATCH.with_borrow_mut(|s| {
        if s.len() < len {
            s.resize(len, 0.0);
        }
        f(s)
    })
}

/// Runs `f` on the ranges of `0..len` that are multiples of `grain` long, on all cores when `work` pays for it.
#[inline(always)]
pub fn split(len: usize, grain: usize, work: usize, f: &(dyn Fn(usize, usize) + Sync)) {
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
        split(self.len, BLOCK, work, &|from, to| self.part(arena, Results::default(), from, to));
    }

    /// Elements `from .. to` of the index space, of which `results` holds what the program finishes.
    pub fn part(&self, arena: &Arena, results: Results, from: usize, to: usize) {
        with_scratch(self.program.scratch(), |scratch| {
            self.program.begin(arena, scratch, to - from);
            for start in (from..to).step_by(BLOCK) {
                let len = BLOCK.min(to - start);
                self.program.block(arena, results, scratch, start, len);
                for (i, view) in &self.outputs {
                    let result = self.program.result(arena, results, scratch, *i, start, len);
                    if view.is_contiguous() {
                        arena.write(view.offset + start, len).copy_from_slice(result);
                    } else {
                        scatter(arena, view, start, result);
                    }
                }
            }
        });
    }

    /// Asks for what elements `start .. start + len` will read, ahead of time.
    pub fn fetch(&self, arena: &Arena, start: usize, len: usize) {
        self.program.streams().for_each(|offset| arena.fetch(offset + start, len));
    }
}

/// An [`Output`], prepared.
#[derive(Debug, Clone)]
pub enum PreparedOutput {
    Plain(usize),
    Mapped(PreparedMap),
}

impl PreparedOutput {
    pub fn new(output: &Output) -> Self {
        match output {
            Output::Plain(offset) => Self::Plain(*offset),
            Output::Mapped(map) => Self::Mapped(PreparedMap::new(map)),
        }
    }
}
