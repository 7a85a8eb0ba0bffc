//! Steps: repetition, flags, and numbers that pass from tick to tick.

use engine::ops::scalar::Binary;
use engine::plan::{Command, Instr, Map, Step, View};

use super::{Bench, Case};

pub fn cases() -> Vec<Case> {
    vec![repeat(), when(0.0), when(1.0), many_ticks()]
}

/// `x ← x · factor + 1`.
fn step(x: &View, factor: f32) -> Command {
    Command::Map(Map {
        shape: x.shape.clone(),
        inputs: vec![x.clone()],
        code: vec![
            Instr::Input(0),
            Instr::Const(factor),
            Instr::Binary(Binary::Mul, 0, 1),
            Instr::Const(1.0),
            Instr::Binary(Binary::Add, 2, 3),
        ],
        outputs: vec![(4, x.clone())],
    })
}

fn repeat() -> Case {
    let mut bench = Bench::default();
    let x = bench.random(&[65]);
    let inner = Step::Repeat { times: 3, body: vec![Step::Tick(vec![step(&x, 0.5)])] };
    let body = vec![Step::Repeat { times: 2, body: vec![inner, Step::Tick(vec![step(&x, -1.0)])] }];
    bench.steps("repeat within repeat", body, 1e-6, 3)
}

fn when(flag: f32) -> Case {
    let mut bench = Bench::default();
    let x = bench.random(&[5]);
    let knobs = bench.given(&[3], vec![7.0, flag, 0.0]);
    let body = vec![
        Step::When { flag: knobs.offset + 1, body: vec![Step::Tick(vec![step(&x, 2.0)])] },
        Step::When { flag: knobs.offset + 2, body: vec![Step::Tick(vec![step(&x, 3.0)])] },
    ];
    bench.steps(format!("when {flag}"), body, 1e-6, 2)
}

/// More dispatches than fit into one submission.
fn many_ticks() -> Case {
    let mut bench = Bench::default();
    let x = bench.given(&[3], vec![0.0, 1.0, 2.0]);
    bench.steps("many ticks", vec![Step::Tick(vec![step(&x, 1.0)])], 0.0, 5000)
}
