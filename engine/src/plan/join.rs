//! Joining elementwise values into units without making a cycle among them.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::units::Work;
use crate::ir::{Graph, Value};
use crate::ops::{Lower, Op, Primitive};

/// Units over up to this many elements are put together even when they share nothing.
pub(super) const SMALL: usize = 4096;
/// The longest elementwise program.
pub(super) const LONGEST: usize = 200;

/// The value behind detachments: the same numbers.
pub(super) fn plain(g: &Graph, mut v: Value) -> Value {
    while let Op::Detach(_) = g.node(v).op {
        v = g.node(v).args[0];
    }
    v
}

/// A set of small numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn has(&self, i: usize) -> bool {
        self.0.get(i / 64).is_some_and(|w| w >> (i % 64) & 1 == 1)
    }
    fn set(&mut self, i: usize) {
        if self.0.len() <= i / 64 {
            self.0.resize(i / 64 + 1, 0);
        }
        self.0[i / 64] |= 1 << (i % 64);
    }
    fn clear(&mut self, i: usize) {
        if let Some(w) = self.0.get_mut(i / 64) {
            *w &= !(1 << (i % 64));
        }
    }
    fn unite(&mut self, other: &Bits) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a |= b;
        }
    }
}

/// Units while they are being joined.
pub(super) struct Joining<'g> {
    pub g: &'g Graph,
    pub work: Vec<Option<Work>>,
    /// Units that each unit depends on, directly or not.
    pub above: Vec<Bits>,
    pub unit_of: HashMap<Value, usize>,
    /// In the order of the values: buffers are numbered by it, and a plan is the same each time it is made.
    pub copy_of: BTreeMap<Value, usize>,
    /// Values that every reader makes for itself.
    pub remade: HashSet<Value>,
}

impl Joining<'_> {
    pub fn add(&mut self, work: Work, deps: &[usize]) -> usize {
        let mut above = Bits::default();
        for &d in deps {
            above.set(d);
            let further = self.above[d].clone();
            above.unite(&further);
        }
        self.work.push(Some(work));
        self.above.push(above);
        self.work.len() - 1
    }

    fn map_shape(&self, unit: usize) -> Option<&[usize]> {
        match &self.work[unit] {
            Some(Work::Map(values)) => Some(self.g.shape(values[0])),
            _ => None,
        }
    }

    /// Elementwise values that a unit computes, at most.
    pub fn length(&self, unit: usize) -> usize {
        match &self.work[unit] {
            Some(Work::Map(values)) => values.len(),
            Some(Work::Reduce { before, after, .. }) => before.len().max(after.len()),
            Some(Work::Routine { after, .. }) => after.len(),
            Some(Work::Assemble(_) | Work::Copy(_)) | None => 0,
        }
    }

    /// What a unit that is no elementwise one makes.
    pub fn results(&self, unit: usize) -> &[Value] {
        self.work[unit].as_ref().map_or(&[], Work::results)
    }

    /// Whoever depends on `unit` depends on all that `unit` depends on.
    fn spread(&mut self, unit: usize) {
        let above = self.above[unit].clone();
        for other in &mut self.above {
            if other.has(unit) {
                other.unite(&above);
            }
        }
    }

    pub fn independent(&self, a: usize, b: usize) -> bool {
        !self.above[a].has(b) && !self.above[b].has(a)
    }

    /// Puts what unit `b` does into unit `a`: at its end if `b` is elementwise and `a` is not, else beside it, and then
    /// neither may depend on the other.
    pub fn merge(&mut self, a: usize, b: usize) {
        let Some(moved) = self.work[b].take() else { return };
        for v in moved.values().filter(|v| !self.remade.contains(v)) {
            self.unit_of.insert(v, a);
        }
        let join = |values: &mut Vec<Value>, more: Vec<Value>| {
            values.extend(more);
            values.sort_unstable();
            values.dedup();
        };
        match (&mut self.work[a], moved) {
            (
                Some(Work::Map(values) | Work::Reduce { after: values, .. } | Work::Routine { after: values, .. }),
                Work::Map(more),
            ) => join(values, more),
            (
                Some(Work::Reduce { nodes, before, after }),
                Work::Reduce { nodes: more_nodes, before: more_before, after: more_after },
            ) => {
                join(nodes, more_nodes);
                join(before, more_before);
                join(after, more_after);
            }
            (into, moved) => unreachable!("{moved:?} joins {into:?}"),
        }
        let above = std::mem::take(&mut self.above[b]);
        self.above[a].unite(&above);
        self.above[a].clear(a);
        for other in &mut self.above {
            if other.has(b) {
                other.set(a);
            }
        }
        self.above[a].clear(a);
        self.spread(a);
    }

    /// Units that fill what `v` reads.
    pub fn sources(&self, v: Value) -> Option<usize> {
        let mut v = plain(self.g, v);
        loop {
            if self.remade.contains(&v) {
                v = plain(self.g, self.g.node(v).args[0]);
            }
            if let Some(&u) = self.unit_of.get(&v) {
                return Some(u);
            }
            match self.g.node(v).op.lower() {
                Lower::View => v = plain(self.g, self.g.node(v).args[0]),
                _ => return None,
            }
        }
    }

    /// The elementwise values that `v` brings along: those it makes for itself, and itself.
    fn own(&self, v: Value, args: &[Value]) -> Vec<Value> {
        let mut own: Vec<Value> = args.iter().copied().filter(|a| self.remade.contains(a)).collect();
        own.push(v);
        own
    }

    pub fn elementwise(&mut self, v: Value, args: &[Value], deps: &[usize]) {
        let shape = self.g.shape(v);
        let mut home: Option<usize> = None;
        for &a in args {
            let Some(&unit) = self.unit_of.get(&a) else { continue };
            let fits = self.map_shape(unit) == Some(&**shape) && home != Some(unit);
            if !fits {
                continue;
            }
            let closed = deps.iter().all(|&d| d == unit || Some(d) == home || !self.above[d].has(unit));
            let joins = match home {
                None => closed,
                Some(h) => closed && self.independent(h, unit) && self.length(h) + self.length(unit) < LONGEST,
            };
            if !joins || self.length(unit) >= LONGEST {
                continue;
            }
            match home {
                None => home = Some(unit),
                Some(h) => self.merge(h, unit),
            }
        }
        let Some(home) = home else {
            let unit = self.add(Work::Map(self.own(v, args)), deps);
            self.unit_of.insert(v, unit);
            return;
        };
        // A dependency that leads back to the home would be a cycle: then `v` starts a unit of its own.
        let deps: Vec<usize> = args.iter().filter_map(|&a| self.sources(a)).filter(|&d| d != home).collect();
        if deps.iter().any(|&d| self.above[d].has(home)) {
            let mut all = deps;
            all.push(home);
            let unit = self.add(Work::Map(self.own(v, args)), &all);
            self.unit_of.insert(v, unit);
            return;
        }
        for d in deps {
            self.above[home].set(d);
            let further = self.above[d].clone();
            self.above[home].unite(&further);
        }
        let own = self.own(v, args);
        if let Some(Work::Map(values)) = &mut self.work[home] {
            values.extend(own);
            values.sort_unstable();
            values.dedup();
        }
        self.unit_of.insert(v, home);
        self.spread(home);
    }

    pub fn join_small(&mut self) {
        let maps: Vec<usize> = (0..self.work.len()).filter(|&u| self.map_shape(u).is_some()).collect();
        for (i, &a) in maps.iter().enumerate() {
            for &b in &maps[i + 1..] {
                let (Some(sa), Some(sb)) = (self.map_shape(a), self.map_shape(b)) else { continue };
                let small = sa == sb && sa.iter().product::<usize>() <= SMALL;
                if small && self.independent(a, b) && self.length(a) + self.length(b) < LONGEST {
                    self.merge(a, b);
                }
            }
        }
    }
}
