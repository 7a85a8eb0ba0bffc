//! Direct feedback in a pipeline, whose stages all work at the same time on batches of their own.

use std::rc::Rc;

use engine::exec::oracle::Oracle;
use engine::ir::{Program, Stmt};
use engine::net::Net;
use engine::ops::Tensor;

use crate::bench::*;
use crate::support::*;

fn deep() -> Net {
    net(3, vec![hidden(5), hidden(4), hidden(6), read_out()])
}

/// A pipeline that is fed one batch again and again, and does not learn from it, comes to say about it what direct
/// feedback without delay says; and not before it is full.
#[test]
fn a_full_pipeline_is_direct_feedback() {
    for delay in [1, 2] {
        let build = || Bench::new("direct-feedback-alignment", &[("delay", int(0))], deep(), &[3], 6);
        let mut plain = build();
        let expected_lesson = plain.learn();
        let mut bench = Bench::new("direct-feedback-alignment", &[("delay", int(delay))], deep(), &[3], 6);
        let lesson = bench.learn();
        let lag = 3 * delay as u32;
        let (_, labels) = lesson.seen.unwrap();
        let mut oracle = bench.registers();
        let mut ours = plain.registers();
        for id in plain.g.slot_ids() {
            let same = oracle.read(bench.slot(&plain.g.slot(id).name)).clone();
            ours.write(id, same);
        }
        let expected = gradients(&plain, &ours, &expected_lesson);
        let program = Program::new(Rc::new(bench.g.clone()), "fill", vec![Stmt::Tick(lesson.writes.clone())]);
        for tick in 0..=lag {
            let got = gradients(&bench, &oracle, &lesson);
            for ((name, got), (_, expected)) in got.iter().zip(&expected) {
                let same = distance(got, expected) < 1e-14;
                assert_eq!(same, tick == lag, "delay {delay}, step {tick}: {name}");
            }
            let answered = oracle.values(&bench.g, &[labels])[0].data == oracle.read(bench.slot("labels")).data;
            assert_eq!(answered, tick == lag, "delay {delay}, step {tick}: the labels of what is answered");
            oracle.run(&program);
        }
    }
}

/// Dropout in a pipeline drops the units about which an error comes that it dropped when they gave their answer.
#[test]
fn a_pipeline_remembers_its_noise() {
    let stages = || {
        let noisy = |units: i64| vec![linear(units), activation("tanh"), node("dropout", &[], vec![])];
        net(3, vec![noisy(12), noisy(9), read_out()])
    };
    let mut bench = Bench::new("direct-feedback-alignment", &[("delay", int(1))], stages(), &[3], 2);
    let lesson = bench.learn();
    let mut oracle = bench.registers();
    let mut advance = lesson.writes.clone();
    let steps = input(&mut bench.g, "next step", &[2]);
    let next = bench.g.read(steps);
    advance.push((bench.step, next));
    let program = Program::new(Rc::new(bench.g.clone()), "step", vec![Stmt::Tick(advance)]);
    let first = bench.update(&lesson, "1/1.linear/bias");
    let silent = |oracle: &Oracle| -> Vec<bool> {
        oracle.values(&bench.g, &[first])[0].data.iter().map(|v| *v == 0.0).collect()
    };
    // What the first stage gave at each step, and which of its units are dropped for all samples of the batch.
    let kept = bench.slot("rule/past/inputs 2");
    let mut dropped = Vec::new();
    for tick in 0..6 {
        oracle.write(steps, Tensor::new([2], vec![f64::from(tick) + 1.0, 0.0]));
        oracle.run(&program);
        let given = &oracle.read(kept).data[..2 * 12];
        dropped.push((0..12).map(|u| (0..2).all(|row| given[row * 12 + u] == 0.0)).collect::<Vec<bool>>());
    }
    // Two stages lie between the first and the error: the batch of step 4 is the one asked about at step 6.
    assert_eq!(silent(&oracle), dropped[4], "{dropped:?}");
    assert!(dropped[4] != dropped[5] && dropped[4].contains(&true));
}

/// A step of a pipeline takes no longer for a deep network.
#[test]
fn a_pipeline_takes_one_stage_s_time() {
    let span = |delay: i64, depth: usize| {
        let mut stages: Vec<_> = (1..depth).map(|_| hidden(8)).collect();
        stages.push(read_out());
        let settings = [("delay", int(delay))];
        let mut bench = Bench::new("direct-feedback-alignment", &settings, net(3, stages), &[4], 16);
        let lesson = bench.learn();
        let program = step(&mut bench, &lesson, "sgd", &[], 0.1);
        engine::cost::figures(&program).span
    };
    assert_eq!(span(1, 4), span(1, 32));
    assert!(span(0, 32) > 3 * span(1, 32), "{} and {}", span(0, 32), span(1, 32));
}
