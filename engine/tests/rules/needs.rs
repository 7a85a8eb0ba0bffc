//! What a rule says that it needs is what its program shows: whose weights the first stage's updates depend on, how the
//! longest chain of work and the memory grow with depth.

use std::collections::HashSet;
use std::rc::Rc;

use engine::ir::{Graph, Program, Role, SlotId, Stmt, Value};
use engine::lesson::Lesson;
use engine::net::Mode;
use engine::ops::Op;
use engine::plan::compile;
use engine::registry::Knobs;
use engine::rules::RULES;

use crate::bench::*;
use crate::support::*;

/// Every node that `roots` depend on, also through registers that the lesson itself writes.
fn behind(g: &Graph, lesson: &Lesson, roots: &[Value]) -> HashSet<Value> {
    let mut writes: Vec<(SlotId, Value)> = lesson.writes.clone();
    let before = Program::new(Rc::new(g.clone()), "before", lesson.before.clone());
    for (_, tick) in before.ticks() {
        writes.extend(tick);
    }
    let mut known: HashSet<Value> = HashSet::new();
    let mut open = roots.to_vec();
    while !open.is_empty() {
        let new: Vec<Value> = g.live(&open).into_iter().filter(|v| known.insert(*v)).collect();
        let read = |v: &Value| if let Op::Read(r) = &g.node(*v).op { Some(r.slot) } else { None };
        let slots: Vec<SlotId> = new.iter().filter_map(read).collect();
        open = writes.iter().filter(|w| slots.contains(&w.0)).map(|w| w.1).collect();
    }
    known
}

/// A network of tanh layers of `width` units.
fn deep(rule: &str, stages: usize, width: i64, batch: usize) -> (Bench, Lesson) {
    let mut layers: Vec<_> = (1..stages).map(|_| hidden(width)).collect();
    layers.push(read_out());
    let mut bench = Bench::new(rule, &[], net(3, layers), &[4], batch);
    let lesson = bench.learn();
    (bench, lesson)
}

#[test]
fn the_first_stage_depends_on_what_is_said() {
    for rule in RULES {
        let id = rule.meta().id;
        let needs = rule.needs(&Knobs::defaults(rule.knobs()));
        let (bench, lesson) = deep(id, 5, 6, 4);
        let g = &bench.g;
        let set = lesson.writes.iter().filter(|w| g.slot(w.0).role == Role::Param).copied();
        let moved = lesson.updates.iter().map(|u| (u.slot, u.gradient)).chain(set);
        let first: Vec<Value> = moved.filter(|m| g.slot(m.0).name.starts_with("1/")).map(|m| m.1).collect();
        let all = behind(g, &lesson, &first);
        let weight = |v: Value| match &g.node(v).op {
            Op::Read(r) if g.slot(r.slot).role == Role::Param => Some(g.slot(r.slot).name.clone()),
            _ => None,
        };
        let later = |v: Value| weight(v).is_some_and(|name| !name.starts_with("1/"));
        let global = all.iter().any(|&v| later(v));
        let labels = all.contains(&bench.batch.labels);
        let transposed = all.iter().any(|&v| match &g.node(v).op {
            Op::MatMul(m) => (m.tb && later(g.node(v).args[1])) || (m.ta && later(g.node(v).args[0])),
            Op::Transpose(_) => later(g.node(v).args[0]),
            _ => false,
        });
        assert_eq!(needs.global_error, global, "{id}: the first stage depends on later ones");
        assert_eq!(needs.labels_at_stages, labels && !global, "{id}: the first stage is told the labels");
        assert_eq!(needs.transposed_weights, transposed, "{id}: transposes of later weights");
    }
}

/// Samples of a batch where costs are held against depth.
const SAMPLES: usize = 128;

/// Span of a step; and floats that it keeps at its fullest moment: temporaries, and registers that it writes a row for
/// each sample into.
fn grown(rule: &str, stages: usize) -> (f64, f64) {
    let (mut bench, lesson) = deep(rule, stages, 16, SAMPLES);
    let mut tick: Vec<(SlotId, Value)> = Vec::new();
    for update in &lesson.updates {
        let rate = bench.g.constant(0.01);
        let weight = bench.g.read(update.slot);
        let change = bench.g.mul(rate, update.gradient);
        tick.push((update.slot, bench.g.sub(weight, change)));
    }
    tick.extend(&lesson.writes);
    let mut body = lesson.before;
    body.push(Stmt::Tick(tick));
    let graph = Rc::new(bench.g);
    let program = Program::new(graph.clone(), "step", body);
    let span = engine::cost::figures(&program).span;
    let plan = compile(&graph, std::slice::from_ref(&program));
    let written: HashSet<SlotId> = program.ticks().iter().flat_map(|t| t.1.iter().map(|w| w.0)).collect();
    let rows = written.iter().map(|&slot| &graph.slot(slot).shape).filter(|s| s.contains(&SAMPLES));
    let rows: usize = rows.map(|s| s.size()).sum();
    (span as f64, (plan.programs[0].peak + rows) as f64)
}

/// Span of the rule's own forward pass.
fn forward(rule: &str, stages: usize) -> f64 {
    let (mut bench, _) = deep(rule, stages, 16, SAMPLES);
    let (rule, x, out) = (bench.rule, bench.batch.x, input(&mut bench.g, "out", &[SAMPLES, 3]));
    let logits = bench.with(|cx| rule.forward(cx, Mode::Train, x)).logits();
    let program = Program::new(Rc::new(bench.g), "forward", vec![Stmt::Tick(vec![(out, logits)])]);
    engine::cost::figures(&program).span as f64
}

#[test]
fn depth_costs_what_is_said() {
    const SHALLOW: usize = 6;
    const DEEP: usize = 12;
    let more = (DEEP - SHALLOW) as f64;
    for rule in RULES {
        let id = rule.meta().id;
        let needs = rule.needs(&Knobs::defaults(rule.knobs()));
        let pass = forward(id, DEEP) - forward(id, SHALLOW);
        let (shallow, deep) = (grown(id, SHALLOW), grown(id, DEEP));
        let span = (deep.0 - shallow.0) / pass;
        let parallel = span < 1.3;
        assert_eq!(needs.parallel_stages, parallel, "{id}: a deeper network waits {span:.2} forward passes longer");
        let kept = (deep.1 - shallow.1) / more / (SAMPLES as f64 * 16.0);
        assert_eq!(needs.stored_activities, kept > 0.5, "{id}: each stage more keeps {kept:.2} of its activities");
    }
}
