//! Derivatives as graph transformations.
//!
//! [`vjp`] walks the graph backwards under a [`Backward`] policy; [`jvp`] is made from it: the vjp is linear in its
//! cotangent, so the vjp of the vjp is the forward derivative, and what only the symbol needed falls away as dead.

use std::collections::HashMap;

use crate::ir::{Graph, Value};
use crate::ops::{Op, Primitive};

/// How an error travels back through one node. The default is the operation's own rule; feedback alignment, surrogate
/// gradients and straight-through estimators are policies.
pub trait Backward {
    /// The cotangents of `y`'s arguments given that of `y`, or `None` to leave it to the operation.
    fn pull(&self, _g: &mut Graph, _y: Value, _ct: Value) -> Option<Vec<Option<Value>>> {
        None
    }
}

/// Backpropagation: every operation by its own rule.
pub struct Exact;

impl Backward for Exact {}

/// Backpropagation that also passes [`Detach`](crate::ops::shape::Detach): the gradient that a learning rule which
/// detaches its stages does without.
pub struct Through;

impl Backward for Through {
    fn pull(&self, g: &mut Graph, y: Value, ct: Value) -> Option<Vec<Option<Value>>> {
        matches!(g.node(y).op, Op::Detach(_)).then(|| vec![Some(ct)])
    }
}

/// Cotangents of `wrt`, given those of `seeds` (each of its value's shape). `None` where nothing reaches.
pub fn vjp(g: &mut Graph, seeds: &[(Value, Value)], wrt: &[Value], how: &dyn Backward) -> Vec<Option<Value>> {
    let Some(last) = seeds.iter().map(|s| s.0).max() else { return vec![None; wrt.len()] };
    let size = last.index() + 1;

    // Only nodes that depend on `wrt` are worth a cotangent.
    let mut depends = vec![false; size];
    for w in wrt.iter().filter(|w| w.index() < size) {
        depends[w.index()] = true;
    }
    for i in 0..size {
        depends[i] = depends[i] || g.node(Value(i as u32)).args.iter().any(|a| depends[a.index()]);
    }

    let mut cts: HashMap<Value, Value> = HashMap::new();
    for &(v, ct) in seeds {
        accumulate(g, &mut cts, v, ct);
    }
    for i in (0..size).rev().filter(|&i| depends[i]) {
        let y = Value(i as u32);
        let Some(&ct) = cts.get(&y) else { continue };
        let node = g.node(y).clone();
        if node.args.is_empty() {
            continue;
        }
        let path = g.path(y).to_owned();
        let pulled = g.scoped_as(&path, |g| how.pull(g, y, ct).unwrap_or_else(|| node.op.vjp(g, y, &node.args, ct)));
        for (a, ct) in node.args.iter().zip(pulled) {
            if let Some(ct) = ct.filter(|_| depends[a.index()]) {
                accumulate(g, &mut cts, *a, ct);
            }
        }
    }
    wrt.iter().map(|w| cts.get(w).copied()).collect()
}

fn accumulate(g: &mut Graph, cts: &mut HashMap<Value, Value>, v: Value, ct: Value) {
    let sum = match cts.get(&v) {
        Some(&old) => g.add(old, ct),
        None => ct,
    };
    cts.insert(v, sum);
}

/// The derivative of `y` when each value of `tangents` moves along its tangent (of the same shape); `None` when `y`
/// does not depend on them.
pub fn jvp(g: &mut Graph, y: Value, tangents: &[(Value, Value)], how: &dyn Backward) -> Option<Value> {
    let shape = g.shape(y).clone();
    let symbol = g.symbol(shape);
    let wrt: Vec<_> = tangents.iter().map(|t| t.0).collect();
    let pulled = vjp(g, &[(y, symbol)], &wrt, how);
    let seeds: Vec<_> = pulled.iter().zip(tangents).filter_map(|(p, t)| p.map(|p| (p, t.1))).collect();
    vjp(g, &seeds, &[symbol], &Exact)[0]
}

/// `ys` built again, bottom up: each node they depend on, with its new arguments, is what `change` makes of it.
fn rebuilt(g: &mut Graph, ys: &[Value], change: &dyn Fn(&mut Graph, Value, Value) -> Value) -> Vec<Value> {
    let mut now: HashMap<Value, Value> = HashMap::new();
    for v in g.live(ys) {
        let node = g.node(v).clone();
        let args: Vec<Value> = node.args.iter().map(|a| now.get(a).copied().unwrap_or(*a)).collect();
        let path = g.path(v).to_owned();
        let new = g.scoped_as(&path, |g| {
            let same = if args == node.args { v } else { g.push(node.op, &args) };
            change(g, v, same)
        });
        if new != v {
            now.insert(v, new);
        }
    }
    ys.iter().map(|y| now.get(y).copied().unwrap_or(*y)).collect()
}

/// Each of `ys` as it would be if every value named first in `new` were the one beside it (of the same shape).
pub fn replaced(g: &mut Graph, ys: &[Value], new: &[(Value, Value)]) -> Vec<Value> {
    rebuilt(g, ys, &|_, v, same| new.iter().find(|n| n.0 == v).map_or(same, |n| n.1))
}

/// `y` as it would be if each value of `moves` were greater by its move (of the same shape): what [`jvp`] is the
/// derivative of. Values that several moves reach feel all of them.
pub fn moved(g: &mut Graph, y: Value, moves: &[(Value, Value)]) -> Value {
    rebuilt(g, &[y], &|g, v, same| moves.iter().filter(|m| m.0 == v).fold(same, |sum, m| g.add(sum, m.1)))[0]
}

/// Gradients of the scalar `loss` with respect to `wrt`; zeros where it does not depend on them.
pub fn gradients(g: &mut Graph, loss: Value, wrt: &[Value], how: &dyn Backward) -> Vec<Value> {
    let one = g.constant(1.0);
    let pulled = vjp(g, &[(loss, one)], wrt, how);
    wrt.iter()
        .zip(pulled)
        .map(|(&w, p)| {
            p.unwrap_or_else(|| {
                let zero = g.constant(0.0);
                let shape = g.shape(w).clone();
                g.broadcast(zero, shape)
            })
        })
        .collect()
}
