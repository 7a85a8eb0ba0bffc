//! Whole experiments on the graphics processor against the same on the CPU: every preset trains a few steps, is
//! evaluated and measured, and every register must hold what it holds there.
//!
//! Single commands are held to their definitions in `gpu.rs`; this is about what a plan puts between them. Rounding
//! differs and an adaptive optimizer magnifies it where a gradient is next to nothing, so registers are compared as
//! wholes.

#![allow(clippy::unwrap_used)]

use std::rc::Rc;

use engine::data::Data;
use engine::exec::cpu::Cpu;
use engine::exec::gpu::{Gpu, Handle};
use engine::exec::{Executor, Fault};
use engine::ir::Role;
use engine::lab::{Lab, STEP};
use engine::presets::PRESETS;
use engine::spec::Spec;

mod assets;

use assets::load;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Distance of a register from the CPU's, relative to its length.
const TOLERANCE: f64 = 1e-2;
const STEPS: u32 = 3;

/// All registers after a few steps and one replay of every other program.
async fn registers(lab: &Lab, data: &Data, seed: u32, on: &mut dyn Executor) -> Result<Vec<Vec<f32>>, Fault> {
    let plan = &lab.plan;
    for id in lab.graph.slot_ids().filter(|&id| lab.graph.slot(id).role != Role::Input) {
        on.write(plan.slot(id).start, &lab.initial(id, seed));
    }
    for (id, values) in lab.inputs(data) {
        on.write(plan.slot(id).start, &values);
    }
    on.run(STEP, STEPS);
    for program in STEP + 1..plan.programs.len() {
        on.run(program, 1);
    }
    let all: Vec<_> = lab.graph.slot_ids().map(|id| plan.slot(id)).collect();
    on.read(&all).await
}

/// What is wrong with one preset on the graphics processor, register by register.
async fn faults(handle: &Handle, name: &str, spec: &Spec) -> Vec<String> {
    let data = load(spec);
    let lab = Lab::new(spec, &data).unwrap();
    let mut cpu = Cpu::new(lab.plan.clone());
    let want = registers(&lab, &data, spec.seed, &mut cpu).await.unwrap();
    let got = match Gpu::load(handle, lab.plan.clone()).await {
        Ok(mut gpu) => registers(&lab, &data, spec.seed, &mut gpu).await,
        Err(fault) => Err(fault),
    };
    let got = match got {
        Ok(got) => got,
        Err(fault) => return vec![format!("{name}: {fault}")],
    };
    let square = |v: f32| f64::from(v) * f64::from(v);
    let distance = |id: engine::ir::SlotId| {
        let (a, b) = (&want[id.index()], &got[id.index()]);
        let apart = |(x, y): (&f32, &f32)| if x.to_bits() == y.to_bits() { 0.0 } else { square(x - y) };
        let length: f64 = a.iter().copied().filter(|v| v.is_finite()).map(square).sum();
        (a.iter().zip(b).map(apart).sum::<f64>() / length.max(1e-12)).sqrt()
    };
    lab.graph
        .slot_ids()
        // One token drawn otherwise, where two are as likely, and all that is written after it is another text. And a bias
        // on keys moves no share of attention: its gradient is rounding alone, which Adam makes as large as any other.
        .filter(|&id| !["generated", "key-bias"].iter().any(|part| lab.graph.slot(id).name.contains(part)))
        .map(|id| (id, distance(id)))
        // A NaN fails too.
        .filter(|(_, d)| !matches!(d.partial_cmp(&TOLERANCE), Some(std::cmp::Ordering::Less)))
        .map(|(id, d)| format!("{name}: {} is off by {d:.1e}", lab.graph.slot(id).name))
        .collect()
}

async fn all() {
    let handle = match Handle::open().await {
        Ok(handle) => Rc::new(handle),
        Err(absent) => {
            assert!(std::env::var_os("CI").or(option_env!("CI").map(Into::into)).is_none(), "{absent}");
            #[cfg(not(target_arch = "wasm32"))]
            println!("skipped: {absent}");
            #[cfg(target_arch = "wasm32")]
            wasm_bindgen_test::console_log!("skipped: {absent}");
            return;
        }
    };
    let mut wrong = Vec::new();
    for preset in PRESETS {
        let preset = preset();
        wrong.extend(faults(&handle, preset.name, &preset.spec).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn presets_agree() {
    pollster::block_on(all());
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
async fn presets_agree() {
    all().await;
}
