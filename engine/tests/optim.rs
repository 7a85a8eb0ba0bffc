//! Optimizers and schedules against sequences written out by hand, in 64-bit floats.

#![allow(clippy::unwrap_used)]

mod support;

use engine::exec::oracle::Oracle;
use engine::ir::{Graph, Init, Program, Role, Slot, SlotId, Stmt};
use engine::lesson::Update;
use engine::ops::Tensor;
use engine::ops::random::{halves, word};
use engine::optim::{OPTIMIZERS, Recipe, SCHEDULES};
use engine::registry::{Knobs, Setting, Settings, find};
use support::*;

fn recipe(optimizer: &str, settings: &[(&str, Setting)], schedule: &str, rate: f64, clip: f64) -> Recipe {
    let optimizer = find(OPTIMIZERS, optimizer, "").unwrap();
    let schedule = find(SCHEDULES, schedule, "").unwrap();
    let given: Settings = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    Recipe {
        optimizer,
        knobs: Knobs::resolve(optimizer.knobs(), &given, "").unwrap(),
        schedule,
        schedule_knobs: Knobs::defaults(schedule.knobs()),
        rate,
        clip,
    }
}

const GRADIENT: [f64; 3] = [0.5, -2.0, 0.01];

/// Ten steps on three weights whose gradient is `GRADIENT + weight / 8`; what they were after each.
fn ten(recipe: &Recipe) -> Vec<Vec<f64>> {
    let mut g = Graph::new();
    let (step, clock) = clock(&mut g);
    let name = "w".to_owned();
    let slot = g.declare(Slot { name, role: Role::Param, shape: [3].into(), init: Init::Constant(1.0) });
    let data = input(&mut g, "gradient", &[3]);
    let (weight, data) = (g.read(slot), g.read(data));
    let pull = g.scale(weight, 0.125);
    let gradient = g.add(data, pull);
    let mut writes = recipe.step(&mut g, clock, &[Update { slot, gradient, rate: 1.0 }]);
    let one = input(&mut g, "one", &[2]);
    let one = g.read(one);
    let next = g.add(clock.step, one);
    writes.push((step, next));
    let mut oracle = registers(&g);
    put(&mut oracle, &g, "gradient", &GRADIENT);
    put(&mut oracle, &g, "one", &[1.0, 0.0]);
    let program = Program::new(g.into(), "step", vec![Stmt::Tick(writes)]);
    assert!(engine::check::check(&program).is_empty());
    (0..10)
        .map(|_| {
            oracle.run(&program);
            oracle.read(slot).data.clone()
        })
        .collect()
}

fn slot(g: &Graph, name: &str) -> SlotId {
    g.find_slot(name).unwrap()
}

fn put(oracle: &mut Oracle, g: &Graph, name: &str, data: &[f64]) {
    oracle.write(slot(g, name), Tensor::new([data.len()], data.to_vec()));
}

fn agree(recipe: &Recipe, mut reference: impl FnMut(i32, usize, f64) -> f64) {
    let mut w = [1.0; 3];
    for (t, got) in ten(recipe).iter().enumerate() {
        for (i, w) in w.iter_mut().enumerate() {
            *w = reference(t as i32 + 1, i, *w);
        }
        assert!(distance(got, &w) < 1e-12, "step {}: {got:?} and {w:?}", t + 1);
    }
}

/// A register's own value: knobs are 32-bit numbers.
fn knob(v: f32) -> f64 {
    v.into()
}

#[test]
fn sgd() {
    for nesterov in [false, true] {
        let settings = [("nesterov", Setting::Bool(nesterov)), ("weight-decay", float(0.01))];
        let mut v = [0.0; 3];
        agree(&recipe("sgd", &settings, "constant", 0.1, 0.0), |_, i, w| {
            let g = GRADIENT[i] + w / 8.0 + knob(0.01) * w;
            v[i] = knob(0.9) * v[i] + g;
            w - knob(0.1) * if nesterov { g + knob(0.9) * v[i] } else { v[i] }
        });
    }
}

#[test]
fn adam_and_adamw() {
    for id in ["adam", "adamw"] {
        let (b1, b2) = (knob(0.9), knob(0.999));
        let (mut m, mut v) = ([0.0; 3], [0.0; 3]);
        agree(&recipe(id, &[("weight-decay", float(0.02))], "constant", 0.1, 0.0), |t, i, w| {
            let coupled = if id == "adam" { knob(0.02) * w } else { 0.0 };
            let g = GRADIENT[i] + w / 8.0 + coupled;
            m[i] = b1 * m[i] + (1.0 - b1) * g;
            v[i] = b2 * v[i] + (1.0 - b2) * g * g;
            let (mean, square) = (m[i] / (1.0 - b1.powi(t)), v[i] / (1.0 - b2.powi(t)));
            let kept = if id == "adamw" { w - knob(0.1) * knob(0.02) * w } else { w };
            kept - knob(0.1) * mean / (square.sqrt() + knob(1e-8))
        });
    }
}

#[test]
fn clipping() {
    let plain = [("momentum", float(0.0))];
    for limit in [0.5, 100.0] {
        let (mut before, mut gradient) = ([1.0; 3], [0.0; 3]);
        for got in ten(&recipe("sgd", &plain, "constant", 0.5, limit)) {
            let norm = (0..3).map(|i| (GRADIENT[i] + before[i] / 8.0).powi(2)).sum::<f64>().sqrt();
            for i in 0..3 {
                gradient[i] = (GRADIENT[i] + before[i] / 8.0) * (limit / norm).min(1.0);
                before[i] -= 0.5 * gradient[i];
            }
            assert!(distance(&got, &before) < 1e-12);
        }
    }
}

fn factors(id: &str, settings: &[(&str, Setting)], steps: &[u32]) -> Vec<f64> {
    let mut g = Graph::new();
    let (slot, clock) = clock(&mut g);
    let schedule = find(SCHEDULES, id, "").unwrap();
    let given: Settings = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    let knobs = Knobs::resolve(schedule.knobs(), &given, "").unwrap();
    let step = clock.steps(&mut g);
    let factor = schedule.factor(&knobs, &mut g, step);
    let mut oracle = registers(&g);
    let at = |&step: &u32| {
        let halves = engine::ops::random::halves(step).map(f64::from);
        oracle.write(slot, Tensor::new([2], halves.to_vec()));
        oracle.values(&g, &[factor])[0].data[0]
    };
    steps.iter().map(at).collect()
}

#[test]
fn schedules() {
    assert_eq!(factors("constant", &[], &[0, 70_000]), [1.0, 1.0]);
    let rise = factors("warm-up", &[("steps", int(4))], &[0, 1, 3, 4, 200_000]);
    assert!(distance(&rise, &[0.25, 0.5, 1.0, 1.0, 1.0]) < 1e-7);
    let fall = factors("cosine", &[("steps", int(100_000)), ("floor", float(0.1))], &[0, 50_000, 100_000, 300_000]);
    assert!(distance(&fall, &[1.0, 0.55, 0.1, 0.1]) < 1e-6, "{fall:?}");
    let steps = factors("step", &[("every", int(3)), ("factor", float(0.5))], &[0, 2, 3, 5, 6, 9]);
    assert!(distance(&steps, &[1.0, 1.0, 0.5, 0.5, 0.25, 0.125]) < 1e-6, "{steps:?}");
}

/// A step's number divided, exactly, over all 32 bits, in the single precision that executors compute in.
#[test]
fn turns_divide_the_step() {
    for every in [2u32, 3, 7, 16, 20, 255] {
        let mut g = Graph::new();
        let (step, clock) = clock(&mut g);
        let (turn, rest) = clock.turns(&mut g, every);
        let mut oracle = registers(&g);
        oracle.round = true;
        for n in [0, 1, every - 1, every, 65_535, 65_536, 65_537, (1 << 24) + 1, u32::MAX - 1, u32::MAX] {
            oracle.write(step, Tensor::new([2], halves(n).map(f64::from).to_vec()));
            let got = oracle.values(&g, &[turn, rest]);
            assert_eq!(word(&got[0].data), n / every, "{n} by {every}");
            assert_eq!(got[1].data[0], f64::from(n % every), "{n} by {every}");
        }
    }
}
