//! What each block computes, forward and backward, on every executor against the definitions. The programs are those
//! that the planner makes of a block by itself; whole experiments are compared in `agreement.rs`.

use std::rc::Rc;

use engine::check::check;
use engine::exec::cpu::Cpu;
use engine::exec::gpu::{Gpu, Handle};
use engine::exec::oracle::Oracle;
use engine::exec::{Executor, Fault};
use engine::ir::{Init, Program, Role, Slot, SlotId, Stmt, Value};
use engine::plan::{Plan, compile};

use crate::cases::{Case, cases};

/// Largest difference of a number, relative to the largest of its register and at least to [`LEAST`].
const TOLERANCE: f64 = 1e-4;
const LEAST: f64 = 0.1;

/// One replay of a block's forward and backward pass, and what it must leave behind.
struct Trial {
    name: String,
    plan: Rc<Plan>,
    before: Oracle,
    given: Vec<SlotId>,
    /// Registers by name, and what they must hold.
    after: Vec<(String, SlotId, Vec<f64>)>,
}

impl Trial {
    fn new(mut case: Case) -> Self {
        let mut results: Vec<(String, Value)> = vec![("y".to_owned(), case.y)];
        results.extend(case.losses.iter().enumerate().map(|(i, &v)| (format!("loss {i}"), v)));
        for (&slot, v) in case.by.iter().zip(&case.gradients) {
            results.extend(v.map(|v| (format!("derivative by {}", case.g.slot(slot).name), v)));
        }
        let mut writes = case.writes.clone();
        for (name, v) in results {
            let slot = Slot { name, role: Role::Metric, shape: case.g.shape(v).clone(), init: Init::Constant(0.0) };
            writes.push((case.g.declare(slot), v));
        }
        let before = case.registers();
        let mut after = before.clone();
        let written: Vec<SlotId> = writes.iter().map(|w| w.0).collect();
        let program = Program::new(case.g.into(), "block", vec![Stmt::Tick(writes)]);
        assert_eq!(check(&program), [], "{}", case.name);
        after.run(&program);
        let g = &program.graph;
        let plan = Rc::new(compile(g, std::slice::from_ref(&program)));
        let after = written.iter().map(|&s| (g.slot(s).name.clone(), s, after.read(s).data.clone())).collect();
        Self { name: case.name, plan, before, given: g.slot_ids().collect(), after }
    }

    /// How far off each register is after one replay, and its name.
    async fn distances(&self, on: &mut dyn Executor) -> Result<Vec<(f64, String)>, Fault> {
        for &slot in &self.given {
            let data: Vec<f32> = self.before.read(slot).data.iter().map(|&v| v as f32).collect();
            on.write(self.plan.slot(slot).start, &data);
        }
        on.run(0, 1);
        let ranges: Vec<_> = self.after.iter().map(|a| self.plan.slot(a.1)).collect();
        let got = on.read(&ranges).await?;
        let distance = |((name, _, want), got): (&(String, SlotId, Vec<f64>), &Vec<f32>)| {
            let size = want.iter().fold(LEAST, |m, v| m.max(v.abs()));
            let far = want.iter().zip(got).map(|(w, g)| (w - f64::from(*g)).abs() / size);
            let far = far.fold(0.0, |m: f64, d| if d.is_nan() { f64::INFINITY } else { m.max(d) });
            (far, format!("{}: {name}", self.name))
        };
        Ok(self.after.iter().zip(&got).map(distance).collect())
    }
}

/// One trial for each program that differs: most blocks do the same in both modes.
fn trials() -> Vec<Trial> {
    let mut all: Vec<Trial> = Vec::new();
    for case in cases() {
        let trial = Trial::new(case);
        if all.last().is_none_or(|t| t.plan != trial.plan || t.after != trial.after) {
            all.push(trial);
        }
    }
    all
}

fn say(text: &str) {
    #[cfg(not(target_arch = "wasm32"))]
    println!("{text}");
    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test::console_log!("{text}");
}

async fn open() -> Option<Handle> {
    match Handle::open().await {
        Ok(handle) => Some(handle),
        Err(absent) => {
            // A browser has no environment: there it is the builder's that counts.
            assert!(std::env::var_os("CI").or(option_env!("CI").map(Into::into)).is_none(), "{absent}");
            say(&format!("skipped: {absent}"));
            None
        }
    }
}

/// All trials on the executors that `load` gives.
async fn all(load: impl AsyncFn(Rc<Plan>) -> Result<Box<dyn Executor>, Fault>) {
    let (mut wrong, mut worst) = (Vec::new(), (0.0, String::new()));
    let trials = trials();
    for trial in &trials {
        let distances = match load(trial.plan.clone()).await {
            Ok(mut executor) => trial.distances(&mut *executor).await,
            Err(fault) => Err(fault),
        };
        match distances {
            Ok(distances) => {
                for (far, name) in distances {
                    if far > TOLERANCE {
                        wrong.push(format!("{name} is off by {far:.1e}"));
                    }
                    if far > worst.0 {
                        worst = (far, name);
                    }
                }
            }
            Err(fault) => wrong.push(format!("{}: {fault}", trial.name)),
        }
    }
    say(&format!("{} programs; the farthest is {} by {:.1e}", trials.len(), worst.1, worst.0));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn on_the_cpu() {
    all(async |plan| Ok(Box::new(Cpu::new(plan)) as Box<dyn Executor>)).await;
}

async fn on_the_gpu() {
    let Some(handle) = open().await else { return };
    all(async |plan| Ok(Box::new(Gpu::load(&handle, plan).await?) as Box<dyn Executor>)).await;
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_cpu_computes_every_block() {
    pollster::block_on(on_the_cpu());
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_gpu_computes_every_block() {
    pollster::block_on(on_the_gpu());
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
async fn the_cpu_computes_every_block() {
    on_the_cpu().await;
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
async fn the_gpu_computes_every_block() {
    on_the_gpu().await;
}
