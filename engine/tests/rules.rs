//! Every rule learns; and each keeps what it promises of its updates: whose weights they depend on, and what they
//! equal.

#![allow(clippy::unwrap_used)]

mod support;

use engine::ad::{self, Exact};
use engine::exec::oracle::Oracle;
use engine::ir::{Graph, Program, Shape, SlotId, Stmt, Value};
use engine::net::{Clock, Mode, Net, Node};
use engine::ops::Tensor;
use engine::optim::{OPTIMIZERS, Recipe, SCHEDULES};
use engine::registry::{Knobs, Setting, Settings, find};
use engine::rules::{Batch, Learn, Lesson, Loss, RULES, Rule, Task};
use support::*;

/// A rule at work on a small network.
struct Bench {
    g: Graph,
    net: Net,
    task: Task,
    rule: &'static dyn Rule,
    knobs: Knobs,
    clock: Clock,
    step: SlotId,
    batch: Batch,
}

impl Bench {
    fn new(rule: &str, settings: &[(&str, Setting)], net: Net, input: &[usize], batch: usize) -> Self {
        let rule = find(RULES, rule, "").unwrap();
        let given: Settings = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        let knobs = Knobs::resolve(rule.knobs(), &given, "rule").unwrap();
        let task = Task { input: input.into(), classes: net.outputs, loss: Loss::CrossEntropy, batch };
        let mut g = Graph::new();
        let (step, clock) = clock(&mut g);
        let x = support::input(&mut g, "x", &[&[batch], input].concat());
        let labels = support::input(&mut g, "labels", &[batch]);
        let (x, labels) = (g.read(x), g.read(labels));
        let target = g.one_hot(labels, task.classes);
        Self { g, net, task, rule, knobs, clock, step, batch: Batch { x, labels, target } }
    }

    fn with<T>(&mut self, f: impl FnOnce(&mut Learn) -> T) -> T {
        let (net, task, knobs) = (&self.net, &self.task, &self.knobs);
        f(&mut Learn { g: &mut self.g, net, task, knobs, clock: self.clock })
    }

    fn fits(&self) -> Result<(), String> {
        self.rule.fits(&self.net, &self.task, &self.knobs).map_err(|d| d.to_string())
    }

    fn learn(&mut self) -> Lesson {
        self.fits().unwrap();
        let (rule, batch) = (self.rule, self.batch);
        let lesson = self.with(|cx| rule.learn(cx, batch));
        assert!(self.g.faults().is_empty(), "{:?}", self.g.faults());
        for update in &lesson.updates {
            assert_eq!(*self.g.shape(update.gradient), self.g.slot(update.slot).shape);
        }
        lesson
    }

    fn registers(&self) -> Oracle {
        let mut oracle = registers(&self.g);
        let n = self.task.batch;
        let labels = (0..n).map(|i| (i * 7 % self.task.classes) as f64).collect();
        oracle.write(self.slot("labels"), Tensor::new([n], labels));
        oracle
    }

    fn slot(&self, name: &str) -> SlotId {
        self.g.find_slot(name).unwrap_or_else(|| panic!("no register {name}"))
    }

    /// What the lesson has for the weight of this name.
    fn update(&self, lesson: &Lesson, name: &str) -> Value {
        lesson.updates.iter().find(|u| self.g.slot(u.slot).name == name).unwrap().gradient
    }
}

fn hidden(units: i64) -> Vec<Node> {
    vec![linear(units), activation("tanh")]
}

fn read_out() -> Vec<Node> {
    vec![linear(0)]
}

/// Points around the corners of a square; opposite corners are of one class. None is learnt by a linear read-out.
fn corners() -> (Vec<f64>, Vec<f64>) {
    let noise = numbers(5, 64);
    let point = |i: usize| {
        let (a, b) = ((i % 2) as f64, (i / 2 % 2) as f64);
        ([2.0 * a - 1.0 + 0.3 * noise[2 * i], 2.0 * b - 1.0 + 0.3 * noise[2 * i + 1]], f64::from(u8::from(a != b)))
    };
    let points: Vec<_> = (0..32).map(point).collect();
    (points.iter().flat_map(|p| p.0).collect(), points.iter().map(|p| p.1).collect())
}

/// Share of right answers after `steps` steps of Adam.
fn taught(rule: &str, settings: &[(&str, Setting)], net: Net, steps: u32) -> f64 {
    let mut bench = Bench::new(rule, settings, net, &[2], 32);
    let lesson = bench.learn();
    let recipe = Recipe {
        optimizer: find(OPTIMIZERS, "adam", "").unwrap(),
        knobs: Knobs::defaults(find(OPTIMIZERS, "adam", "").unwrap().knobs()),
        schedule: find(SCHEDULES, "constant", "").unwrap(),
        schedule_knobs: Knobs::default(),
        rate: 0.02,
        clip: 0.0,
    };
    let mut writes = recipe.step(&mut bench.g, bench.clock, &lesson.updates);
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
    let program = Program::new(std::rc::Rc::new(bench.g.clone()), "step", vec![Stmt::Tick(writes)]);
    let faults = engine::check::check(&program);
    assert!(faults.is_empty(), "{faults:?}");
    (0..steps).for_each(|_| oracle.run(&program));
    oracle.values(&bench.g, &[accuracy])[0].data[0]
}

#[test]
fn every_rule_learns() {
    for rule in RULES {
        let net = net(2, vec![vec![linear(12), activation("relu")], vec![linear(12), activation("relu")], read_out()]);
        let accuracy = taught(rule.meta().id, &[], net, 250);
        assert!(accuracy > 0.95, "{}: {accuracy}", rule.meta().id);
    }
}

#[test]
fn variants_learn() {
    let deep = || net(2, vec![hidden(12), hidden(12), read_out()]);
    let relu = || net(2, vec![vec![linear(16), activation("relu")], vec![linear(16), activation("relu")], read_out()]);
    let shared = taught("direct-feedback-alignment", &[("feedback", word("shared"))], deep(), 250);
    let hard = taught("forward-forward", &[("negatives", word("hard"))], relu(), 250);
    let one = net(2, vec![vec![linear(16), activation("relu")], read_out()]);
    let single = taught("forward-forward", &[], one, 250);
    let routed = || net(2, vec![vec![route(3, "top-k", &[], hidden(8))], read_out()]);
    let experts = taught("backprop", &[], routed(), 250);
    assert!(shared > 0.95 && hard > 0.95 && single > 0.95 && experts > 0.95, "{shared} {hard} {single} {experts}");
}

/// Backpropagation's updates are the differences of its loss, auxiliary losses included.
#[test]
fn backprop_follows_the_loss() {
    let routed = vec![route(3, "top-k", &[("balance", float(0.5))], vec![linear(4)]), activation("gelu")];
    let mut bench = Bench::new("backprop", &[], net(3, vec![hidden(4), routed, read_out()]), &[3], 5);
    let lesson = bench.learn();
    assert_eq!(lesson.taps.len(), 1);
    let x = bench.batch.x;
    let balance = bench.with(|cx| cx.series(Mode::Train, x)).passes[1].losses[0];
    let objective = bench.g.add(lesson.loss, balance);
    let oracle = bench.registers();
    for update in &lesson.updates {
        let got = oracle.values(&bench.g, &[update.gradient])[0].data.clone();
        for (i, got) in got.iter().enumerate() {
            let at = |by: f64| {
                let mut moved = oracle.clone();
                let mut t = oracle.read(update.slot).clone();
                t.data[i] += by;
                moved.write(update.slot, t);
                moved.values(&bench.g, &[objective])[0].data[0]
            };
            let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((got - expected).abs() < 1e-6, "{}: {got} and {expected}", bench.g.slot(update.slot).name);
        }
    }
}

/// With the transposed read-out as feedback, the last hidden stage learns as by backpropagation.
#[test]
fn true_feedback_is_backprop() {
    let build = || net(3, vec![hidden(5), hidden(4), read_out()]);
    let mut dfa = Bench::new("direct-feedback-alignment", &[], build(), &[3], 6);
    let lesson = dfa.learn();
    let target = dfa.batch.target;
    let exact = dfa.with(|cx| cx.reference(&lesson, target));
    let mut oracle = dfa.registers();
    let weight = oracle.read(dfa.slot("3/1.linear/weight")).data.clone();
    let transposed = (0..3).flat_map(|c| (0..4).map(move |h| (c, h))).map(|(c, h)| weight[h * 3 + c]).collect();
    oracle.write(dfa.slot("rule/feedback 2"), Tensor::new([3, 4], transposed));
    let mut alike = Vec::new();
    for (update, exact) in lesson.updates.iter().zip(exact) {
        let both = oracle.values(&dfa.g, &[update.gradient, exact]);
        if distance(&both[0].data, &both[1].data) < 1e-12 {
            alike.push(dfa.g.slot(update.slot).name.clone());
        }
    }
    let expected = ["2/1.linear/weight", "2/1.linear/bias", "3/1.linear/weight", "3/1.linear/bias"];
    assert_eq!(alike, expected, "the first stage alone is taught otherwise");
}

/// The reference gradient of a rule without detached stages is its own.
#[test]
fn reference_is_backprop() {
    let mut bench = Bench::new("backprop", &[], net(3, vec![hidden(5), read_out()]), &[3], 6);
    let lesson = bench.learn();
    let target = bench.batch.target;
    let exact = bench.with(|cx| cx.reference(&lesson, target));
    let oracle = bench.registers();
    for (update, exact) in lesson.updates.iter().zip(exact) {
        let both = oracle.values(&bench.g, &[update.gradient, exact]);
        assert!(distance(&both[0].data, &both[1].data) < 1e-12);
    }
}

/// The reference gradient of forward-forward is that of the task's loss, as differences give it: through all stages.
#[test]
fn reference_passes_detached_stages() {
    let mut bench = Bench::new("forward-forward", &[], net(3, vec![hidden(5), hidden(4), read_out()]), &[3], 6);
    let lesson = bench.learn();
    let target = bench.batch.target;
    let exact = bench.with(|cx| cx.reference(&lesson, target));
    let oracle = bench.registers();
    let slot = bench.slot("1/1.linear/weight");
    let i = lesson.updates.iter().position(|u| u.slot == slot).unwrap();
    let got = oracle.values(&bench.g, &[exact[i]])[0].data[0];
    let at = |by: f64| {
        let mut moved = oracle.clone();
        let mut t = oracle.read(slot).clone();
        t.data[0] += by;
        moved.write(slot, t);
        moved.values(&bench.g, &[lesson.loss])[0].data[0]
    };
    let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
    assert!((got - expected).abs() < 1e-7 && expected.abs() > 1e-5, "{got} and {expected}");
}

#[test]
fn forward_forward_is_local() {
    let mut bench =
        Bench::new("forward-forward", &[], net(3, vec![hidden(6), hidden(5), hidden(4), read_out()]), &[4], 6);
    let lesson = bench.learn();
    for update in &lesson.updates {
        let own = bench.g.slot(update.slot).name.split('/').next().unwrap().to_owned();
        for other in &lesson.updates {
            let name = bench.g.slot(other.slot).name.clone();
            let weight = bench.g.read(other.slot);
            let shape = bench.g.shape(update.gradient).clone();
            let ct = input(&mut bench.g, "ct", &[]);
            let ct = bench.g.read(ct);
            let ct = bench.g.broadcast(ct, shape);
            let reaches = ad::vjp(&mut bench.g, &[(update.gradient, ct)], &[weight], &Exact)[0].is_some();
            assert!(!reaches || name.starts_with(&own), "stage {own} depends on {name} by more than its input");
        }
    }
}

/// What the network answers, and what its read-out learns from, does not depend on the label's place in the input.
#[test]
fn forward_forward_hides_the_label() {
    for input in [vec![4], vec![3, 3, 1]] {
        let mut bench = Bench::new("forward-forward", &[], net(3, vec![hidden(6), hidden(5), read_out()]), &input, 6);
        let lesson = bench.learn();
        let oracle = bench.registers();
        let mut other = oracle.clone();
        other.write(bench.slot("labels"), Tensor::new([6], vec![2.0, 2.0, 1.0, 0.0, 0.0, 1.0]));
        let head = bench.update(&lesson, "3/1.linear/weight");
        let before = oracle.values(&bench.g, &[lesson.logits, head]);
        let after = other.values(&bench.g, &[lesson.logits, head]);
        assert_eq!(before[0], after[0]);
        assert_ne!(before[1], after[1]);
        if input.len() == 3 {
            // The first three pixels hold the label: what stood there cannot matter.
            let mut other = oracle.clone();
            let mut x = oracle.read(bench.slot("x")).clone();
            x.data[..3].fill(9.0);
            other.write(bench.slot("x"), x);
            assert_eq!(other.values(&bench.g, &[lesson.logits])[0], before[0]);
        }
    }
}

/// A stage that hands on its strength lets the next one read the answer off it; a normalised one does not.
#[test]
fn normalising_hides_the_strength() {
    for normalise in [true, false] {
        let settings = [("normalise", Setting::Bool(normalise))];
        let net = net(3, vec![vec![linear(6), activation("relu")], vec![linear(5)], read_out()]);
        let mut bench = Bench::new("forward-forward", &settings, net, &[4], 6);
        let lesson = bench.learn();
        let weight = bench.slot("1/1.linear/weight");
        let oracle = bench.registers();
        let mut stronger = oracle.clone();
        let mut w = oracle.read(weight).clone();
        w.data.iter_mut().for_each(|v| *v *= 3.0);
        stronger.write(weight, w);
        let update = bench.update(&lesson, "2/1.linear/weight");
        let both = (oracle.values(&bench.g, &[update]), stronger.values(&bench.g, &[update]));
        assert_eq!(distance(&both.0[0].data, &both.1[0].data) < 1e-5, normalise);
    }
}

#[test]
fn rules_refuse_with_a_reason() {
    let refused = |rule: &str, net: Net, what: &str| {
        let message = Bench::new(rule, &[], net, &[3], 4).fits().unwrap_err();
        assert!(message.contains(what), "{rule}: {message}");
    };
    let batch_norm = || vec![linear(4), node("batch-norm", &[], vec![])];
    for rule in RULES {
        let id = rule.meta().id;
        refused(id, net(2, vec![]), "");
        refused(id, net(2, vec![hidden(3), hidden(5)]), "read-out");
        refused(id, net(2, vec![vec![node("conv2d", &[], vec![])], read_out()]), "image");
    }
    refused("direct-feedback-alignment", net(2, vec![read_out()]), "two stages");
    refused("forward-forward", net(2, vec![read_out()]), "hidden stage");
    refused("forward-forward", net(2, vec![batch_norm(), read_out()]), "1: its samples");
    let nested = vec![node("residual", &[], vec![linear(3), node("batch-norm", &[], vec![])])];
    refused("forward-forward", net(2, vec![nested, read_out()]), "1: its samples");
    for rule in ["backprop", "direct-feedback-alignment"] {
        Bench::new(rule, &[], net(2, vec![batch_norm(), read_out()]), &[3], 4).fits().unwrap();
    }
}

/// Convolutional stages under every rule, with images that hold the label.
#[test]
fn rules_teach_images() {
    for rule in RULES {
        let conv = vec![node("conv2d", &[("channels", int(3))], vec![]), activation("relu")];
        let pooled = vec![node("max-pool", &[], vec![]), linear(6), activation("relu")];
        let mut bench = Bench::new(rule.meta().id, &[], net(3, vec![conv, pooled, read_out()]), &[4, 4, 1], 5);
        let lesson = bench.learn();
        assert_eq!(lesson.updates.len(), 6);
        let all: Vec<Value> = lesson.updates.iter().map(|u| u.gradient).collect();
        let oracle = bench.registers();
        for (update, t) in lesson.updates.iter().zip(oracle.values(&bench.g, &all)) {
            let moved = t.data.iter().any(|v| *v != 0.0);
            assert!(moved && t.data.iter().all(|v| v.is_finite()), "{}", bench.g.slot(update.slot).name);
        }
        assert_eq!(*bench.g.shape(lesson.loss), Shape::default());
    }
}
