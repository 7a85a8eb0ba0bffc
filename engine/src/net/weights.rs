//! Weights that are made in other ways than as registers of their own, and weights as a part of the network uses them.

use std::rc::Rc;

use super::Build;
use crate::ir::{Graph, Init, Shape, SlotId, Value};

/// Makes the weight of this full name and shape that would begin so.
pub(super) type Maker = Rc<dyn Fn(&mut Graph, &str, &Shape, Init) -> Value>;

impl Build<'_> {
    /// `part`, in which each weight is what `make` gives for its full name, its shape and its initial values, and no
    /// register. What is frozen inside `part` still is one.
    pub fn computed<T>(
        &mut self,
        make: impl Fn(&mut Graph, &str, &Shape, Init) -> Value + 'static,
        part: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outer = (self.maker.replace(Rc::new(make)), std::mem::replace(&mut self.frozen, false));
        let out = part(self);
        (self.maker, self.frozen) = outer;
        out
    }

    /// `part`, and the weights that it used and that learn.
    pub fn used<T>(&mut self, part: impl FnOnce(&mut Self) -> T) -> (T, Vec<SlotId>) {
        let outer = std::mem::take(&mut self.params);
        let out = part(self);
        let used = std::mem::replace(&mut self.params, outer);
        for &slot in &used {
            if !self.params.contains(&slot) {
                self.params.push(slot);
            }
        }
        (out, used)
    }
}
