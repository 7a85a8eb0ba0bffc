//! A rule at work on a small network, for all tests of rules.

use std::rc::Rc;

use engine::data::Answer;
use engine::exec::oracle::Oracle;
use engine::ir::{Graph, Program, SlotId, Stmt, Value};
use engine::lesson::{Batch, Learn, Lesson};
use engine::net::{Clock, Net, Node};
use engine::ops::Tensor;
use engine::optim::{OPTIMIZERS, Recipe, SCHEDULES};
use engine::registry::{Knobs, Setting, Settings, find};
use engine::rules::{Loss, RULES, Rule, Task};

use crate::support::{self, *};

/// A rule at work on a small network.
pub struct Bench {
    pub g: Graph,
    pub net: Net,
    pub task: Task,
    pub rule: &'static dyn Rule,
    pub knobs: Knobs,
    pub clock: Clock,
    pub step: SlotId,
    pub batch: Batch,
}

impl Bench {
    pub fn new(rule: &str, settings: &[(&str, Setting)], net: Net, input: &[usize], batch: usize) -> Self {
        let rule = find(RULES, rule, "").unwrap();
        let given: Settings = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        let knobs = Knobs::resolve(rule.knobs(), &given, "rule").unwrap();
        let task =
            Task { input: input.into(), outputs: net.outputs, answer: Answer::Class, loss: Loss::CrossEntropy, batch };
        let mut g = Graph::new();
        let (step, clock) = clock(&mut g);
        let x = support::input(&mut g, "x", &[&[batch], input].concat());
        let labels = support::input(&mut g, "labels", &[batch]);
        let (x, labels) = (g.read(x), g.read(labels));
        let target = g.one_hot(labels, task.outputs);
        Self { g, net, task, rule, knobs, clock, step, batch: Batch { x, labels, target } }
    }

    pub fn with<T>(&mut self, f: impl FnOnce(&mut Learn) -> T) -> T {
        let (net, task, knobs) = (&self.net, &self.task, &self.knobs);
        f(&mut Learn { g: &mut self.g, net, task, knobs, clock: self.clock })
    }

    pub fn fits(&self) -> Result<(), String> {
        self.rule.fits(&self.net, &self.task, &self.knobs).map_err(|d| d.to_string())
    }

    pub fn learn(&mut self) -> Lesson {
        self.fits().unwrap();
        let (rule, batch) = (self.rule, self.batch);
        let lesson = self.with(|cx| rule.learn(cx, batch));
        assert!(self.g.faults().is_empty(), "{:?}", self.g.faults());
        for update in &lesson.updates {
            assert_eq!(*self.g.shape(update.gradient), self.g.slot(update.slot).shape);
        }
        lesson
    }

    pub fn registers(&self) -> Oracle {
        let mut oracle = registers(&self.g);
        let n = self.task.batch;
        let labels = (0..n).map(|i| (i * 7 % self.task.outputs) as f64).collect();
        oracle.write(self.slot("labels"), Tensor::new([n], labels));
        oracle
    }

    /// The registers when the step's own tick begins.
    pub fn prepared(&self, lesson: &Lesson) -> Oracle {
        let mut oracle = self.registers();
        self.prepare(lesson, &mut oracle);
        oracle
    }

    /// Runs what comes before the step's own tick.
    pub fn prepare(&self, lesson: &Lesson, oracle: &mut Oracle) {
        oracle.run(&Program::new(std::rc::Rc::new(self.g.clone()), "before", lesson.before.clone()));
    }

    /// Writes what the rule keeps from step to step, and no weight that has an update.
    pub fn remember(&self, lesson: &Lesson, oracle: &mut Oracle) {
        let body = vec![Stmt::Tick(lesson.writes.clone())];
        oracle.run(&Program::new(std::rc::Rc::new(self.g.clone()), "remember", body));
    }

    /// The step counter one step on, below 2¹⁶.
    pub fn advanced(&mut self) -> Value {
        let halves = [1.0, 0.0].map(|v| {
            let v = self.g.constant(v);
            self.g.reshape(v, [1])
        });
        let one = self.g.concat(&halves, 0);
        self.g.add(self.clock.step, one)
    }

    pub fn slot(&self, name: &str) -> SlotId {
        self.g.find_slot(name).unwrap_or_else(|| panic!("no register {name}"))
    }

    /// What the lesson has for the weight of this name.
    pub fn update(&self, lesson: &Lesson, name: &str) -> Value {
        lesson.updates.iter().find(|u| self.g.slot(u.slot).name == name).unwrap().gradient
    }
}

/// Number of the stage, counted from 1, that a register belongs to: a weight of the network's, or one of the rule's own
/// that has the stage's number in its name.
pub fn stage_of(name: &str) -> Option<usize> {
    let name = name.strip_prefix("rule/").unwrap_or(name);
    let digits = name.split(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty())?;
    digits.parse().ok()
}

pub fn hidden(units: i64) -> Vec<Node> {
    vec![linear(units), activation("tanh")]
}

pub fn read_out() -> Vec<Node> {
    vec![linear(0)]
}

/// A rule on a network of `layers` hidden layers of `width` units, of the first kind that it fits: plain ones of tanh,
/// of relu, or all but the first with a way past them.
pub fn fitting(
    rule: &str,
    settings: &[(&str, Setting)],
    width: i64,
    layers: usize,
    classes: usize,
    input: &[usize],
    batch: usize,
) -> Bench {
    let relu = || vec![linear(width), activation("relu")];
    let past = || vec![node("residual", &[], hidden(width))];
    let plain = |layer: &dyn Fn() -> Vec<Node>| (0..layers).map(|_| layer()).chain([read_out()]).collect::<Vec<_>>();
    let mut residual = plain(&past);
    residual[0] = hidden(width);
    let kinds = [plain(&|| hidden(width)), plain(&relu), residual];
    let mut faults = Vec::new();
    for stages in kinds {
        let bench = Bench::new(rule, settings, net(classes, stages), input, batch);
        match bench.fits() {
            Ok(()) => return bench,
            Err(fault) => faults.push(fault),
        }
    }
    panic!("{rule} fits no network: {faults:?}")
}

/// Points around the corners of a square; opposite corners are of one class. None is learnt by a linear read-out.
pub fn corners() -> (Vec<f64>, Vec<f64>) {
    let noise = numbers(5, 64);
    let point = |i: usize| {
        let (a, b) = ((i % 2) as f64, (i / 2 % 2) as f64);
        ([2.0 * a - 1.0 + 0.3 * noise[2 * i], 2.0 * b - 1.0 + 0.3 * noise[2 * i + 1]], f64::from(u8::from(a != b)))
    };
    let points: Vec<_> = (0..32).map(point).collect();
    (points.iter().flat_map(|p| p.0).collect(), points.iter().map(|p| p.1).collect())
}

/// Share of right answers after `steps` steps of Adam.
pub fn taught(rule: &str, settings: &[(&str, Setting)], net: Net, steps: u32) -> f64 {
    trained(Bench::new(rule, settings, net, &[2], 32), steps)
}

/// The same of a bench whose batch holds 32 points of the plane.
pub fn trained(mut bench: Bench, steps: u32) -> f64 {
    let lesson = bench.learn();
    let recipe = Recipe {
        optimizer: find(OPTIMIZERS, "adam", "").unwrap(),
        knobs: Knobs::defaults(find(OPTIMIZERS, "adam", "").unwrap().knobs()),
        schedule: find(SCHEDULES, "constant", "").unwrap(),
        schedule_knobs: Knobs::default(),
        rate: 0.02,
        clip: 0.0,
    };
    let mut writes = recipe.step_aged(&mut bench.g, bench.clock, &lesson.updates, &lesson.ages);
    writes.extend(&lesson.writes);
    let one = input(&mut bench.g, "one", &[2]);
    let one_read = bench.g.read(one);
    let next = bench.g.add(bench.clock.step, one_read);
    writes.push((bench.step, next));
    let (rule, x) = (bench.rule, bench.batch.x);
    let logits = bench.with(|cx| rule.predict(cx, x));
    let guess = bench.g.arg_max(logits);
    let hit = bench.g.eq(guess, bench.batch.labels);
    let accuracy = bench.g.mean_all(hit);
    let mut oracle = bench.registers();
    let (points, labels) = corners();
    oracle.write(bench.slot("x"), Tensor::new([32, 2], points));
    oracle.write(bench.slot("labels"), Tensor::new([32], labels));
    oracle.write(one, Tensor::new([2], vec![1.0, 0.0]));
    let mut body = lesson.before.clone();
    body.push(Stmt::Tick(writes));
    body.extend(lesson.after.clone());
    let program = Program::new(std::rc::Rc::new(bench.g.clone()), "step", body);
    let faults = engine::check::check(&program);
    assert!(faults.is_empty(), "{faults:?}");
    (0..steps).for_each(|_| oracle.run(&program));
    oracle.values(&bench.g, &[accuracy])[0].data[0]
}

/// A program of one step under `optimizer`, with nothing but what the rule and the optimizer write, and the counter.
pub fn step(bench: &mut Bench, lesson: &Lesson, optimizer: &str, settings: &[(&str, Setting)], rate: f64) -> Program {
    let optimizer = find(OPTIMIZERS, optimizer, "").unwrap();
    let given: Settings = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    let recipe = Recipe {
        optimizer,
        knobs: Knobs::resolve(optimizer.knobs(), &given, "").unwrap(),
        schedule: find(SCHEDULES, "constant", "").unwrap(),
        schedule_knobs: Knobs::default(),
        rate,
        clip: 0.0,
    };
    let mut writes = recipe.step(&mut bench.g, bench.clock, &lesson.updates);
    writes.extend(&lesson.writes);
    let next = bench.advanced();
    writes.push((bench.step, next));
    let mut body = lesson.before.clone();
    body.push(Stmt::Tick(writes));
    Program::new(Rc::new(bench.g.clone()), "step", body)
}

/// What the register of this name holds.
pub fn data(bench: &Bench, oracle: &Oracle, name: &str) -> Vec<f64> {
    oracle.read(bench.slot(name)).data.clone()
}

/// The gradient of every update, by the name of its weight.
pub fn gradients(bench: &Bench, oracle: &Oracle, lesson: &Lesson) -> Vec<(String, Vec<f64>)> {
    let values: Vec<Value> = lesson.updates.iter().map(|u| u.gradient).collect();
    let tensors = oracle.values(&bench.g, &values);
    let named = lesson.updates.iter().zip(tensors);
    named.map(|(u, t)| (bench.g.slot(u.slot).name.clone(), t.data)).collect()
}

/// The cosine of the angle between two vectors.
pub fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
