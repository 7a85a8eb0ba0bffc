//! What is shown of an experiment before it runs: shapes, parameters, work, memory; the rule beside backpropagation.

use std::collections::HashMap;
use std::rc::Rc;

use super::{Builder, STEP};
use crate::cost::figures;
use crate::data::Data;
use crate::ir::{Graph, Program, Role, Shape, SlotId, Value};
use crate::net::{Clock, Mode, Net};
use crate::ops::{Op, Primitive};
use crate::plan::{Plan, compile};
use crate::protocol::{CostInfo, StageInfo};
use crate::rules::{RULES, Task, fits};
use crate::spec::resolve::resolve;
use crate::spec::{Choice, Spec};

/// Counted figures of one step.
pub fn cost(graph: &Graph, step: &Program, plan: &Plan, batch: usize) -> CostInfo {
    let figures = figures(step);
    let planned = &plan.programs[STEP];
    let persistent: usize = plan.roles.iter().map(|r| r.len()).sum();
    CostInfo {
        parameters: figures.parameters,
        active_parameters: active(graph, step, batch, figures.parameters),
        work: figures.work,
        span: figures.span,
        makespan: figures.makespan,
        memory: 4 * planned.peak as u64,
        order: planned.order,
        registers: 4 * persistent as u64,
        dispatches: planned.dispatches(),
    }
}

/// Parameters that one sample meets, or one place of a sequence where places are routed.
fn active(graph: &Graph, step: &Program, batch: usize, all: u64) -> u64 {
    let roots: Vec<_> = step.ticks().iter().flat_map(|(_, writes)| writes.iter().map(|w| w.1)).collect();
    all - idle(graph, &graph.live(&roots), batch).values().sum::<u64>()
}

/// The rows that there were before they were sent to experts, by the sizes of the groups they were sent to, and the path
/// of the route: the first product of an expert reads what was gathered from them.
fn sent<'a>(graph: &'a Graph, live: &[Value]) -> HashMap<Value, (usize, &'a str)> {
    let grouped = live.iter().map(|&v| graph.node(v)).filter(|n| matches!(n.op, Op::GroupedMatMul(_)));
    grouped
        .filter_map(|node| {
            let rows = graph.node(node.args[0]);
            let of = || (graph.shape(rows.args[0])[0], graph.path(node.args[0]));
            matches!(rows.op, Op::Gather(_)).then(|| (node.args[2], of()))
        })
        .collect()
}

/// How many parameters of each register one sample does not meet. An expert's weights count by the share of the experts
/// that it goes to: rows of its product over rows before they were sent × experts.
fn idle(graph: &Graph, live: &[Value], batch: usize) -> HashMap<SlotId, u64> {
    let sent = sent(graph, live);
    let mut idle = HashMap::new();
    for &v in live {
        let node = graph.node(v);
        let (table, rows, batch) = match &node.op {
            Op::GroupedMatMul(_) => {
                let before = sent.get(&node.args[2]).map_or(batch, |s| s.0);
                (node.args[1], graph.shape(node.args[0])[0], before)
            }
            Op::Gather(_) => (node.args[0], node.shape[0], batch),
            _ => continue,
        };
        let Op::Read(read) = &graph.node(table).op else { continue };
        let slot = graph.slot(read.slot);
        if slot.role != Role::Param {
            continue;
        }
        let met = (rows as f64 / (batch * slot.shape[0]).max(1) as f64).min(1.0);
        idle.insert(read.slot, (slot.shape.size() as f64 * (1.0 - met)) as u64);
    }
    idle
}

/// The paths of routes, and how many times as many rows their experts would work on if each row went to all of them.
fn spread(graph: &Graph, live: &[Value]) -> Vec<(String, f64)> {
    let sent = sent(graph, live);
    let grouped = live.iter().map(|&v| graph.node(v)).filter(|n| matches!(n.op, Op::GroupedMatMul(_)));
    let mut spread: Vec<(String, f64)> = grouped
        .filter_map(|node| {
            let (before, path) = sent.get(&node.args[2])?;
            let (rows, experts) = (graph.shape(node.args[0])[0], graph.shape(node.args[1])[0]);
            Some(((*path).to_owned(), (before * experts) as f64 / rows.max(1) as f64))
        })
        .collect();
    spread.dedup();
    spread
}

/// The same network, data and batch under backpropagation; `None` when it does not fit.
pub(super) fn backprop(spec: &Spec, data: &Data) -> Option<CostInfo> {
    let rule = RULES.first()?;
    if spec.rule.id == rule.meta().id {
        return None;
    }
    let spec = Spec { rule: Choice::new(rule.meta().id), ..spec.clone() };
    let resolved = resolve(&spec).ok()?;
    let (net, task) = (resolved.net(data), resolved.task(data));
    fits(*rule, &net, &task, &resolved.rule.knobs).ok()?;
    let mut builder = Builder::new(&resolved, &net, &task, data);
    let (body, _) = builder.step(*rule, &resolved.rule.knobs);
    let graph = Rc::new(builder.g);
    let program = Program::new(graph.clone(), "step", body);
    let plan = compile(&graph, std::slice::from_ref(&program));
    Some(cost(&graph, &program, &plan, task.batch))
}

/// Each stage and block of the network as one forward pass in series sees it: output shape of a sample, parameters and
/// those that one sample meets, and floating-point operations for one batch.
pub fn stages(net: &Net, task: &Task) -> Vec<StageInfo> {
    let mut g = Graph::new();
    let (seed, step) = (g.symbol(Shape::from([2])), g.symbol(Shape::from([2])));
    let mut x = g.symbol(Shape([&[task.batch], &task.input[..]].concat()));
    let mut build = net.build(&mut g, Mode::Train, Clock { seed, step });
    let outputs: Vec<_> = (0..net.stages.len())
        .map(|i| {
            x = net.stage(&mut build, i, x).output;
            x
        })
        .collect();
    let made = std::mem::take(&mut build.made);
    drop(build);
    let all = g.live(&outputs);
    let (idle, spread) = (idle(&g, &all, task.batch), spread(&g, &all));
    let inside = |at: &str, path: &str| at == path || at.strip_prefix(path).is_some_and(|rest| rest.starts_with(" › "));
    // How many times as much a node would do with every expert at work; the one that all rows share does its all.
    let times = |at: &str| {
        let part = |route: &str| at.strip_prefix(route).and_then(|rest| rest.strip_prefix(" › "));
        let expert = |route: &str| part(route).is_some_and(|rest| !inside(rest, "shared"));
        spread.iter().find(|(route, _)| expert(route)).map_or(1.0, |(_, times)| *times)
    };
    let info = |path: &str, output: &Shape, blocks: Vec<StageInfo>| {
        let (mut flops, mut dense) = (0, 0.0);
        for &v in all.iter().filter(|v| inside(g.path(**v), path)) {
            let node = g.node(v);
            let args: Vec<_> = node.args.iter().map(|&a| g.shape(a)).collect();
            let work = node.op.cost(&args, &node.shape).work;
            flops += work;
            dense += work as f64 * times(g.path(v));
        }
        let name = path.replace(" › ", "/") + "/";
        let own = |id: &SlotId| g.slot(*id).role == Role::Param && g.slot(*id).name.starts_with(&name);
        let own: Vec<SlotId> = g.slot_ids().filter(own).collect();
        let parameters = own.iter().map(|&id| g.slot(id).shape.size() as u64).sum::<u64>();
        StageInfo {
            output: output.iter().skip(1).copied().collect(),
            parameters,
            active_parameters: parameters - own.iter().filter_map(|id| idle.get(id)).sum::<u64>(),
            flops,
            dense_flops: dense.round() as u64,
            blocks,
        }
    };
    let inner = |stage: &str| children(stage, &made, &|path, v, blocks| info(path, g.shape(v), blocks));
    let stage = |(i, output): (usize, &Value)| {
        let name = (i + 1).to_string();
        info(&name, g.shape(*output), inner(&name))
    };
    outputs.iter().enumerate().map(stage).collect()
}

/// The blocks directly inside `path`, each with those inside it, in the order in which they were built.
fn children(
    path: &str,
    made: &[(String, Value)],
    info: &dyn Fn(&str, Value, Vec<StageInfo>) -> StageInfo,
) -> Vec<StageInfo> {
    let inside =
        |at: &str| at.strip_prefix(path).and_then(|r| r.strip_prefix(" › ")).is_some_and(|r| !r.contains(" › "));
    let mut seen = std::collections::HashSet::new();
    made.iter()
        .filter(|(at, _)| inside(at) && seen.insert(at.clone()))
        .map(|(at, v)| info(at, *v, children(at, made, info)))
        .collect()
}
