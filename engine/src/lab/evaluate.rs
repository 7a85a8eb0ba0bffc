//! Loss and accuracy of a run on both splits, a chunk of samples at a time.

use super::{Builder, Samples, rows};
use crate::data::Answer;
use crate::ir::{Shape, SlotId, Stmt, Value};
use crate::registry::Knobs;
use crate::rules::Rule;

/// Answers of each split that are looked at, and at once: samples, or places in them.
const MOST: usize = 2000;
const CHUNK: usize = 250;
/// Of samples with many places, which tell more, so many are enough.
const FEWEST: usize = 64;

/// How a run is evaluated.
pub(super) struct Evaluation {
    /// Name and body of each program: to begin, and for a chunk of each split.
    pub parts: Vec<(String, Vec<Stmt>)>,
    /// Numbers of the programs, in the order in which they run.
    pub sequence: Vec<usize>,
    /// Registers of loss and accuracy of each split.
    pub scores: [[SlotId; 2]; 2],
    /// Counts, for each class of the test split, the answers given: `[C, C]`.
    pub confusion: Option<SlotId>,
}

impl Builder<'_> {
    /// The evaluation, whose programs will be numbered from `first` on.
    pub(super) fn evaluate(&mut self, rule: &dyn Rule, knobs: &Knobs, first: usize) -> Evaluation {
        let classes = self.task.outputs;
        let counted = match self.task.answer {
            Answer::Class => true,
            Answer::ClassAtPlaces(_) | Answer::Numbers => false,
        };
        let confusion = counted.then(|| self.metric("evaluate/confusion", Shape::from([classes, classes])));
        let zero = self.g.constant(0.0);
        let none = self.g.broadcast(zero, [classes, classes]);
        let mut begin: Vec<_> = confusion.into_iter().map(|slot| (slot, none)).collect();
        let mut parts = Vec::new();
        let mut sequence = vec![first];
        let (train, test) = (self.registers.train, self.registers.test);
        let scores = [("train", train, None), ("test", test, confusion)].map(|(name, samples, counts)| {
            let (chunk, chunks, slots) = self.split(rule, knobs, name, samples, counts);
            begin.extend(slots.map(|slot| (slot, zero)));
            parts.push((format!("evaluate {name}"), vec![Stmt::Tick(chunk)]));
            sequence.extend(std::iter::repeat_n(first + parts.len(), chunks));
            [slots[0], slots[1]]
        });
        parts.insert(0, ("evaluate".to_owned(), vec![Stmt::Tick(begin)]));
        Evaluation { parts, sequence, scores, confusion }
    }

    /// What a chunk writes, how many chunks there are, and the registers of loss, accuracy and chunks done.
    fn split(
        &mut self,
        rule: &dyn Rule,
        knobs: &Knobs,
        name: &str,
        samples: Samples,
        confusion: Option<SlotId>,
    ) -> (Vec<(SlotId, Value)>, usize, [SlotId; 3]) {
        let places = match self.task.answer {
            Answer::Class | Answer::Numbers => 1,
            Answer::ClassAtPlaces(places) => places.max(1),
        };
        let len = samples.len.min((MOST / places).max(FEWEST));
        let chunk = len.clamp(1, (CHUNK / places).max(FEWEST));
        let slots =
            ["loss", "accuracy", "chunk"].map(|m| self.metric(&format!("evaluate/{name}/{m}"), Shape::default()));
        let [loss, accuracy, turn] = slots;

        let done = self.g.read(turn);
        let size = self.g.constant(chunk as f32);
        let first = self.g.mul(done, size);
        let offsets = self.g.iota(chunk);
        let index = self.g.add(first, offsets);
        let end = self.g.constant(len as f32);
        // Rows beyond the end read zeros and count nothing.
        let counts_row = self.g.lt(index, end);
        // Windows side by side show much the same; those looked at lie all over the series.
        let spread = if samples.window.is_some() { samples.len / len.max(1) } else { 1 };
        let chosen = if spread > 1 { self.g.scale(index, spread as f32) } else { index };
        let batch = rows(&mut self.g, samples, chosen, self.task);
        let logits = rule.predict(&mut self.learn(knobs), batch.x);
        let hit = self.marks(logits, batch.labels);
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
            let answer = self.g.one_hot(answer, self.task.outputs);
            let column = self.g.reshape(counts_row, [chunk, 1]);
            let truth = self.g.mul(batch.target, column);
            let seen = self.g.matmul_t(truth, answer, true, false);
            let so_far = self.g.read(counts);
            writes.push((counts, self.g.add(so_far, seen)));
        }
        (writes, len.div_ceil(chunk), slots)
    }
}
