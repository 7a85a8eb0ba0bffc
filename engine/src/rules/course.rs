//! The course of a relaxation: figures of each stage, recorded iteration by iteration.

use crate::ir::{Shape, SlotId, Value};
use crate::lesson::Learn;

/// Registers that hold one figure for each iteration and stage, and how many iterations are done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    figures: SlotId,
    done: SlotId,
    iterations: usize,
}

impl Course {
    /// Of `iterations` iterations with `stages` figures each.
    pub fn new(cx: &mut Learn, iterations: usize, stages: usize) -> Self {
        let figures = cx.scratch("course", [iterations, stages]);
        let done = cx.scratch("iteration", Shape::default());
        Self { figures, done, iterations }
    }

    /// What the tick before the first iteration writes.
    pub fn begin(&self, cx: &mut Learn) -> (SlotId, Value) {
        (self.done, cx.g.constant(0.0))
    }

    /// What an iteration writes to record its `row`, one figure `[]` for each stage.
    pub fn record(&self, cx: &mut Learn, row: &[Value]) -> [(SlotId, Value); 2] {
        let row: Vec<Value> = row.iter().map(|&v| cx.g.reshape(v, [1])).collect();
        let row = cx.g.concat(&row, 0);
        let (done, so_far) = (cx.g.read(self.done), cx.g.read(self.figures));
        let numbers = cx.g.iota(self.iterations);
        let numbers = cx.g.reshape(numbers, [self.iterations, 1]);
        let here = cx.g.eq(numbers, done);
        let one = cx.g.constant(1.0);
        [(self.figures, cx.g.select(here, row, so_far)), (self.done, cx.g.add(done, one))]
    }

    /// The figures of one stage after the last iteration: `[iterations]`.
    pub fn of(&self, cx: &mut Learn, stage: usize) -> Value {
        let figures = cx.g.read(self.figures);
        let column = cx.g.slice(figures, 1, stage, 1);
        cx.g.reshape(column, [self.iterations])
    }
}
