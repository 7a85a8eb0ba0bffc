//! Relaxation: its energy falls, its errors are backpropagation's where theory says so, its proximal step never
//! overshoots.

use std::rc::Rc;

use engine::ad::{self, Exact};
use engine::exec::oracle::Oracle;
use engine::ir::{Program, Stmt, Value};
use engine::lesson::Lesson;
use engine::net::Mode;
use engine::ops::Tensor;
use engine::registry::Setting;
use engine::rules::Loss;

use crate::bench::*;
use crate::support::*;

fn deep(rule: &str, settings: &[(&str, Setting)], batch: usize) -> Bench {
    Bench::new(rule, settings, net(3, vec![hidden(6), hidden(5), hidden(4), read_out()]), &[4], batch)
}

/// Registers with the batch and the weights of a seed of their own.
fn seeded(bench: &Bench, seed: u32) -> Oracle {
    let mut oracle = bench.registers();
    for id in bench.g.slot_ids() {
        let slot = bench.g.slot(id);
        let spread = if slot.name == "x" { 1.5 } else { 1.2 };
        if slot.name == "x" || slot.name.ends_with("/weight") {
            let data = numbers(seed * 100 + id.index() as u32, slot.shape.size());
            oracle.write(id, Tensor::new(slot.shape.clone(), data.iter().map(|v| v * spread).collect()));
        }
    }
    oracle
}

fn before(bench: &Bench, lesson: &Lesson, oracle: &mut Oracle) {
    oracle.run(&Program::new(Rc::new(bench.g.clone()), "before", lesson.before.clone()));
}

fn values(oracle: &Oracle, bench: &Bench, values: &[Value]) -> Vec<f64> {
    oracle.values(&bench.g, values).into_iter().flat_map(|t| t.data).collect()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn energy_falls_in_every_iteration() {
    for loss in [Loss::CrossEntropy, Loss::MeanSquared] {
        for seed in 1..=5 {
            let mut bench = deep("predictive-coding", &[("iterations", int(40)), ("step", float(0.05))], 7);
            bench.task.loss = loss;
            let lesson = bench.learn();
            let mut oracle = seeded(&bench, seed);
            before(&bench, &lesson, &mut oracle);
            let signals: Vec<Value> = lesson.signals.iter().map(|s| s.value).collect();
            let stages = oracle.values(&bench.g, &signals);
            assert_eq!(stages.len(), 4);
            let total: Vec<f64> = (0..=40).map(|t| stages.iter().map(|s| s.data[t]).sum()).collect();
            assert!(total.windows(2).all(|w| w[1] < w[0]), "seed {seed}: {total:?}");
            // At the forward pass all energy is at the output; later, every stage has some.
            assert!(stages[..3].iter().all(|s| s.data[0] == 0.0 && s.data[40] > 0.0));
        }
    }
}

/// The first error to reach a stage is backpropagation's, times the step for each stage that it passed.
#[test]
fn the_first_error_is_backprops() {
    for step in [1.0, 0.3] {
        for iterations in 1..=3 {
            let settings = [("iterations", int(iterations)), ("step", float(step))];
            let mut bench = deep("predictive-coding", &settings, 6);
            let lesson = bench.learn();
            let target = bench.batch.target;
            let exact = bench.with(|cx| cx.reference(&lesson, target));
            let mut oracle = seeded(&bench, 3);
            before(&bench, &lesson, &mut oracle);
            let reached = 4 - iterations;
            let factor = f64::from(step as f32).powi(iterations as i32);
            for (update, exact) in lesson.updates.iter().zip(exact) {
                let name = &bench.g.slot(update.slot).name;
                let both = oracle.values(&bench.g, &[update.gradient, exact]);
                let stage: i64 = name.split('/').next().unwrap().parse().unwrap();
                if stage < reached {
                    assert!(both[0].data.iter().all(|v| *v == 0.0), "{name} is not reached");
                } else if stage == reached {
                    let expected: Vec<f64> = both[1].data.iter().map(|v| v * factor).collect();
                    assert!(distance(&both[0].data, &expected) < 1e-12, "{name}");
                    assert!(both[1].data.iter().any(|v| v.abs() > 1e-4), "{name}: no error at all");
                }
            }
        }
    }
}

/// Few small steps leave each stage with the error that reached it first: the smaller they are, the nearer to backprop.
#[test]
fn small_steps_near_backprop() {
    let mut last = 1.0;
    for step in [0.1, 0.01, 0.001] {
        let mut bench = deep("predictive-coding", &[("iterations", int(8)), ("step", float(step))], 6);
        let lesson = bench.learn();
        let target = bench.batch.target;
        let exact = bench.with(|cx| cx.reference(&lesson, target));
        let mut oracle = seeded(&bench, 4);
        before(&bench, &lesson, &mut oracle);
        let slot = bench.slot("1/1.linear/weight");
        let i = lesson.updates.iter().position(|u| u.slot == slot).unwrap();
        let both = oracle.values(&bench.g, &[lesson.updates[i].gradient, exact[i]]);
        let off = 1.0 - cosine(&both[0].data, &both[1].data);
        assert!(off < 0.2 * last, "step {step}: cosine is {off:e} off 1, at ten times the step {last:e}");
        last = off;
    }
    assert!(last < 1e-5);
}

/// At the energy's minimum each stage has the error that backpropagation sends it from the error that the output then
/// still has, the more exactly the smaller that is.
#[test]
fn settled_errors_are_backprops_of_what_remains() {
    let mut last = 1.0;
    for far in [1.0, 0.1, 0.01] {
        let mut bench = deep("predictive-coding", &[("iterations", int(200)), ("step", float(0.2))], 6);
        bench.task.loss = Loss::MeanSquared;
        let x = bench.batch.x;
        let forward = bench.with(|cx| cx.series(Mode::Train, x));
        let goal = input(&mut bench.g, "goal", &[6, 3]);
        bench.batch.target = bench.g.read(goal);
        let lesson = bench.learn();
        let mut oracle = seeded(&bench, 5);
        let answer = values(&oracle, &bench, &[forward.logits()]);
        let near: Vec<f64> = answer.iter().zip(numbers(9, 18)).map(|(a, n)| a + far * n).collect();
        oracle.write(goal, Tensor::new([6, 3], near));
        for _ in 0..4 {
            before(&bench, &lesson, &mut oracle);
        }
        // What the read-out predicts from the settled activities, and what remains of its error.
        let settled = bench.slot("rule/activity 3");
        let settled = bench.g.read(settled);
        let net = bench.net.clone();
        let predicted = bench.with(|cx| net.stage(&mut cx.build(Mode::Train), 3, settled)).output;
        let target = bench.batch.target;
        let remaining = bench.g.sub(predicted, target);
        let remaining = bench.g.scale(remaining, 2.0 / 18.0);
        let slots: Vec<Value> = lesson.updates.iter().map(|u| bench.g.read(u.slot)).collect();
        let exact = ad::vjp(&mut bench.g, &[(forward.logits(), remaining)], &slots, &Exact);
        let exact: Vec<Value> = exact.into_iter().map(Option::unwrap).collect();
        let got: Vec<Value> = lesson.updates.iter().map(|u| u.gradient).collect();
        let off = 1.0 - cosine(&values(&oracle, &bench, &got[..2]), &values(&oracle, &bench, &exact[..2]));
        assert!(off < 0.2 * last, "{far}: {off:e} after {last:e}");
        last = off;
    }
    assert!(last < 1e-4, "{last:e}");
}

/// Without a single iteration to spare, nothing but the read-out learns; and that as by backpropagation.
#[test]
fn one_incremental_step_teaches_the_read_out_alone() {
    let mut bench = deep("incremental-predictive-coding", &[("iterations", int(1))], 6);
    let lesson = bench.learn();
    let target = bench.batch.target;
    let exact = bench.with(|cx| cx.reference(&lesson, target));
    let oracle = seeded(&bench, 6);
    for (update, exact) in lesson.updates.iter().zip(exact) {
        let name = &bench.g.slot(update.slot).name;
        let both = oracle.values(&bench.g, &[update.gradient, exact]);
        let expected = if name.starts_with('4') { both[1].data.clone() } else { vec![0.0; both[1].data.len()] };
        assert!(distance(&both[0].data, &expected) < 1e-12, "{name}");
    }
}

/// While the weights keep still, the activities go the same way in steps as in a relaxation within one step; and a new
/// batch begins at its own forward pass.
#[test]
fn incremental_activities_relax_alike() {
    let mut steps = deep("incremental-predictive-coding", &[("iterations", int(5)), ("step", float(0.2))], 6);
    let lesson = steps.learn();
    let mut tick = lesson.writes.clone();
    let one = input(&mut steps.g, "one", &[2]);
    let one_read = steps.g.read(one);
    tick.push((steps.step, steps.g.add(steps.clock.step, one_read)));
    let program = Program::new(Rc::new(steps.g.clone()), "step", vec![Stmt::Tick(tick)]);
    let mut walked = seeded(&steps, 7);
    walked.write(one, Tensor::new([2], vec![1.0, 0.0]));
    for done in 1..=7 {
        walked.run(&program);
        // The sixth step is the first on a new batch.
        let iterations = if done > 5 { done - 5 } else { done };
        let mut whole = deep("predictive-coding", &[("iterations", int(iterations)), ("step", float(0.2))], 6);
        let lesson = whole.learn();
        let mut oracle = whole.registers();
        for id in whole.g.slot_ids() {
            let known =
                steps.g.find_slot(&whole.g.slot(id).name).filter(|_| !whole.g.slot(id).name.starts_with("rule/"));
            if let Some(known) = known {
                oracle.write(id, walked.read(known).clone());
            }
        }
        before(&whole, &lesson, &mut oracle);
        for stage in 1..=3 {
            let name = format!("rule/activity {stage}");
            let both = [&walked.read(steps.slot(&name)).data, &oracle.read(whole.slot(&name)).data];
            assert!(distance(both[0], both[1]) < 1e-12, "step {done}, stage {stage}");
        }
    }
}

/// Implicit steps never raise the loss of their own sample, at any rate, where explicit ones do.
#[test]
fn proximal_steps_never_overshoot() {
    let mut overshot = 0;
    for seed in 1..=6 {
        for rate in [0.01, 0.1, 1.0, 2.5, 10.0, 100.0, 1000.0] {
            for loss in [Loss::CrossEntropy, Loss::MeanSquared] {
                let act = if seed % 2 == 0 { "relu" } else { "tanh" };
                let layer = |units| vec![linear(units), activation(act)];
                let build = || net(3, vec![layer(8), layer(6), read_out()]);
                let mut bench = Bench::new("proximal-inference", &[("rate", float(rate))], build(), &[5], 1);
                bench.task.loss = loss;
                let lesson = bench.learn();
                assert!(lesson.updates.is_empty());
                let mut body = lesson.before.clone();
                body.push(Stmt::Tick(lesson.writes.clone()));
                let program = Program::new(Rc::new(bench.g.clone()), "step", body);
                let mut oracle = seeded(&bench, seed);
                let mut last = values(&oracle, &bench, &[lesson.loss])[0];
                for step in 0..20 {
                    oracle.run(&program);
                    let now = values(&oracle, &bench, &[lesson.loss])[0];
                    assert!(now <= last, "seed {seed}, rate {rate}, {loss:?}, step {step}: {last} to {now}");
                    last = now;
                }
                // The same rate on the gradient itself.
                let target = bench.batch.target;
                let slots: Vec<_> = lesson.writes.iter().map(|w| w.0).collect();
                let exact = bench.with(|cx| cx.reference(&lesson, target));
                let by = bench.g.constant(rate as f32);
                let mut tick = Vec::new();
                for (slot, exact) in slots.into_iter().zip(exact) {
                    let (weight, change) = (bench.g.read(slot), bench.g.mul(by, exact));
                    tick.push((slot, bench.g.sub(weight, change)));
                }
                let program = Program::new(Rc::new(bench.g.clone()), "step", vec![Stmt::Tick(tick)]);
                let mut oracle = seeded(&bench, seed);
                let first = values(&oracle, &bench, &[lesson.loss])[0];
                oracle.run(&program);
                overshot += usize::from(values(&oracle, &bench, &[lesson.loss])[0] > first);
            }
        }
    }
    assert!(overshot > 10, "explicit steps raised the loss {overshot} times");
}

#[test]
fn stages_of_unknown_step_are_refused() {
    let refused = |stage, place: &str| {
        let bench = Bench::new("proximal-inference", &[], net(2, vec![stage, read_out()]), &[3], 4);
        let message = bench.fits().unwrap_err();
        assert!(message.contains(place) && message.contains("stage of its own"), "{message}");
    };
    refused(vec![linear(4), linear(4)], "1");
    refused(vec![linear(4), node("layer-norm", &[], vec![])], "1");
    refused(vec![route(2, "dense", &[], vec![linear(4)])], "1");
}
