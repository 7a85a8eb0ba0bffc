//! Loss and accuracy of a run on both splits, a chunk of samples at a time.

use super::{Builder, Samples, hits, rows};
use crate::ir::{Role, Shape, SlotId, Stmt, Value};
use crate::registry::Knobs;
use crate::rules::Rule;

/// Samples of each split that are looked at.
const MOST: usize = 2000;
/// Samples at once.
const CHUNK: usize = 250;

impl Builder<'_> {
    /// The program, the registers that hold loss and accuracy of each split, and the one that counts, for each class of
    /// the test split, the answers given: `[C, C]`.
    pub(super) fn evaluate(&mut self, rule: &dyn Rule, knobs: &Knobs) -> (Vec<Stmt>, [[SlotId; 2]; 2], SlotId) {
        let classes = self.task.classes;
        let confusion = self.metric("evaluate/confusion", Shape::from([classes, classes]));
        let mut body = Vec::new();
        let (train, test) = (self.registers.train, self.registers.test);
        let scores = [("train", train, None), ("test", test, Some(confusion))].map(|(name, samples, counts)| {
            let (part, slots) = self.split(rule, knobs, name, samples, counts);
            body.extend(part);
            slots
        });
        for (name, slot) in [("train", scores[0]), ("test", scores[1])] {
            body.extend(slot.map(|slot| Stmt::Emit { probe: name.to_owned(), slot }));
        }
        (body, scores, confusion)
    }

    fn split(
        &mut self,
        rule: &dyn Rule,
        knobs: &Knobs,
        name: &str,
        samples: Samples,
        confusion: Option<SlotId>,
    ) -> (Vec<Stmt>, [SlotId; 2]) {
        let len = samples.len.min(MOST);
        let chunk = len.clamp(1, CHUNK);
        let slots =
            ["loss", "accuracy", "chunk"].map(|m| self.metric(&format!("evaluate/{name}/{m}"), Shape::default()));
        let [loss, accuracy, turn] = slots;
        debug_assert_eq!(self.g.slot(turn).role, Role::Metric);

        let zero = self.g.constant(0.0);
        let mut reset: Vec<(SlotId, Value)> = slots.iter().map(|&s| (s, zero)).collect();
        if let Some(counts) = confusion {
            let shape = self.g.slot(counts).shape.clone();
            reset.push((counts, self.g.broadcast(zero, shape)));
        }

        let done = self.g.read(turn);
        let size = self.g.constant(chunk as f32);
        let first = self.g.mul(done, size);
        let offsets = self.g.iota(chunk);
        let index = self.g.add(first, offsets);
        let end = self.g.constant(len as f32);
        // Rows beyond the end read zeros and count nothing.
        let counts_row = self.g.lt(index, end);
        let batch = rows(&mut self.g, samples, index, self.task.classes);
        let logits = rule.predict(&mut self.learn(knobs), batch.x);
        let hit = hits(&mut self.g, logits, batch.labels);
        let hit = self.g.mul(hit, counts_row);
        let terms = self.learn(knobs).losses(logits, batch.target);
        let terms = self.g.mul(terms, counts_row);

        let share = 1.0 / len.max(1) as f32;
        let mut writes = Vec::new();
        for (slot, terms) in [(loss, terms), (accuracy, hit)] {
            let sum = self.g.total(terms);
            let part = self.g.scale(sum, share);
            let so_far = self.g.read(slot);
            writes.push((slot, self.g.add(so_far, part)));
        }
        let one = self.g.constant(1.0);
        writes.push((turn, self.g.add(done, one)));
        if let Some(counts) = confusion {
            let answer = self.g.arg_max(logits);
            let answer = self.g.one_hot(answer, self.task.classes);
            let column = self.g.reshape(counts_row, [chunk, 1]);
            let truth = self.g.mul(batch.target, column);
            let seen = self.g.matmul_t(truth, answer, true, false);
            let so_far = self.g.read(counts);
            writes.push((counts, self.g.add(so_far, seen)));
        }
        let times = len.div_ceil(chunk) as u32;
        (vec![Stmt::Tick(reset), Stmt::Repeat { times, body: vec![Stmt::Tick(writes)] }], [loss, accuracy])
    }
}
