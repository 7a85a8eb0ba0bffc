//! From the values of one tick to units of work.
//!
//! Every value that must be computed begins as a unit of its own. Elementwise values then join the unit of an argument
//! when both have the same shape and no path leads from that unit through another one back to the value (the contracted
//! graph must stay free of cycles). A unit computes each of its values once and writes those that somebody outside
//! needs. Afterwards small units of one shape that do not depend on each other become one, because a dispatch costs more
//! than their work (unless memory is to be spared and a large unit would then wait for another); a reduction swallows the
//! elementwise unit that feeds it and nobody else; and elementwise units that read the results of a product or a
//! reduction one by one are put at its end.
//!
//! Values of another shape are never pulled in: repeating a small value's work for every element that reads it costs
//! more than it saves. Signs and masks are the exception the other way: they are cheaper to make again from what they
//! were made from than to keep, so each reader makes its own.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::follow::{follow, join_reductions};
use super::join::{Bits, Joining, Spare, plain};
use super::units::{Units, Work};
use super::view::{Base, Ref};
use crate::ir::{Graph, SlotId, Value};
use crate::ops::scalar::Unary;
use crate::ops::{Lower, Op, Primitive};

/// Cuts the tick that writes `writes` into units.
pub(super) fn fuse<'g>(g: &'g Graph, writes: &[(SlotId, Value)], spare: Spare) -> Units<'g> {
    let roots: Vec<Value> = writes.iter().map(|w| plain(g, w.1)).collect();
    let live = g.live(&roots);
    let mut j = Joining {
        g,
        work: Vec::new(),
        above: Vec::new(),
        unit_of: HashMap::new(),
        copy_of: BTreeMap::new(),
        remade: remade(g, &live, &roots),
        large: Bits::default(),
        spare,
        apart: false,
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
            Lower::Reduce => Work::Reduce { nodes: vec![v], before: Vec::new(), after: Vec::new() },
            Lower::Assemble => Work::Assemble(v),
            Lower::Routine => {
                let copies = args.iter().filter(|&&a| needs_copy(g, &node.op, a, &scattered));
                deps.extend(copies.map(|&a| copy(&mut j, a)).collect::<Vec<_>>());
                Work::Routine { node: v, after: Vec::new() }
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
    join_reductions(&mut j);
    follow(&mut j);
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
        let Some(Work::Reduce { nodes, .. }) = &j.work[r] else { continue };
        let node = nodes[0];
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
            j.hand_over(r, source);
            for v in values.iter().filter(|v| !j.remade.contains(v)) {
                j.unit_of.insert(*v, r);
            }
            j.work[r] = Some(Work::Reduce { nodes: vec![node], before: values, after: Vec::new() });
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
        apart: j.apart,
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
                let work = &units.work[unit];
                let holds = if work.results().contains(&v) {
                    work.last().is_empty() || leaves(v, unit, &unit_of, &readers, roots)
                } else {
                    wanted && work.last().contains(&v)
                };
                if holds || units.copies.contains_key(&v) {
                    units.buffers.push((unit, g.shape(v).size()));
                    Ref::whole(Base::Buffer(units.buffers.len() - 1), g.shape(v))
                } else if work.results().contains(&v) {
                    Ref::whole(Base::Passing, g.shape(v))
                } else {
                    continue;
                }
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

/// Whether anybody but the elementwise values at the end of its own unit reads the result `v`, under whatever shape.
fn leaves(
    v: Value,
    unit: usize,
    unit_of: &HashMap<Value, usize>,
    readers: &HashMap<Value, Vec<Value>>,
    roots: &[Value],
) -> bool {
    // What has no unit is a view or made anew by each reader: whoever reads that reads `v`.
    let reads = |u: &Value| match unit_of.get(u) {
        Some(&other) => other != unit,
        None => leaves(*u, unit, unit_of, readers, roots),
    };
    roots.contains(&v) || readers.get(&v).is_some_and(|us| us.iter().any(reads))
}
