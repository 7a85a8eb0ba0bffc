//! From the values of one tick to units of work.
//!
//! Every value that must be computed begins as a unit of its own. Elementwise values then join the unit of an argument
//! when both have the same shape and no path leads from that unit through another one back to the value (the contracted
//! graph must stay free of cycles). A unit computes each of its values once and writes those that somebody outside
//! needs. Afterwards small units of one shape that do not depend on each other become one, because a dispatch costs more
//! than their work; and a reduction swallows the elementwise unit that feeds it and nobody else.
//!
//! Values of another shape are never pulled in: repeating a small value's work for every element that reads it costs
//! more than it saves. Signs and masks are the exception the other way: they are cheaper to make again from what they
//! were made from than to keep, so each reader makes its own.

use std::collections::{HashMap, HashSet};

use super::view::{Base, Ref};
use crate::ir::{Graph, SlotId, Value};
use crate::ops::scalar::Unary;
use crate::ops::{Lower, Op, Primitive};

/// Elementwise units of up to this many elements are put together even when they share nothing.
const SMALL: usize = 4096;
/// The longest elementwise program.
const LONGEST: usize = 200;

/// Work that becomes one command, or a few that fill one buffer.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Elementwise values of one shape, in order.
    Map(Vec<Value>),
    /// A reduction and the elementwise values it computes on the way.
    Reduce {
        node: Value,
        before: Vec<Value>,
    },
    Routine(Value),
    Assemble(Value),
    /// The value, which lies scattered, row-major in a buffer of its own.
    Copy(Value),
}

/// One tick, cut into units.
#[derive(Debug, Clone)]
pub struct Units<'g> {
    pub graph: &'g Graph,
    pub work: Vec<Work>,
    /// Units that must have run before each unit.
    pub needs: Vec<HashSet<usize>>,
    /// Buffer of each value that has one. Buffers are numbered in the order of `buffers`.
    places: HashMap<Value, Ref>,
    /// Unit that fills each buffer, and its length.
    pub buffers: Vec<(usize, usize)>,
    /// Buffers that hold a row-major copy of a value.
    copies: HashMap<Value, usize>,
}

/// The value behind detachments: the same numbers.
fn plain(g: &Graph, mut v: Value) -> Value {
    while let Op::Detach(_) = g.node(v).op {
        v = g.node(v).args[0];
    }
    v
}

/// A set of small numbers.
#[derive(Debug, Clone, Default, PartialEq)]
struct Bits(Vec<u64>);

impl Bits {
    fn has(&self, i: usize) -> bool {
        self.0.get(i / 64).is_some_and(|w| w >> (i % 64) & 1 == 1)
    }
    fn set(&mut self, i: usize) {
        if self.0.len() <= i / 64 {
            self.0.resize(i / 64 + 1, 0);
        }
        self.0[i / 64] |= 1 << (i % 64);
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
struct Joining<'g> {
    g: &'g Graph,
    work: Vec<Option<Work>>,
    /// Units that each unit depends on, directly or not.
    above: Vec<Bits>,
    unit_of: HashMap<Value, usize>,
    copy_of: HashMap<Value, usize>,
    /// Values that every reader makes for itself.
    remade: HashSet<Value>,
}

impl Joining<'_> {
    fn add(&mut self, work: Work, deps: &[usize]) -> usize {
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

    fn length(&self, unit: usize) -> usize {
        match &self.work[unit] {
            Some(Work::Map(values)) => values.len(),
            _ => 0,
        }
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

    fn independent(&self, a: usize, b: usize) -> bool {
        !self.above[a].has(b) && !self.above[b].has(a)
    }

    /// Puts the values of unit `b` into unit `a`; neither may depend on the other.
    fn merge(&mut self, a: usize, b: usize) {
        let Some(Work::Map(moved)) = self.work[b].take() else { return };
        for v in moved.iter().filter(|v| !self.remade.contains(v)) {
            self.unit_of.insert(*v, a);
        }
        if let Some(Work::Map(values)) = &mut self.work[a] {
            values.extend(moved);
            values.sort_unstable();
            values.dedup();
        }
        let above = std::mem::take(&mut self.above[b]);
        self.above[a].unite(&above);
        for other in &mut self.above {
            if other.has(b) {
                other.set(a);
            }
        }
        self.spread(a);
    }

    /// Units that fill what `v` reads.
    fn sources(&self, v: Value) -> Option<usize> {
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

    fn elementwise(&mut self, v: Value, args: &[Value], deps: &[usize]) {
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

    fn join_small(&mut self) {
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

/// Cuts the tick that writes `writes` into units.
pub fn fuse<'g>(g: &'g Graph, writes: &[(SlotId, Value)]) -> Units<'g> {
    let roots: Vec<Value> = writes.iter().map(|w| plain(g, w.1)).collect();
    let live = g.live(&roots);
    let mut j = Joining {
        g,
        work: Vec::new(),
        above: Vec::new(),
        unit_of: HashMap::new(),
        copy_of: HashMap::new(),
        remade: remade(g, &live, &roots),
    };
    let scattered = scattered(g, &live);
    for &v in &live {
        let node = g.node(v);
        let args: Vec<Value> = node.args.iter().map(|&a| plain(g, a)).collect();
        let mut deps: Vec<usize> = args.iter().filter_map(|&a| j.sources(a)).collect();
        let work = match node.op.lower() {
            Lower::Leaf => continue,
            Lower::View => {
                if scattered.contains(&v) {
                    copy(&mut j, args[0]);
                    let unit = j.copy_of[&args[0]];
                    j.unit_of.insert(v, unit);
                }
                continue;
            }
            Lower::Map if j.remade.contains(&v) => continue,
            Lower::Map => {
                j.elementwise(v, &args, &deps);
                continue;
            }
            Lower::Reduce => Work::Reduce { node: v, before: Vec::new() },
            Lower::Assemble => Work::Assemble(v),
            Lower::Routine => {
                let copies = args.iter().filter(|&&a| needs_copy(g, &node.op, a, &scattered));
                deps.extend(copies.map(|&a| copy(&mut j, a)).collect::<Vec<_>>());
                Work::Routine(v)
            }
        };
        let unit = j.add(work, &deps);
        j.unit_of.insert(v, unit);
    }
    // A register that takes over what is no unit's own output needs a copy of it.
    for &v in &roots {
        if !j.unit_of.contains_key(&carrier(g, v, &scattered)) {
            copy(&mut j, v);
        }
    }
    j.join_small();
    feed_reductions(&mut j, &live, &roots);
    finish(j, &live, &roots, &scattered)
}

/// Signs and masks that elementwise values alone read.
fn remade(g: &Graph, live: &[Value], roots: &[Value]) -> HashSet<Value> {
    let readers = readers(g, live);
    let cheap = |v: &Value| matches!(g.node(*v).op, Op::Unary(Unary::Step | Unary::Sign));
    let elementwise = |v: &Value| {
        readers.get(v).is_some_and(|us| {
            us.iter().all(|u| !cheap(u) && g.node(*u).op.lower() == Lower::Map && g.shape(*u) == g.shape(*v))
        })
    };
    live.iter().copied().filter(|v| cheap(v) && !roots.contains(v) && elementwise(v)).collect()
}

/// Reshaped values whose elements do not lie in order where they are: they get a buffer.
fn scattered(g: &Graph, live: &[Value]) -> HashSet<Value> {
    let mut refs: HashMap<Value, Ref> = HashMap::new();
    let mut out = HashSet::new();
    for &v in live {
        let made = match view_of(g, v, &refs) {
            Some(Ok(r)) => r,
            Some(Err(())) => {
                out.insert(v);
                Ref::whole(Base::Counting, g.shape(v))
            }
            None => Ref::whole(Base::Counting, g.shape(v)),
        };
        refs.insert(v, made);
    }
    out
}

/// The view that a view operation makes of its argument; `None` for all other operations, an error where strides cannot
/// express it.
fn view_of(g: &Graph, v: Value, refs: &HashMap<Value, Ref>) -> Option<Result<Ref, ()>> {
    let node = g.node(v);
    let x = || &refs[&plain(g, node.args[0])];
    Some(match &node.op {
        Op::Const(c) => Ok(Ref::whole(Base::Const(c.get()), &[])),
        Op::Read(r) => Ok(Ref::whole(Base::Slot(r.slot), &node.shape)),
        Op::Iota(_) => Ok(Ref::whole(Base::Counting, &node.shape)),
        Op::Detach(_) => Ok(x().clone()),
        Op::Transpose(t) => Ok(x().transposed(&t.order)),
        Op::Slice(s) => Ok(x().sliced(s.axis, s.start, s.len)),
        Op::Broadcast(_) => Ok(x().broadcast(&node.shape)),
        Op::Reshape(_) => x().reshaped(&node.shape).ok_or(()),
        _ => return None,
    })
}

/// Whether an argument must lie row-major and does not. Matrix products read any strides.
fn needs_copy(g: &Graph, op: &Op, a: Value, scattered: &HashSet<Value>) -> bool {
    let mut v = plain(g, a);
    let mut strided = false;
    loop {
        let node = g.node(v);
        match &node.op {
            Op::Const(_) => return true,
            Op::Transpose(_) | Op::Slice(_) | Op::Broadcast(_) => strided = true,
            Op::Reshape(_) if scattered.contains(&v) => break,
            Op::Reshape(_) => {}
            _ => break,
        }
        v = plain(g, node.args[0]);
    }
    strided && !matches!(op, Op::MatMul(_))
}

/// The value whose whole buffer `v` is, under another shape.
fn carrier(g: &Graph, v: Value, scattered: &HashSet<Value>) -> Value {
    let mut v = plain(g, v);
    while matches!(g.node(v).op, Op::Reshape(_)) && !scattered.contains(&v) {
        v = plain(g, g.node(v).args[0]);
    }
    v
}

fn copy(j: &mut Joining, a: Value) -> usize {
    if let Some(&u) = j.copy_of.get(&a) {
        return u;
    }
    let deps: Vec<usize> = j.sources(a).into_iter().collect();
    let unit = j.add(Work::Copy(a), &deps);
    j.copy_of.insert(a, unit);
    unit
}

/// Who reads each value, directly.
fn readers(g: &Graph, live: &[Value]) -> HashMap<Value, Vec<Value>> {
    let mut out: HashMap<Value, Vec<Value>> = HashMap::new();
    for &v in live {
        if matches!(g.node(v).op, Op::Detach(_)) {
            continue;
        }
        for &a in &g.node(v).args {
            out.entry(plain(g, a)).or_default().push(v);
        }
    }
    out
}

fn feed_reductions(j: &mut Joining, live: &[Value], roots: &[Value]) {
    let readers = readers(j.g, live);
    let copied: HashSet<Value> = j.copy_of.keys().copied().collect();
    for r in 0..j.work.len() {
        let Some(Work::Reduce { node, .. }) = j.work[r] else { continue };
        let fed = plain(j.g, j.g.node(node).args[0]);
        let Some(&source) = j.unit_of.get(&fed) else { continue };
        let Some(Work::Map(values)) = j.work[source].clone() else { continue };
        let private = values.iter().all(|v| {
            let mine = |u: &Value| values.contains(u) || (*v == fed && *u == node);
            j.remade.contains(v)
                || !roots.contains(v) && !copied.contains(v) && readers.get(v).is_none_or(|us| us.iter().all(mine))
        });
        if private {
            j.work[source] = None;
            for v in values.iter().filter(|v| !j.remade.contains(v)) {
                j.unit_of.insert(*v, r);
            }
            j.work[r] = Some(Work::Reduce { node, before: values });
        }
    }
}

fn finish<'g>(j: Joining<'g>, live: &[Value], roots: &[Value], scattered: &HashSet<Value>) -> Units<'g> {
    let g = j.g;
    let mut number = vec![usize::MAX; j.work.len()];
    let mut work = Vec::new();
    for (u, w) in j.work.into_iter().enumerate() {
        if let Some(w) = w {
            number[u] = work.len();
            work.push(w);
        }
    }
    let unit_of: HashMap<Value, usize> = j.unit_of.into_iter().map(|(v, u)| (v, number[u])).collect();
    let mut units = Units {
        graph: g,
        needs: vec![HashSet::new(); work.len()],
        work,
        places: HashMap::new(),
        buffers: Vec::new(),
        copies: HashMap::new(),
    };
    let readers = readers(g, live);
    for (a, u) in j.copy_of {
        let unit = number[u];
        units.copies.insert(a, units.buffers.len());
        units.buffers.push((unit, g.shape(a).size()));
    }
    for &v in live {
        let place = match view_of(g, v, &units.places) {
            Some(Ok(r)) => r,
            Some(Err(())) => {
                debug_assert!(scattered.contains(&v));
                let buffer = units.copies[&plain(g, g.node(v).args[0])];
                Ref::whole(Base::Buffer(buffer), g.shape(v))
            }
            None => {
                let Some(&unit) = unit_of.get(&v) else { continue };
                // Inside its unit a value needs no buffer; outside it does.
                let outside = |u: &Value| unit_of.get(u) != Some(&unit) || g.node(*u).op.lower() == Lower::View;
                let wanted = roots.contains(&v) || readers.get(&v).is_some_and(|us| us.iter().any(outside));
                let holds = match &units.work[unit] {
                    Work::Map(_) => wanted,
                    Work::Reduce { node, .. } => *node == v,
                    Work::Routine(_) | Work::Assemble(_) => true,
                    Work::Copy(_) => false,
                };
                if !holds && !units.copies.contains_key(&v) {
                    continue;
                }
                units.buffers.push((unit, g.shape(v).size()));
                Ref::whole(Base::Buffer(units.buffers.len() - 1), g.shape(v))
            }
        };
        units.places.insert(v, place);
    }
    for u in 0..units.work.len() {
        let reads = units.reads(u);
        for r in reads {
            if let Base::Buffer(b) = r.base
                && units.buffers[b].0 != u
            {
                let filler = units.buffers[b].0;
                units.needs[u].insert(filler);
            }
        }
    }
    units
}

impl Units<'_> {
    /// The value behind detachments: the same numbers.
    pub fn plain(&self, v: Value) -> Value {
        plain(self.graph, v)
    }

    /// Where a value lies.
    pub fn place(&self, v: Value) -> Option<&Ref> {
        self.places.get(&plain(self.graph, v))
    }

    /// Where a value lies row-major: its copy if it has one.
    pub fn packed(&self, v: Value) -> Option<Ref> {
        let v = plain(self.graph, v);
        match self.copies.get(&v) {
            Some(&b) => Some(Ref::whole(Base::Buffer(b), self.graph.shape(v))),
            None => self.places.get(&v).cloned(),
        }
    }

    /// The elementwise values that unit `u` computes.
    pub fn elementwise(&self, u: usize) -> &[Value] {
        match &self.work[u] {
            Work::Map(values) => values,
            Work::Reduce { before, .. } => before,
            Work::Routine(_) | Work::Assemble(_) | Work::Copy(_) => &[],
        }
    }

    /// What unit `u` reads from memory.
    pub fn reads(&self, u: usize) -> Vec<Ref> {
        let g = self.graph;
        let inner: HashSet<Value> = self.elementwise(u).iter().copied().collect();
        let args = |v: Value| g.node(v).args.iter().map(|&a| plain(g, a)).collect::<Vec<_>>();
        let outer =
            |vs: &[Value]| -> Vec<Value> { vs.iter().flat_map(|&v| args(v)).filter(|a| !inner.contains(a)).collect() };
        let values = match &self.work[u] {
            Work::Map(values) => outer(values),
            Work::Reduce { node, before } => {
                let mut all = outer(before);
                all.extend(outer(&[*node]));
                all
            }
            Work::Routine(v) => {
                let matmul = matches!(g.node(*v).op, Op::MatMul(_));
                let place =
                    |a: Value| if matmul && !self.is_const(a) { self.place(a).cloned() } else { self.packed(a) };
                return args(*v).into_iter().filter_map(place).collect();
            }
            Work::Assemble(v) => args(*v),
            Work::Copy(a) => vec![*a],
        };
        values
            .into_iter()
            .filter_map(|v| self.place(v).cloned())
            .filter(|r| !matches!(r.base, Base::Const(_)))
            .collect()
    }

    fn is_const(&self, v: Value) -> bool {
        matches!(self.place(v), Some(Ref { base: Base::Const(_), .. }))
    }
}
