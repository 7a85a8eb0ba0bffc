//! The programs that a lens looks through: the step of the run's rule, built once more and taken apart.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{Kind, PhaseInfo, ValueInfo};
use crate::ad;
use crate::check::check;
use crate::data::take::shapes;
use crate::data::{Answer, Data};
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Init, Program, Role, Shape, Slot, SlotId, Stmt, Value};
use crate::lab::MEMORY;
use crate::lesson::{Batch, Learn, Lesson};
use crate::net::{Clock, Exhibit, Mode, Picture};
use crate::plan::{Plan, compile};
use crate::rules::{Task, fits};
use crate::sorting::collected;
use crate::spec::Spec;
use crate::spec::resolve::{Resolved, resolve};

/// One experiment's step, taken apart.
pub struct Lens {
    pub(super) graph: Rc<Graph>,
    pub(super) plan: Rc<Plan>,
    /// Where the samples and their answers are put.
    pub(super) samples: [SlotId; 2],
    /// How many samples it looks at, and for how many steps a batch stays the same.
    pub(super) batch: usize,
    pub(super) hold: u32,
    pub(super) items: Vec<Item>,
    pub(super) phases: Vec<Phase>,
    /// Phases before the step's own tick.
    pub(super) before: usize,
}

/// A value, and where to find it.
pub(super) struct Item {
    pub info: ValueInfo,
    pub at: At,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    /// In a register, at any phase.
    Register(SlotId),
    /// In a register, once a program has run.
    Made { program: usize, slot: SlotId },
    /// What a register gains over a whole step.
    Change(SlotId),
}

/// A phase, and the program that runs it; `None` where it writes no register.
pub(super) struct Phase {
    pub info: PhaseInfo,
    pub program: Option<usize>,
}

/// A value to be named.
struct Named {
    name: String,
    kind: Kind,
    value: Value,
}

impl Lens {
    /// The step of `spec` on `data`, on a batch as the spec has it or, `alone`, on a batch of one.
    ///
    /// # Errors
    /// What keeps the rule from such a step.
    pub fn new(spec: &Spec, data: &Data, alone: bool) -> Result<Self, Vec<Diagnostic>> {
        let resolved = resolve(spec)?;
        let (net, mut task) = (resolved.net(data), resolved.task(data));
        if alone {
            task.batch = 1;
        }
        let (rule, knobs) = (resolved.rule.entry, &resolved.rule.knobs);
        fits(rule, &net, &task, knobs).map_err(|f| vec![f])?;

        let mut g = Graph::new();
        let counter = |g: &mut Graph, name: &str, role| {
            let slot = Slot { name: name.to_owned(), role, shape: Shape::from([2]), init: Init::Constant(0.0) };
            let id = g.declare(slot);
            g.read(id)
        };
        let clock = Clock { seed: counter(&mut g, "seed", Role::Knob), step: counter(&mut g, "step", Role::State) };
        let (samples, batch) = batch(&mut g, data, &task);
        let mut learn = Learn { g: &mut g, net: &net, task: &task, knobs, clock };
        let lesson = rule.learn(&mut learn, batch);
        let forward = rule.forward(&mut learn, Mode::Train, batch.x);
        let made = blocks(&learn, &forward.made, &forward.passes.iter().map(|p| p.output).collect::<Vec<_>>());
        // What routers think of a row is left to look at where the network answers, without noise.
        let answering = rule.forward(&mut learn, Mode::Eval, batch.x).exhibits;
        let exhibits = [forward.exhibits, answering].concat();
        let first = first(batch, &lesson, &made, exhibits);
        let credit = credit(&mut learn, &lesson);
        let reference = reference(&mut learn, &lesson, batch.target, &made);
        let tick = tick(&resolved, &mut g, clock, &lesson);

        let mut parts = Parts { g, bodies: Vec::new(), items: Vec::new(), phases: Vec::new() };
        parts.statements("prepare", "settle", lesson.before);
        let before = parts.phases.len();
        parts.values("forward", first);
        parts.values("credit", credit);
        parts.values("", reference);
        parts.statements("update", "update", vec![Stmt::Tick(tick)]);
        parts.statements("after the update", "after the update", lesson.after);
        parts.finish(samples, task.batch, rule.hold(knobs), before)
    }

    /// Names of what there is to see through it, and of what a step's phases are.
    pub fn values(&self) -> impl Iterator<Item = &ValueInfo> {
        self.items.iter().map(|i| &i.info)
    }

    pub fn phases(&self) -> Vec<PhaseInfo> {
        self.phases.iter().map(|p| p.info.clone()).collect()
    }

    pub fn plan(&self) -> Rc<Plan> {
        self.plan.clone()
    }
}

/// Registers for a batch, and the batch that is read from them.
fn batch(g: &mut Graph, data: &Data, task: &Task) -> ([SlotId; 2], Batch) {
    let [x, y] = shapes(data, task.batch);
    let mut declare = |name: &str, shape| {
        g.declare(Slot { name: name.to_owned(), role: Role::Input, shape, init: Init::Constant(0.0) })
    };
    let slots = [declare("lens/x", x), declare("lens/y", y)];
    let (x, labels) = (g.read(slots[0]), g.read(slots[1]));
    let target = match task.answer {
        Answer::Class | Answer::ClassAtPlaces(_) => g.one_hot(labels, task.outputs),
        Answer::Numbers => labels,
    };
    (slots, Batch { x, labels, target })
}

/// A path as registers write it.
fn written(path: &str) -> String {
    path.replace(" › ", "/")
}

/// What all blocks were given and gave, each under a name of its own, and what stages gave that are more than their blocks.
fn blocks(learn: &Learn, made: &[(String, Value, Value)], stages: &[Value]) -> Vec<(String, Value)> {
    let stages = stages.iter().enumerate().filter(|(_, v)| !made.iter().any(|m| m.2 == **v));
    let stages = stages.map(|(i, v)| ((i + 1).to_string(), vec![("output", *v)]));
    let blocks = made.iter().map(|(path, input, output)| (written(path), vec![("input", *input), ("output", *output)]));
    let mut known = BTreeSet::new();
    let mut out = Vec::new();
    for (path, values) in blocks.chain(stages) {
        if values.iter().any(|v| learn.g.is_poisoned(v.1)) {
            continue;
        }
        // A block that is passed several times, in a loop or for several labels.
        let mut name = path.clone();
        let mut turn = 1;
        while !known.insert(name.clone()) {
            turn += 1;
            name = format!("{path} ({turn})");
        }
        out.extend(values.into_iter().map(|(what, value)| (format!("{name}:{what}"), value)));
    }
    out
}

/// What the forward pass makes.
fn first(batch: Batch, lesson: &Lesson, made: &[(String, Value)], exhibits: Vec<Exhibit>) -> Vec<Named> {
    let named = |name: &str, kind, value| Named { name: name.to_owned(), kind, value };
    let mut out = vec![named("batch:x", Kind::Data, batch.x), named("batch:labels", Kind::Data, batch.labels)];
    out.extend(made.iter().map(|(name, value)| named(name, Kind::Activation, *value)));
    out.push(named("answer:logits", Kind::Activation, lesson.logits));
    out.push(named("answer:loss", Kind::Activation, lesson.loss));
    for tap in &lesson.taps {
        let of = [("load", tap.load), ("entropy", tap.entropy), ("dropped", tap.dropped)];
        out.extend(of.map(|(what, value)| named(&format!("{}:{what}", written(&tap.path)), Kind::Routing, value)));
    }
    for exhibit in exhibits {
        let what = match exhibit.picture {
            Picture::Attention => "attention",
            Picture::Gates => "gates",
            Picture::Experts(_) => "expert",
            Picture::Weights => "weights",
            Picture::Chances => "chances",
            Picture::Rectified => "rectified",
        };
        out.push(named(&format!("{}:{what}", written(&exhibit.path)), Kind::Routing, exhibit.value));
    }
    out
}

/// What the rule makes of it.
fn credit(learn: &mut Learn, lesson: &Lesson) -> Vec<Named> {
    let signals = lesson.signals.iter();
    let signals =
        signals.map(|s| Named { name: format!("{}:{}", s.stage, s.name), kind: Kind::Signal, value: s.value });
    let mut out: Vec<Named> = signals.collect();
    for (slot, value) in learn.directions(lesson) {
        out.push(Named { name: format!("{}:update", learn.g.slot(slot).name), kind: Kind::Signal, value });
    }
    out
}

/// What backpropagation would have in its place, where the loss depends on it at all.
fn reference(learn: &mut Learn, lesson: &Lesson, target: Value, made: &[(String, Value)]) -> Vec<Named> {
    let loss = learn.loss(lesson.logits, target);
    let directions = learn.directions(lesson);
    let weights = directions.iter().map(|d| (format!("{}:gradient", learn.g.slot(d.0).name), learn.g.read(d.0)));
    let mut of: Vec<(String, Value)> = weights.collect();
    let outputs = made.iter().filter_map(|(name, value)| Some((name.strip_suffix(":output")?, *value)));
    of.extend(outputs.map(|(name, value)| (format!("{name}:error"), value)));
    let wrt: Vec<Value> = of.iter().map(|o| o.1).collect();
    let one = learn.g.constant(1.0);
    let pulled = ad::vjp(learn.g, &[(loss, one)], &wrt, &ad::Through);
    let named = of.into_iter().zip(pulled);
    named.filter_map(|((name, _), value)| Some(Named { name, kind: Kind::Gradient, value: value? })).collect()
}

/// What the step writes.
fn tick(resolved: &Resolved, g: &mut Graph, clock: Clock, lesson: &Lesson) -> Vec<(SlotId, Value)> {
    let mut writes = resolved.recipe().step_aged(g, clock, &lesson.updates, &lesson.ages);
    writes.extend(&lesson.writes);
    writes
}

/// Programs, with what they show, while they are collected.
struct Parts {
    g: Graph,
    bodies: Vec<(String, Vec<Stmt>)>,
    items: Vec<Item>,
    phases: Vec<Phase>,
}

impl Parts {
    /// A program that leaves these values in registers; under a name, also a phase of the step.
    fn values(&mut self, phase: &str, values: Vec<Named>) {
        let program = self.bodies.len();
        let mut writes = Vec::new();
        for Named { name, kind, value } in values {
            let shape = self.g.shape(value).clone();
            if self.g.is_poisoned(value) || self.items.iter().any(|i| i.info.name == name) {
                continue;
            }
            let slot = Slot { name: format!("lens/{name}"), role: Role::Metric, shape, init: Init::Constant(0.0) };
            let info = ValueInfo { name, kind, shape: slot.shape.0.clone() };
            let slot = self.g.declare(slot);
            writes.push((slot, value));
            self.items.push(Item { info, at: At::Made { program, slot } });
        }
        if writes.is_empty() {
            return;
        }
        if !phase.is_empty() {
            let made = self.items.iter().filter(|i| matches!(i.at, At::Made { program: p, .. } if p == program));
            let made = made.map(|i| i.info.name.clone()).collect();
            let info = PhaseInfo { name: phase.to_owned(), times: 1, made };
            self.phases.push(Phase { info, program: None });
        }
        self.bodies.push((format!("values {program}"), vec![Stmt::Tick(writes)]));
    }

    /// A phase for each statement; `again` is what one is called that repeats.
    fn statements(&mut self, once: &str, again: &str, body: Vec<Stmt>) {
        for stmt in body {
            let (name, times, body) = match stmt {
                Stmt::Repeat { times, body } => (again, times, body),
                Stmt::Tick(_) | Stmt::When { .. } => (once, 1, vec![stmt]),
                Stmt::Emit { .. } => continue,
            };
            if matches!(body.as_slice(), [Stmt::Tick(writes)] if writes.is_empty()) {
                continue;
            }
            let mut made = Vec::new();
            self.written(&body, &mut made);
            let info = PhaseInfo { name: name.to_owned(), times, made };
            self.phases.push(Phase { info, program: Some(self.bodies.len()) });
            self.bodies.push((format!("phase {}", self.phases.len()), body));
        }
    }

    fn written(&self, body: &[Stmt], made: &mut Vec<String>) {
        for stmt in body {
            match stmt {
                Stmt::Tick(writes) => made.extend(writes.iter().map(|w| self.g.slot(w.0).name.clone())),
                Stmt::Repeat { body, .. } | Stmt::When { body, .. } => self.written(body, made),
                Stmt::Emit { .. } => {}
            }
        }
    }

    fn finish(mut self, samples: [SlotId; 2], batch: usize, hold: u32, before: usize) -> Result<Lens, Vec<Diagnostic>> {
        if !self.g.faults().is_empty() {
            return Err(self.g.faults().to_vec());
        }
        let changing: BTreeSet<String> = collected(self.phases.iter().flat_map(|p| p.info.made.iter().cloned()));
        let mut registers = Vec::new();
        for id in self.g.slot_ids() {
            let slot = self.g.slot(id);
            let kind = match slot.role {
                Role::Param => Kind::Weight,
                Role::Feedback => Kind::Feedback,
                Role::State => Kind::Memory,
                Role::Knob => Kind::Knob,
                Role::Metric if !slot.name.starts_with("lens/") => Kind::Scratch,
                Role::Metric | Role::Input => continue,
            };
            let info = ValueInfo { name: slot.name.clone(), kind, shape: slot.shape.0.clone() };
            let learns = matches!(slot.role, Role::Param | Role::Feedback) && changing.contains(&slot.name);
            registers.push(Item { info, at: At::Register(id) });
            if learns {
                let name = format!("{}:change", slot.name);
                let info = ValueInfo { name, kind: Kind::Change, shape: slot.shape.0.clone() };
                registers.push(Item { info, at: At::Change(id) });
            }
        }
        registers.append(&mut self.items);
        let graph = Rc::new(self.g);
        let programs: Vec<Program> =
            self.bodies.into_iter().map(|(name, body)| Program::new(graph.clone(), name, body)).collect();
        let faults: Vec<Diagnostic> = programs.iter().flat_map(check).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let plan = Rc::new(compile(&graph, &programs));
        let needed = 4 * plan.size as u64;
        if needed > MEMORY {
            let message =
                format!("to look inside needs {} MB of memory, the limit is {} MB", needed >> 20, MEMORY >> 20);
            return Err(vec![Diagnostic::new("microscope", message, "use fewer units, or a smaller batch")]);
        }
        Ok(Lens { graph, plan, samples, batch, hold, items: registers, phases: self.phases, before })
    }
}
