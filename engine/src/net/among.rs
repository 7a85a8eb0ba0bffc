//! Doing for some rows what others can do without.

use super::Build;
use crate::ir::Value;
use crate::ops::rows::{Gather, ScatterAdd};
use crate::ops::sort::ArgSort;

impl Build<'_> {
    /// `part` of the `room` rows of `x [.., D]` of highest `scores [.., 1]`, those that come earlier first among equals:
    /// what it makes of them, 0 in all other places, `[.., units]`; and 1 where a row was among them, `[.., 1]`. The others
    /// cost nothing. `part` is given rows `[room, D]`, and may use only what works on each row alone.
    pub fn among(
        &mut self,
        x: Value,
        scores: Value,
        room: usize,
        part: impl FnOnce(&mut Self, Value) -> Value,
    ) -> (Value, Value) {
        let shape = self.g.shape(x).clone();
        let width = shape.last();
        let count = shape.size() / width.max(1);
        let flat = self.g.reshape(scores, [count]);
        let order = self.g.push(ArgSort { descending: true }, &[flat]);
        let order = self.g.slice(order, 0, 0, room.min(count));
        let rows = self.g.reshape(x, [count, width]);
        let rows = self.g.push(Gather, &[rows, order]);
        let outer = std::mem::replace(&mut self.apart, true);
        let y = part(self, rows);
        self.apart = outer;
        if self.g.is_poisoned(y) {
            return (y, y);
        }
        let y = self.g.push(ScatterAdd { rows: count }, &[order, y]);
        let one = self.g.constant(1.0);
        let ones = self.g.broadcast(one, [room.min(count), 1]);
        let kept = self.g.push(ScatterAdd { rows: count }, &[order, ones]);
        let mut places = shape;
        let mut put = |b: &mut Self, v: Value| {
            if let (Some(last), units) = (places.0.last_mut(), b.g.shape(v).last()) {
                *last = units;
            }
            b.g.reshape(v, places.clone())
        };
        (put(self, y), put(self, kept))
    }

    /// Whether rows are some of the batch's: then only what works on each row alone fits.
    pub fn is_apart(&self) -> bool {
        self.apart
    }
}
