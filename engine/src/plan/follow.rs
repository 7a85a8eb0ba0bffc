//! Units that run together because they meet the same numbers: reductions that share a pass, and elementwise programs
//! that take another unit's results as they come, before they ever reach memory.

use std::collections::HashSet;

use super::join::{Joining, LONGEST, SMALL, plain};
use super::units::Work;
use crate::ir::{Graph, Value};
use crate::ops::Op;
use crate::sorting::Sorting as _;

/// The value whose elements `v` shows in the same order: itself, or what it reshapes.
pub(super) fn same_order(g: &Graph, v: Value) -> Value {
    let mut v = plain(g, v);
    while matches!(g.node(v).op, Op::Reshape(_)) {
        v = plain(g, g.node(v).args[0]);
    }
    v
}

/// Whether an executor can hand each result to an elementwise program of `values`.
fn leads(g: &Graph, work: &Work, values: &[Value]) -> bool {
    let able = match work {
        Work::Reduce { .. } => true,
        Work::Routine { node, .. } => {
            matches!(g.node(*node).op, Op::MatMul(_) | Op::Conv2d(_) | Op::Conv2dInput(_) | Op::Conv2dWeight(_))
        }
        Work::Map(_) | Work::Assemble(_) | Work::Copy(_) => false,
    };
    let last = work.last();
    able && last.first().is_none_or(|&v| g.shape(v) == g.shape(values[0])) && last.len() + values.len() < LONGEST
}

/// What `values` read that is none of them.
fn outer(g: &Graph, values: &[Value]) -> HashSet<Value> {
    let args = values.iter().flat_map(|&v| g.node(v).args.iter().map(|&a| plain(g, a)));
    args.filter(|a| !values.contains(a)).collect()
}

/// Makes one pass of reductions over the same axes of one index space, where they read something in common, or so
/// little that a dispatch costs more than their work, where no large unit has to wait for it.
pub(super) fn join_reductions(j: &mut Joining) {
    let g = j.g;
    let fed = |u: usize| match &j.work[u] {
        Some(Work::Reduce { nodes, before, .. }) => {
            let node = g.node(nodes[0]);
            let Op::Reduce(op) = &node.op else { return None };
            let reads = outer(g, &[&before[..], nodes].concat());
            Some((u, op.axes.clone(), g.shape(node.args[0]).clone(), reads))
        }
        _ => None,
    };
    let mut found: Vec<_> = (0..j.work.len()).filter_map(fed).collect();
    for i in 0..found.len() {
        for k in i + 1..found.len() {
            let ((a, axes, shape, reads), (b, other_axes, other_shape, other_reads)) = (&found[i], &found[k]);
            let (a, b) = (*a, *b);
            let alike = axes == other_axes && shape == other_shape;
            let near = shape.size() <= SMALL || !reads.is_disjoint(other_reads);
            if j.work[a].is_some() && j.work[b].is_some() && alike && near && j.may_join(a, b) {
                j.merge(a, b);
                let more = found[k].3.clone();
                found[i].3.extend(more);
            }
        }
    }
}

/// Puts each elementwise unit at the end of a unit whose results it reads one by one, if nothing else that it reads
/// has to wait for that unit.
pub(super) fn follow(j: &mut Joining) {
    for m in 0..j.work.len() {
        let Some(Work::Map(values)) = &j.work[m] else { continue };
        let g = j.g;
        let size = g.shape(values[0]).size();
        let reads: Vec<(Value, usize)> =
            outer(g, values).into_iter().filter_map(|a| Some((a, j.sources(a)?))).collect();
        let in_order = |u: usize| {
            let made = j.results(u);
            reads
                .iter()
                .filter(|r| r.1 == u)
                .all(|&(a, _)| g.shape(a).size() == size && made.contains(&same_order(g, a)))
        };
        let fits = |&u: &usize| {
            j.work[u].as_ref().is_some_and(|w| leads(g, w, values))
                && in_order(u)
                && reads.iter().all(|r| r.1 == u || !j.above[r.1].has(u))
        };
        // Later units first: what they need is more likely to be there already.
        let mut units: Vec<usize> = reads.iter().map(|r| r.1).collect();
        units.put_in_order_by(|a, b| b.cmp(a));
        if let Some(u) = units.into_iter().find(fits) {
            j.merge(u, m);
        }
    }
}
