//! What a rule says that it needs is what its program shows: whose weights the first stage's updates depend on, how the
//! longest chain of work and the memory grow with depth.

use std::collections::HashSet;
use std::rc::Rc;

use engine::ir::{Graph, Program, Role, SlotId, Stmt, Value};
use engine::lesson::Lesson;
use engine::net::Mode;
use engine::ops::Op;
use engine::plan::compile;
use engine::registry::Setting;
use engine::rules::RULES;

use crate::bench::*;
use crate::support::*;

/// Every node that `roots` depend on, also through registers that the lesson itself writes, where the way there leads
/// `through` every node on it.
fn behind(g: &Graph, lesson: &Lesson, roots: &[Value], through: impl Fn(Value) -> bool) -> HashSet<Value> {
    let mut writes: Vec<(SlotId, Value)> = lesson.writes.clone();
    let before = Program::new(Rc::new(g.clone()), "before", lesson.before.clone());
    for (_, tick) in before.ticks() {
        writes.extend(tick);
    }
    let mut known: HashSet<Value> = HashSet::new();
    let mut open = roots.to_vec();
    while let Some(v) = open.pop() {
        if !through(v) || !known.insert(v) {
            continue;
        }
        let node = g.node(v);
        open.extend(&node.args);
        if let Op::Read(r) = &node.op {
            open.extend(writes.iter().filter(|w| w.0 == r.slot).map(|w| w.1));
        }
    }
    known
}

/// A rule and the knobs that it does not leave at their defaults.
type Case = (&'static str, Vec<(&'static str, Setting)>);

/// Every rule as it is by default, and those whose needs depend on a knob.
fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = RULES.iter().map(|rule| (rule.meta().id, Vec::new())).collect();
    for way in ["all", "earlier"] {
        cases.push(("forward-forward", vec![("collaboration", word(way))]));
    }
    cases.push(("momentum-auxiliary", vec![("ahead", word("none"))]));
    cases.push(("counter-current", vec![("clip-over", word("network"))]));
    cases
}

/// A network of layers of `width` units, of the first kind that the rule fits.
fn deep((rule, settings): &Case, stages: usize, width: i64, batch: usize) -> (Bench, Lesson) {
    let mut bench = fitting(rule, settings, width, stages - 1, 3, &[4], batch);
    let lesson = bench.learn();
    (bench, lesson)
}

#[test]
fn the_first_stage_depends_on_what_is_said() {
    for case in cases() {
        let (bench, lesson) = deep(&case, 5, 6, 4);
        let needs = bench.rule.needs(&bench.knobs);
        let g = &bench.g;
        // What the rule has of its own at the stage is the stage's too.
        let weighs = |slot: SlotId| matches!(g.slot(slot).role, Role::Param | Role::Feedback);
        let moved = lesson.updates.iter().map(|u| (u.slot, u.gradient)).chain(lesson.writes.iter().copied());
        let first: Vec<Value> =
            moved.filter(|m| weighs(m.0) && stage_of(&g.slot(m.0).name) == Some(1)).map(|m| m.1).collect();
        let all = behind(g, &lesson, &first, |_| true);
        let weight = |v: Value| match &g.node(v).op {
            Op::Read(r) if g.slot(r.slot).role == Role::Param => stage_of(&g.slot(r.slot).name),
            _ => None,
        };
        let later = |v: Value| weight(v).is_some_and(|stage| stage > 1);
        // A later weight, or what is made of one: its signs, say, or what the step has solved for in its place.
        let mirrors = |v: Value| g.live(&[v]).into_iter().any(|w| later(w) && g.shape(w) == g.shape(v));
        let global = all.iter().any(|&v| later(v));
        // Told at the stage: the labels meet what it computes, and no later stage has had a part in that.
        let own = |v: Value| match &g.node(v).op {
            Op::Read(r) => weighs(r.slot) && stage_of(&g.slot(r.slot).name) == Some(1),
            _ => false,
        };
        let labels = all.iter().any(|&v| {
            let roots: HashSet<Value> = g.live(&[v]).into_iter().collect();
            roots.contains(&bench.batch.labels) && roots.iter().any(|&r| own(r)) && !roots.iter().any(|&r| later(r))
        });
        let transposed = all.iter().any(|&v| match &g.node(v).op {
            Op::MatMul(m) => (m.tb && mirrors(g.node(v).args[1])) || (m.ta && mirrors(g.node(v).args[0])),
            Op::Transpose(_) => mirrors(g.node(v).args[0]),
            _ => false,
        });
        assert_eq!(needs.global_error, global, "{case:?}: the first stage depends on later ones");
        // Or nothing but single numbers, such as a loss or a length, comes from the read-out, which tell no stage of a label.
        let told = behind(g, &lesson, &first, |v| g.shape(v).size() > 1);
        let answer = told.iter().any(|&v| weight(v) == Some(5));
        let labels = labels || told.contains(&bench.batch.labels) && !answer;
        assert_eq!(needs.labels_at_stages, labels, "{case:?}: the first stage is told the labels");
        assert_eq!(needs.transposed_weights, transposed, "{case:?}: transposes of later weights");
    }
}

/// How a step looks from outside.
pub struct Size {
    /// How often a tick runs.
    pub ticks: u64,
    /// Span of the longest tick.
    pub span: f64,
    /// Floats kept: temporaries at the fullest moment, and what the rule itself remembers of a batch from one statement
    /// or step to the next.
    pub kept: f64,
    /// Floats in the arena that hold temporaries: what an executor allocates for them.
    pub room: f64,
}

/// Large enough for a stage's activities to be more than the planner would make at once with those of another stage. The
/// scores of a head are less than that.
pub const BATCH: usize = 2048;
/// Wide enough for a stage's activities to be more than what the planner keeps of its inputs and of labels with noise.
pub const WIDTH: i64 = 32;

/// A step of plain descent, with `stages` stages of [`WIDTH`] units and [`BATCH`] samples.
pub fn step(rule: &'static str, settings: &[(&'static str, Setting)], stages: usize) -> Size {
    let (mut bench, lesson) = deep(&(rule, settings.to_vec()), stages, WIDTH, BATCH);
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
    body.extend(lesson.after);
    let remembered = bench.g.slots().iter().filter(|s| {
        s.name.starts_with("rule/") && matches!(s.role, Role::State | Role::Metric) && s.shape.contains(&BATCH)
    });
    let remembered: usize = remembered.map(|s| s.shape.size()).sum();
    let graph = Rc::new(bench.g);
    let program = Program::new(graph.clone(), "step", body);
    let ticks = program.ticks();
    let alone = |writes: &[(SlotId, Value)]| {
        let tick = Program::new(graph.clone(), "tick", vec![Stmt::Tick(writes.to_vec())]);
        engine::cost::figures(&tick).span
    };
    let span = ticks.iter().map(|t| alone(t.1)).max().unwrap() as f64;
    let plan = compile(&graph, std::slice::from_ref(&program));
    let kept = (plan.programs[0].peak + remembered) as f64;
    let room = (plan.size - plan.constants.0 - plan.constants.1.len()) as f64;
    Size { ticks: ticks.iter().map(|t| t.0).sum(), span, kept, room }
}

/// Span of the rule's own forward pass.
fn forward(case: &Case, stages: usize) -> f64 {
    let (mut bench, _) = deep(case, stages, WIDTH, BATCH);
    let (rule, x, out) = (bench.rule, bench.batch.x, input(&mut bench.g, "out", &[BATCH, 3]));
    let logits = bench.with(|cx| rule.forward(cx, Mode::Train, x)).logits();
    let program = Program::new(Rc::new(bench.g), "forward", vec![Stmt::Tick(vec![(out, logits)])]);
    engine::cost::figures(&program).span as f64
}

#[test]
fn depth_costs_what_is_said() {
    const SHALLOW: usize = 6;
    const DEEP: usize = 12;
    let more = (DEEP - SHALLOW) as f64;
    let mut wrong = Vec::new();
    for case in cases() {
        let (bench, _) = deep(&case, SHALLOW, WIDTH, BATCH);
        let needs = bench.rule.needs(&bench.knobs);
        let pass = forward(&case, DEEP) - forward(&case, SHALLOW);
        let (shallow, deep) = (step(case.0, &case.1, SHALLOW), step(case.0, &case.1, DEEP));
        // Ticks hand over through registers; none that is as long as a forward pass has a credit wait for another. A
        // rule that leaves the hidden stages out has a forward pass that depth does not lengthen.
        let span = (deep.span - shallow.span) / pass.max(1.0);
        let parallel = span < 1.3 && deep.ticks == shallow.ticks;
        if needs.parallel_stages != parallel {
            wrong.push(format!("{case:?}: a deeper network waits {span:.2} forward passes longer"));
        }
        let kept = (deep.kept - shallow.kept) / more / (BATCH as f64 * WIDTH as f64);
        if needs.stored_activities != (kept > 0.5) {
            wrong.push(format!("{case:?}: each stage more keeps {kept:.2} of its activities"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is allocated grows as what is counted: backpropagation's with every stage, that of stages which learn alone by
/// next to nothing.
#[test]
fn the_arena_of_local_rules_is_constant_in_depth() {
    let growth = |rule| {
        let [shallow, deep] = [6, 12].map(|stages| step(rule, &[], stages).room);
        deep / shallow
    };
    assert!(growth("backprop") > 1.6, "{}", growth("backprop"));
    for rule in [
        "mono-forward",
        "local-classifiers",
        "lls",
        "scalable-forward-forward",
        "counter-current",
        "momentum-auxiliary",
    ] {
        assert!(growth(rule) < 1.2, "{rule}: {}", growth(rule));
    }
}
