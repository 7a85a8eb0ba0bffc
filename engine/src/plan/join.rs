//! Joining elementwise values into units without making a cycle among them.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::units::Work;
use crate::ir::{Graph, Value};
use crate::ops::{Lower, Op, Primitive};
use crate::sorting::Sorting as _;

/// Units over up to this many elements are put together even when they share nothing, where no larger one has to wait.
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

/// What is spared where both cannot be: a join makes one command of two, and can make a stage's activities be kept until
/// another stage has come as far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spare {
    Commands,
    Memory,
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
    fn both(&self, other: &Bits) -> Bits {
        Bits(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }
    fn within(&self, other: &Bits) -> bool {
        self.0.iter().enumerate().all(|(i, w)| w & !other.0.get(i).unwrap_or(&0) == 0)
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
    /// Units that make or read a temporary of more than [`SMALL`] elements.
    pub large: Bits,
    pub spare: Spare,
    /// Whether something was left apart to spare memory.
    pub apart: bool,
}

impl Joining<'_> {
    pub fn add(&mut self, work: Work, deps: &[usize]) -> usize {
        let mut above = Bits::default();
        for &d in deps {
            above.set(d);
            let further = self.above[d].clone();
            above.unite(&further);
        }
        let unit = self.work.len();
        let copied = if let Work::Copy(v) = work { Some(v) } else { None };
        if work.values().chain(copied).any(|v| self.is_large(v)) {
            self.large.set(unit);
        }
        self.work.push(Some(work));
        self.above.push(above);
        unit
    }

    /// Whether `v`, or what is read to make it, takes much room while it is kept.
    fn is_large(&self, v: Value) -> bool {
        let read = self.g.node(v).args.iter().filter_map(|&a| self.shown(a)).map(|(a, _)| a);
        read.chain([v]).any(|v| self.g.shape(v).size() > SMALL)
    }

    /// Whether a large unit that needs `unit` would then wait for others, if `unit` had to wait for the units `on`.
    ///
    /// All that the waiting unit reads is kept meanwhile: a stage that learns alone would wait for the next one, and keep its
    /// activities, for the sake of a few numbers. Where commands are to be spared, never.
    fn waits(&mut self, unit: usize, on: &[usize]) -> bool {
        if self.spare == Spare::Commands {
            return false;
        }
        let mut awaited = Bits::default();
        for &u in on {
            awaited.set(u);
            awaited.unite(&self.above[u]);
        }
        let awaited = awaited.both(&self.large);
        let needs = |d: &usize| self.large.has(*d) && self.above[*d].has(unit);
        let waits = (0..self.work.len()).filter(needs).any(|d| !awaited.within(&self.above[d]));
        self.apart |= waits;
        waits
    }

    /// Whether two units that do not depend on each other may become one, for all that is to come.
    pub fn may_join(&mut self, a: usize, b: usize) -> bool {
        self.independent(a, b)
            && self.length(a) + self.length(b) < LONGEST
            && !self.waits(a, &[b])
            && !self.waits(b, &[a])
    }

    /// Notes that the work of unit `b` is that of unit `a` from now on.
    pub fn hand_over(&mut self, a: usize, b: usize) {
        if self.large.has(b) {
            self.large.clear(b);
            self.large.set(a);
        }
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
            values.put_in_order();
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
        self.hand_over(a, b);
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
        self.shown(v).map(|(_, unit)| unit)
    }

    /// The computed value that `v` shows, whole or in part, and the unit that makes it.
    fn shown(&self, v: Value) -> Option<(Value, usize)> {
        let mut v = plain(self.g, v);
        loop {
            if self.remade.contains(&v) {
                v = plain(self.g, self.g.node(v).args[0]);
            }
            if let Some(&u) = self.unit_of.get(&v) {
                return Some((v, u));
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
            let others: Vec<usize> = deps.iter().copied().filter(|&d| d != unit).collect();
            let joins = closed && !self.waits(unit, &others) && home.is_none_or(|h| self.may_join(h, unit));
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
        if self.is_large(v) {
            self.large.set(home);
        }
        let own = self.own(v, args);
        if let Some(Work::Map(values)) = &mut self.work[home] {
            values.extend(own);
            values.put_in_order();
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
                if small && self.may_join(a, b) {
                    self.merge(a, b);
                }
            }
        }
    }
}
