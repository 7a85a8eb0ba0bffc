//! What each block computes, forward and backward, on every executor against the definitions. The programs are those
//! that the planner makes of a block by itself; whole experiments are compared in `agreement.rs`.

use std::rc::Rc;

use engine::check::check;
use engine::exec::Executor;
use engine::exec::cpu::Cpu;
use engine::exec::gpu::{Gpu, Handle};
use engine::exec::oracle::Oracle;
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

    /// What is wrong after one replay.
    async fn faults(&self, on: &mut dyn Executor) -> Vec<String> {
        for &slot in &self.given {
            let data: Vec<f32> = self.before.read(slot).data.iter().map(|&v| v as f32).collect();
            on.write(self.plan.slot(slot).start, &data);
        }
        on.run(0, 1);
        let ranges: Vec<_> = self.after.iter().map(|a| self.plan.slot(a.1)).collect();
        let got = match on.read(&ranges).await {
            Ok(got) => got,
            Err(fault) => return vec![format!("{}: {fault}", self.name)],
        };
        let fault = |((name, _, want), got): (&(String, SlotId, Vec<f64>), &Vec<f32>)| {
            let size = want.iter().fold(LEAST, |m, v| m.max(v.abs()));
            let far = want.iter().zip(got).map(|(w, g)| (w - f64::from(*g)).abs() / size);
            let far = far.fold(0.0, |m: f64, d| if d.is_nan() { f64::INFINITY } else { m.max(d) });
            let device = on.device();
            (far > TOLERANCE).then(|| format!("{} on {device:?}: {name} is off by {far:.1e}", self.name))
        };
        self.after.iter().zip(&got).filter_map(fault).collect()
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

async fn open() -> Option<Handle> {
    match Handle::open().await {
        Ok(handle) => Some(handle),
        Err(absent) => {
            assert!(std::env::var_os("CI").or(option_env!("CI").map(Into::into)).is_none(), "{absent}");
            #[cfg(not(target_arch = "wasm32"))]
            println!("skipped: {absent}");
            #[cfg(target_arch = "wasm32")]
            wasm_bindgen_test::console_log!("skipped: {absent}");
            None
        }
    }
}

async fn on_the_cpu() {
    let mut wrong = Vec::new();
    for trial in trials() {
        wrong.extend(trial.faults(&mut Cpu::new(trial.plan.clone())).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn on_the_gpu() {
    let Some(handle) = open().await else { return };
    let mut wrong = Vec::new();
    for trial in trials() {
        match Gpu::load(&handle, trial.plan.clone()).await {
            Ok(mut gpu) => wrong.extend(trial.faults(&mut gpu).await),
            Err(fault) => wrong.push(format!("{}: {fault}", trial.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
