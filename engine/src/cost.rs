//! What a program costs, counted exactly before it runs.

mod makespan;

use std::collections::{BTreeMap, HashSet};

use crate::ir::{Graph, Program, Role, Value};
use crate::ops::{Op, Primitive};

/// Counted figures of one replay of a program, before fusion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Floating-point operations.
    pub work: u64,
    /// Operations on the longest chain of dependent ones.
    pub span: u64,
    /// Operations until the last stage is through, when each has a worker of its own: see `cost/makespan.rs`.
    pub makespan: u64,
    /// Bytes read and written if every value went through memory once.
    pub traffic: u64,
    /// Weights of the network that the program touches.
    pub parameters: u64,
    /// Work by the first part of the path of the block that asked for it.
    pub by_stage: BTreeMap<String, u64>,
}

/// Floating-point operations that `roots` need.
pub fn work(g: &Graph, roots: &[Value]) -> u64 {
    let of = |v: Value| {
        let node = g.node(v);
        let args: Vec<_> = node.args.iter().map(|&a| g.shape(a)).collect();
        node.op.cost(&args, &node.shape).work
    };
    g.live(roots).into_iter().map(of).sum()
}

/// Counts one replay of `program`. Ticks follow each other, so their spans add up.
pub fn figures(program: &Program) -> Figures {
    let g = &program.graph;
    let mut out = Figures::default();
    let mut params = HashSet::new();
    for (times, writes) in program.ticks() {
        let roots: Vec<_> = writes.iter().map(|w| w.1).collect();
        let mut reach = vec![0; g.len()];
        let mut longest = 0;
        for v in g.live(&roots) {
            let node = g.node(v);
            if let Op::Read(r) = &node.op
                && g.slot(r.slot).role == Role::Param
            {
                params.insert(r.slot);
            }
            let args: Vec<_> = node.args.iter().map(|&a| g.shape(a)).collect();
            let cost = node.op.cost(&args, &node.shape);
            let before = node.args.iter().map(|a| reach[a.index()]).max().unwrap_or(0);
            reach[v.index()] = before + cost.span;
            longest = longest.max(reach[v.index()]);
            out.work += times * cost.work;
            if cost.work > 0 {
                let stage = g.path(v).split(" › ").next().unwrap_or_default();
                *out.by_stage.entry(stage.to_owned()).or_default() += times * cost.work;
                let elements = node.shape.size() + args.iter().map(|s| s.size()).sum::<usize>();
                out.traffic += times * 4 * elements as u64;
            }
        }
        out.span += times * longest;
        out.makespan += times * makespan::makespan(g, &roots);
    }
    out.parameters = params.iter().map(|&s| g.slot(s).shape.size() as u64).sum();
    out
}
