//! What a rule says that it needs is what its program shows: whose weights the first stage's updates depend on, how the
//! longest chain of work and the memory grow with depth.

use std::collections::HashSet;
use std::rc::Rc;

use engine::ir::{Graph, Program, Role, SlotId, Stmt, Value};
use engine::lesson::Lesson;
use engine::net::Mode;
use engine::ops::Op;
use engine::plan::compile;
use engine::registry::{Knobs, Setting};
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
fn deep(rule: &str, settings: &[(&str, Setting)], stages: usize, width: i64, batch: usize) -> (Bench, Lesson) {
    let mut layers: Vec<_> = (1..stages).map(|_| hidden(width)).collect();
    layers.push(read_out());
    let mut bench = Bench::new(rule, settings, net(3, layers), &[4], batch);
    let lesson = bench.learn();
    (bench, lesson)
}

#[test]
fn the_first_stage_depends_on_what_is_said() {
    for rule in RULES {
        let id = rule.meta().id;
        let needs = rule.needs(&Knobs::defaults(rule.knobs()));
        let (bench, lesson) = deep(id, &[], 5, 6, 4);
        let g = &bench.g;
        let moved = lesson.updates.iter().map(|u| (u.slot, u.gradient)).chain(lesson.writes.iter().copied());
        let of_first = |slot: SlotId| g.slot(slot).role == Role::Param && g.slot(slot).name.starts_with("1/");
        let first: Vec<Value> = moved.filter(|m| of_first(m.0)).map(|m| m.1).collect();
        let all = behind(g, &lesson, &first);
        let weight = |v: Value| match &g.node(v).op {
            Op::Read(r) if g.slot(r.slot).role == Role::Param => Some(g.slot(r.slot).name.clone()),
            _ => None,
        };
        let later = |v: Value| weight(v).is_some_and(|name| !name.starts_with("1/"));
        let global = all.iter().any(|&v| later(v));
        // Told at the stage: the labels meet what it computes, and no later stage has had a part in that.
        let own = |v: Value| weight(v).is_some_and(|name| name.starts_with("1/"));
        let labels = all.iter().any(|&v| {
            let roots: HashSet<Value> = g.live(&[v]).into_iter().collect();
            roots.contains(&bench.batch.labels) && roots.iter().any(|&r| own(r)) && !roots.iter().any(|&r| later(r))
        });
        let transposed = all.iter().any(|&v| match &g.node(v).op {
            Op::MatMul(m) => (m.tb && later(g.node(v).args[1])) || (m.ta && later(g.node(v).args[0])),
            Op::Transpose(_) => later(g.node(v).args[0]),
            _ => false,
        });
        assert_eq!(needs.global_error, global, "{id}: the first stage depends on later ones");
        assert_eq!(needs.labels_at_stages, labels, "{id}: the first stage is told the labels");
        assert_eq!(needs.transposed_weights, transposed, "{id}: transposes of later weights");
    }
}

/// How a step looks from outside.
pub struct Size {
    /// How often a tick runs.
    pub ticks: u64,
    /// Span of the longest tick.
    pub span: f64,
    /// Floats of temporaries at the fullest moment.
    pub peak: f64,
}

/// Units of a stage, so many that their activities are never joined in one command with another stage's: what small
/// networks do to save commands, at the price of memory.
pub const WIDTH: i64 = 40;

/// A step of plain descent, with `stages` stages of [`WIDTH`] units and 128 samples.
pub fn step(rule: &str, settings: &[(&str, Setting)], stages: usize) -> Size {
    let (mut bench, lesson) = deep(rule, settings, stages, WIDTH, 128);
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
    let ticks = program.ticks();
    let alone = |writes: &[(SlotId, Value)]| {
        let tick = Program::new(graph.clone(), "tick", vec![Stmt::Tick(writes.to_vec())]);
        engine::cost::figures(&tick).span
    };
    let span = ticks.iter().map(|t| alone(t.1)).max().unwrap() as f64;
    let plan = compile(&graph, std::slice::from_ref(&program));
    Size { ticks: ticks.iter().map(|t| t.0).sum(), span, peak: plan.programs[0].peak as f64 }
}

/// Span of the rule's own forward pass.
fn forward(rule: &str, stages: usize) -> f64 {
    let (mut bench, _) = deep(rule, &[], stages, WIDTH, 128);
    let (rule, x, out) = (bench.rule, bench.batch.x, input(&mut bench.g, "out", &[128, 3]));
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
        let (shallow, deep) = (step(id, &[], SHALLOW), step(id, &[], DEEP));
        // Ticks hand over through registers; none that is as long as a forward pass has a credit wait for another.
        let span = (deep.span - shallow.span) / pass;
        let parallel = span < 1.3 && deep.ticks == shallow.ticks;
        assert_eq!(needs.parallel_stages, parallel, "{id}: a deeper network waits {span:.2} forward passes longer");
        let kept = (deep.peak - shallow.peak) / more / (128.0 * WIDTH as f64);
        assert_eq!(needs.stored_activities, kept > 0.5, "{id}: each stage more keeps {kept:.2} of its activities");
    }
}
