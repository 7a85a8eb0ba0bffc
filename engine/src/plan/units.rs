//! The units of work that a tick is cut into, where their values lie, and what they read.

use std::collections::{HashMap, HashSet};

use super::follow::same_order;
use super::join::plain;
use super::view::{Base, Ref};
use crate::ir::{Graph, Value};
use crate::ops::Op;

/// Work that becomes one command, or a few that fill one buffer.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Elementwise values of one shape, in order.
    Map(Vec<Value>),
    /// Reductions over the same axes of one index space, the elementwise values that they reduce, and elementwise
    /// values of what they make.
    Reduce {
        nodes: Vec<Value>,
        before: Vec<Value>,
        after: Vec<Value>,
    },
    /// A primitive with an implementation of its own, and elementwise values of what it makes.
    Routine {
        node: Value,
        after: Vec<Value>,
    },
    Assemble(Value),
    /// The value, which lies scattered, row-major in a buffer of its own.
    Copy(Value),
}

impl Work {
    /// What it makes by other means than elementwise.
    pub fn results(&self) -> &[Value] {
        match self {
            Work::Reduce { nodes, .. } => nodes,
            Work::Routine { node, .. } | Work::Assemble(node) => std::slice::from_ref(node),
            Work::Map(_) | Work::Copy(_) => &[],
        }
    }

    /// The elementwise values on whose index space its output lies.
    pub fn last(&self) -> &[Value] {
        match self {
            Work::Map(values) => values,
            Work::Reduce { after, .. } | Work::Routine { after, .. } => after,
            Work::Assemble(_) | Work::Copy(_) => &[],
        }
    }

    /// All that it computes.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        let before: &[Value] = if let Work::Reduce { before, .. } = self { before } else { &[] };
        [before, self.results(), self.last()].into_iter().flatten().copied()
    }
}

/// One tick, cut into units.
#[derive(Debug, Clone)]
pub struct Units<'g> {
    pub graph: &'g Graph,
    pub work: Vec<Work>,
    /// Units that must have run before each unit.
    pub needs: Vec<HashSet<usize>>,
    /// Buffer of each value that has one. Buffers are numbered in the order of `buffers`.
    pub(super) places: HashMap<Value, Ref>,
    /// Unit that fills each buffer, and its length.
    pub buffers: Vec<(usize, usize)>,
    /// Whether units were left apart to spare memory.
    pub apart: bool,
    /// Buffers that hold a row-major copy of a value.
    pub(super) copies: HashMap<Value, usize>,
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

    /// Whether `v` is kept nowhere: it goes on to the last values of its own unit.
    pub fn passes(&self, v: Value) -> bool {
        matches!(self.place(v), Some(Ref { base: Base::Passing, .. }))
    }

    /// Which result of unit `u` the argument of one of its last elementwise values is.
    pub fn result(&self, u: usize, arg: Value) -> Option<usize> {
        let v = same_order(self.graph, arg);
        self.work[u].results().iter().position(|&r| r == v)
    }

    /// What unit `u` reads from memory.
    pub fn reads(&self, u: usize) -> Vec<Ref> {
        [self.walked(u), self.met(u)].concat()
    }

    /// What unit `u` reads element by element, where it writes.
    pub fn met(&self, u: usize) -> Vec<Ref> {
        let values = self.work[u].last();
        self.refs(self.outer(values).into_iter().filter(|&a| self.result(u, a).is_none()))
    }

    /// What unit `u` reads in an order of its own.
    pub fn walked(&self, u: usize) -> Vec<Ref> {
        match &self.work[u] {
            Work::Map(_) => Vec::new(),
            Work::Reduce { nodes, before, .. } => {
                let fed = self.outer(nodes).into_iter().filter(|a| !before.contains(a));
                self.refs(self.outer(before).into_iter().chain(fed))
            }
            Work::Routine { node, .. } => {
                let matmul = matches!(self.graph.node(*node).op, Op::MatMul(_));
                let place =
                    |a: Value| if matmul && !self.is_const(a) { self.place(a).cloned() } else { self.packed(a) };
                self.outer(&[*node]).into_iter().filter_map(place).collect()
            }
            Work::Assemble(v) => self.refs(self.outer(&[*v]).into_iter()),
            Work::Copy(a) => self.refs(std::iter::once(*a)),
        }
    }

    /// Arguments of `values` that are none of them.
    fn outer(&self, values: &[Value]) -> Vec<Value> {
        let args = values.iter().flat_map(|&v| self.graph.node(v).args.iter().map(|&a| self.plain(a)));
        args.filter(|a| !values.contains(a)).collect()
    }

    fn refs(&self, values: impl Iterator<Item = Value>) -> Vec<Ref> {
        let places = values.filter_map(|v| self.place(v).cloned());
        places.filter(|r| !matches!(r.base, Base::Const(_))).collect()
    }

    fn is_const(&self, v: Value) -> bool {
        matches!(self.place(v), Some(Ref { base: Base::Const(_), .. }))
    }
}
