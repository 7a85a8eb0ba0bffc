//! Rules that learn from how the loss answers to random directions: their mean is the gradient, their spread is what
//! theory says, and they ask for nothing else.

use engine::ad::{self, Exact};
use engine::exec::oracle::Oracle;
use engine::ir::{Program, Stmt, Value};
use engine::lesson::Lesson;
use engine::ops::Tensor;
use engine::registry::Setting;
use engine::rules::Loss;

use crate::bench::*;
use crate::needs::{BATCH, WIDTH, step};
use crate::support::*;

/// A rule on a small tanh network, and its updates and the exact gradients, each as one list.
struct Tried {
    bench: Bench,
    lesson: Lesson,
    updates: Vec<Value>,
    exact: Vec<Value>,
    before: Program,
}

fn tried(rule: &str, settings: &[(&str, Setting)]) -> Tried {
    let mut bench = Bench::new(rule, settings, net(3, vec![hidden(4), hidden(3), read_out()]), &[3], 5);
    let lesson = bench.learn();
    let target = bench.batch.target;
    let exact = bench.with(|cx| cx.reference(&lesson, target));
    let updates = lesson.updates.iter().map(|u| u.gradient).collect();
    let before = Program::new(std::rc::Rc::new(bench.g.clone()), "before", lesson.before.clone());
    Tried { bench, lesson, updates, exact, before }
}

impl Tried {
    /// The updates at step number `at`.
    fn at(&self, at: u32) -> Vec<f64> {
        let mut oracle = self.bench.registers();
        oracle.write(self.bench.step, Tensor::new([2], vec![f64::from(at), 0.0]));
        oracle.run(&self.before);
        flat(&oracle, self, &self.updates)
    }

    fn exact(&self) -> Vec<f64> {
        flat(&self.bench.registers(), self, &self.exact)
    }
}

fn flat(oracle: &Oracle, of: &Tried, values: &[Value]) -> Vec<f64> {
    oracle.values(&of.bench.g, values).into_iter().flat_map(|t| t.data).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn of_weights(directions: i64, drawn: &str) -> Vec<(&'static str, Setting)> {
    vec![
        ("space", word("weights")),
        ("read-out", word("estimated")),
        ("directions", int(directions)),
        ("drawn", word(drawn)),
    ]
}

/// The mean of very many directions is the gradient, in either space, from derivatives and from differences.
#[test]
fn the_mean_is_the_gradient() {
    let estimated = ("read-out", word("estimated"));
    let many = ("directions", int(4096));
    let cases: Vec<(&str, Vec<(&str, Setting)>)> = vec![
        ("forward-gradient", of_weights(4096, "normal")),
        ("forward-gradient", of_weights(4096, "sign")),
        ("forward-gradient", vec![estimated.clone(), many.clone()]),
        ("node-perturbation", vec![estimated, many.clone(), ("sigma", float(0.001))]),
        ("weight-perturbation", vec![many]),
        ("evolution-strategy", vec![("directions", int(256)), ("shaped", word("losses")), ("sigma", float(0.001))]),
    ];
    for (rule, settings) in cases {
        let tried = tried(rule, &settings);
        let (got, exact) = (tried.at(3), tried.exact());
        let dimensions = exact.len() as f64;
        let count = if rule == "evolution-strategy" { 256.0 } else { 4096.0 };
        // Each direction's estimate is off by about √P lengths of the gradient.
        let bound = 2.0 * (dimensions / count).sqrt();
        let off: Vec<f64> = got.iter().zip(&exact).map(|(a, b)| a - b).collect();
        let off = (dot(&off, &off) / dot(&exact, &exact)).sqrt();
        assert!(off < bound, "{rule} {settings:?}: {off} of the gradient's length, more than {bound}");
        assert!(off > 1e-6, "{rule}: it is an estimate");
    }
}

/// One direction's estimate has `P + 2` times the squared length of the gradient, `P` times with signs. (The noise's
/// fourth moment is 2.85 rather than 3: `P + 1.85`.)
#[test]
fn the_spread_is_as_derived() {
    for (drawn, more) in [("normal", 1.85), ("sign", 0.0)] {
        let tried = tried("forward-gradient", &of_weights(1, drawn));
        let exact = tried.exact();
        let steps = 3000;
        let mean = (0..steps).map(|i| tried.at(i)).map(|u| dot(&u, &u)).sum::<f64>() / f64::from(steps);
        let expected = (exact.len() as f64 + more) * dot(&exact, &exact);
        // The slope's square has a relative deviation of √2, so that the mean's is 2.6 %.
        assert!((mean / expected - 1.0).abs() < 0.08, "{drawn}: {}", mean / expected);
    }
}

/// The cosine to the gradient grows as √(K / (P + K + 1)).
#[test]
fn the_cosine_grows_with_the_directions() {
    for count in [1, 8, 64] {
        let tried = tried("forward-gradient", &of_weights(count, "normal"));
        let exact = tried.exact();
        let steps = if count == 1 { 400 } else { 40 };
        let squared = (0..steps).map(|i| cosine(&tried.at(i), &exact).powi(2)).sum::<f64>() / f64::from(steps);
        let (k, p) = (count as f64, exact.len() as f64);
        let expected = (k / (p + k + 1.0)).sqrt();
        let got = squared.sqrt();
        assert!((got / expected - 1.0).abs() < 0.15, "{count} directions: {got} where {expected} is derived");
    }
}

/// Differences become derivatives: with the same noise, node perturbation is the forward gradient of activities, and
/// weight perturbation that of weights, but for terms of the second order.
#[test]
fn differences_become_derivatives() {
    let three = ("directions", int(3));
    let nodes = tried("forward-gradient", std::slice::from_ref(&three)).at(5);
    let weights = tried("forward-gradient", &of_weights(3, "normal")).at(5);
    let off = |rule: &str, sigma: f64, antithetic: bool, like: &[f64]| {
        let settings = [three.clone(), ("sigma", float(sigma)), ("antithetic", Setting::Bool(antithetic))];
        distance(&tried(rule, &settings).at(5), like)
    };
    for (rule, like) in [("node-perturbation", &nodes), ("weight-perturbation", &weights)] {
        let close = off(rule, 1e-4, true, like);
        assert!(close < 1e-6, "{rule}: {close}");
        let ratio = |antithetic| off(rule, 2e-2, antithetic, like) / off(rule, 1e-2, antithetic, like);
        let (one, both) = (ratio(false), ratio(true));
        assert!((one - 2.0).abs() < 0.3, "{rule}: forward differences are off by the first order: {one}");
        assert!((both - 4.0).abs() < 0.3, "{rule}: antithetic ones by the second: {both}");
    }
}

/// Of a loss of second order, antithetic differences of any length are the derivative: all even terms cancel.
#[test]
fn antithetic_cancels_even_orders() {
    let off = |antithetic: bool| {
        let build = |rule: &str, settings: &[(&str, Setting)]| {
            let mut bench = Bench::new(rule, settings, net(3, vec![read_out()]), &[3], 5);
            bench.task.loss = Loss::MeanSquared;
            let lesson = bench.learn();
            let oracle = bench.prepared(&lesson);
            oracle.values(&bench.g, &lesson.updates.iter().map(|u| u.gradient).collect::<Vec<_>>())[0].data.clone()
        };
        let settings = [("sigma", float(1.0)), ("antithetic", Setting::Bool(antithetic)), ("directions", int(2))];
        let slope = build("forward-gradient", &of_weights(2, "normal"));
        distance(&build("weight-perturbation", &settings), &slope)
    };
    assert!(off(true) < 1e-9, "{}", off(true));
    assert!(off(false) > 0.1, "{}", off(false));
}

/// Memory is constant in depth however many directions are tried, where backpropagation keeps every stage's activities.
#[test]
fn nothing_is_kept() {
    let activities = (WIDTH as usize * BATCH) as f64;
    let grown = |rule: &'static str, settings: &[(&'static str, Setting)]| {
        (step(rule, settings, 12).kept - step(rule, settings, 6).kept) / 6.0 / activities
    };
    assert!(grown("backprop", &[]) > 0.9);
    let weights = word("weights");
    for count in [1, 50] {
        let directions = ("directions", int(count));
        for rule in ["forward-gradient", "node-perturbation", "weight-perturbation", "evolution-strategy"] {
            let more = grown(rule, std::slice::from_ref(&directions));
            assert!(more.abs() < 0.02, "{rule}, {count} directions: {more}");
        }
        let more = grown("forward-gradient", &[directions, ("space", weights.clone())]);
        assert!(more.abs() < 0.02, "weights, {count} directions: {more}");
    }
    let more = grown("guessed-forward-gradient", &[("projected", word("network"))]);
    // Each stage keeps one number a sample: how far its guess is right.
    assert!(more < 1.1 / WIDTH as f64, "guesses: {more}");
}

/// A hundred directions are a program of the same size as two.
#[test]
fn directions_do_not_lengthen_the_program() {
    let size = |count: i64| tried("forward-gradient", &[("directions", int(count))]).bench.g.len();
    assert_eq!(size(2), size(100));
}

/// Moving a value is computing with the moved value: through everything behind it, other moves included.
#[test]
fn moved_is_computed_anew() {
    let mut bench = Bench::new("backprop", &[], net(3, vec![hidden(4), read_out()]), &[3], 5);
    let lesson = bench.learn();
    let slot = bench.slot("1/1.linear/weight");
    let by = input(&mut bench.g, "by", &[3, 4]);
    let (weight, by_value) = (bench.g.read(slot), bench.g.read(by));
    let moved = ad::moved(&mut bench.g, lesson.logits, &[(weight, by_value)]);
    let oracle = bench.registers();
    let mut other = oracle.clone();
    let mut sum = oracle.read(slot).clone();
    sum.data.iter_mut().zip(&oracle.read(by).data).for_each(|(w, b)| *w += b);
    other.write(slot, sum);
    let (a, b) = (oracle.values(&bench.g, &[moved]), other.values(&bench.g, &[lesson.logits]));
    assert!(distance(&a[0].data, &b[0].data) < 1e-12);
    assert_ne!(oracle.values(&bench.g, &[lesson.logits])[0].data, a[0].data);
    let still = bench.batch.target;
    assert_eq!(ad::moved(&mut bench.g, still, &[(weight, by_value)]), still);
}

/// A pair's preference is the difference of its ranks among all mutants.
#[test]
fn evolution_ranks() {
    let mut bench = Bench::new("evolution-strategy", &[("directions", int(7))], net(3, vec![read_out()]), &[3], 5);
    let lesson = bench.learn();
    let oracle = bench.prepared(&lesson);
    let read = |name: &str| oracle.read(bench.slot(name)).data.clone();
    let (ahead, behind) = (read("rule/losses ahead"), read("rule/losses behind"));
    let mut all: Vec<f64> = ahead.iter().chain(&behind).copied().collect();
    all.sort_by(f64::total_cmp);
    let rank = |loss: &f64| all.iter().position(|l| l == loss).unwrap() as f64 / 13.0 - 0.5;
    let expected: Vec<f64> =
        ahead.iter().zip(&behind).map(|(a, b)| (rank(a) - rank(b)) / (2.0 * f64::from(0.02f32))).collect();
    assert!(distance(&read("rule/preference"), &expected) < 1e-6);
    assert!(expected.iter().any(|p| *p > 0.0) && expected.iter().any(|p| *p < 0.0), "{expected:?}");
}

/// Each stage's guess comes out as the gradient's projection on it, sample by sample.
#[test]
fn guesses_are_projected() {
    let mut bench =
        Bench::new("guessed-forward-gradient", &[], net(3, vec![hidden(4), hidden(3), read_out()]), &[3], 5);
    let lesson = bench.learn();
    let (x, target) = (bench.batch.x, bench.batch.target);
    // The first stage's linear block, by hand.
    let (w, b) = (bench.slot("1/1.linear/weight"), bench.slot("1/1.linear/bias"));
    let (head, head_bias) = (bench.slot("rule/read-out 1/weight"), bench.slot("rule/read-out 1/bias"));
    let g = &mut bench.g;
    let (w, b, head, head_bias) = (g.read(w), g.read(b), g.read(head), g.read(head_bias));
    let sums = g.matmul(x, w);
    let a = g.add(sums, b);
    let h = g.tanh(a);
    let answer = g.matmul(h, head);
    let answer = g.add(answer, head_bias);
    let local = g.cross_entropy(answer, target);
    let local = g.total(local);
    let one = g.constant(1.0);
    let z = ad::vjp(g, &[(local, one)], &[a], &Exact)[0].unwrap();
    let global = g.cross_entropy(lesson.logits, target);
    let global = g.total(global);
    let delta = ad::vjp(g, &[(global, one)], &[a], &Exact)[0].unwrap();
    let update = bench.update(&lesson, "1/1.linear/bias");
    let oracle = bench.prepared(&lesson);
    let values = oracle.values(&bench.g, &[z, delta, update]);
    let (z, delta) = (&values[0].data, &values[1].data);
    let mut expected = vec![0.0; 4];
    for (z, delta) in z.chunks(4).zip(delta.chunks(4)) {
        let factor = dot(z, delta) / dot(z, z);
        expected.iter_mut().zip(z).for_each(|(e, z)| *e += factor * z / 5.0);
    }
    assert!(distance(&values[2].data, &expected) < 1e-7);
    assert!(expected.iter().any(|e| e.abs() > 1e-4));
}

/// What a step that repeats its directions leaves behind counts for nothing in the next.
#[test]
fn steps_start_afresh() {
    let tried = tried("forward-gradient", &[("directions", int(4))]);
    let mut oracle = tried.bench.registers();
    oracle.run(&tried.before);
    let first = flat(&oracle, &tried, &tried.updates);
    oracle.run(&tried.before);
    assert_eq!(first, flat(&oracle, &tried, &tried.updates));
    assert!(tried.lesson.before.iter().any(|s| matches!(s, Stmt::Repeat { times: 4, .. })));
}
