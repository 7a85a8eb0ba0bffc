//! The same spec and seed learn the same on every executor and target.
//!
//! Three promises are kept here. The CPU executor follows the definition. Its losses are the same natively and in
//! WebAssembly, within rounding: products may fuse multiplication and addition natively, and nothing else differs.
//! The graphics executor stays within a stated distance of the CPU over 200 steps.

#![allow(clippy::unwrap_used)]

use engine::exec::gpu::{Gpu, Handle};
use engine::exec::{Executor, cpu::Cpu};
use engine::lab::{Lab, STEP};
use engine::registry::Knobs;
use engine::spec::{resolve::resolve, text};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

const STEPS: u32 = 200;
/// Relative distance of losses that rounding may bring about, over [`STEPS`] steps.
const CPU_TOLERANCE: f32 = 2e-3;
const GPU_TOLERANCE: f32 = 2e-2;

fn lab(rule: &str) -> (Lab, engine::data::Data) {
    let spec = text::read(&format!(
        r#"{{"version":1,"data":"moons","stages":[[{{"block":"linear","units":16}},{{"block":"activation","function":"tanh"}}],
            [{{"block":"route","experts":4,"routing":{{"id":"top-k","k":2}},"blocks":[{{"block":"linear","units":16}}]}},
             {{"block":"activation","function":"gelu"}}],[{{"block":"linear"}}]],
            "rule":"{rule}","optimizer":"adam","rate":0.005,"batch":32,"seed":11}}"#
    ))
    .unwrap();
    let resolved = resolve(&spec).unwrap();
    let data = resolved.data.entry.load(&[], &Knobs::defaults(resolved.data.entry.knobs()), 11).unwrap();
    (Lab::new(&spec, &data).unwrap(), data)
}

/// The losses after every twentieth step.
async fn losses(executor: &mut dyn Executor, lab: &Lab, data: &engine::data::Data) -> Vec<f32> {
    for id in lab.graph.slot_ids() {
        executor.write(lab.plan.slot(id).start, &lab.initial(id, 11));
    }
    for (id, values) in lab.inputs(data) {
        executor.write(lab.plan.slot(id).start, &values);
    }
    let mut out = Vec::new();
    for _ in 0..STEPS / 20 {
        executor.run(STEP, 20);
        out.push(executor.read(&[lab.plan.slot(lab.registers.loss)]).await.unwrap()[0][0]);
    }
    out
}

fn near(a: &[f32], b: &[f32], tolerance: f32, what: &str) {
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * b.abs().max(0.1)), "{what}: {a:?} against {b:?}");
}

/// Losses of the CPU executor at every twentieth step, as they were when this was written.
const PINNED: [(&str, [f32; 10]); 3] = [
    (
        "backprop",
        [
            0.32523197,
            0.16119623,
            0.12142293,
            0.06896261,
            0.02009836,
            0.017742336,
            0.009681009,
            0.0022266246,
            0.012367147,
            0.001126267,
        ],
    ),
    (
        "direct-feedback-alignment",
        [
            0.69046193, 0.5279867, 0.346592, 0.30672705, 0.20927188, 0.29001895, 0.32915467, 0.21763118, 0.3859887,
            0.10148094,
        ],
    ),
    (
        "forward-forward",
        [
            0.6859591, 0.46776456, 0.37235972, 0.33490288, 0.276567, 0.33698314, 0.36794215, 0.2590751, 0.28618369,
            0.14828098,
        ],
    ),
];

async fn the_cpu_learns_as_pinned() {
    for (rule, pinned) in PINNED {
        let (lab, data) = lab(rule);
        let mut cpu = Cpu::new(lab.plan.clone());
        near(&losses(&mut cpu, &lab, &data).await, &pinned, CPU_TOLERANCE, rule);
    }
}

async fn the_gpu_follows_the_cpu() {
    let handle = match Handle::open().await {
        Ok(handle) => handle,
        Err(absent) => {
            assert!(std::env::var_os("CI").is_none(), "{absent}");
            return;
        }
    };
    for (rule, _) in PINNED {
        let (lab, data) = lab(rule);
        let mut cpu = Cpu::new(lab.plan.clone());
        let mut gpu = Gpu::load(&handle, lab.plan.clone()).await.unwrap();
        let expected = losses(&mut cpu, &lab, &data).await;
        near(&losses(&mut gpu, &lab, &data).await, &expected, GPU_TOLERANCE, rule);
    }
}

/// One test body for both worlds.
macro_rules! both {
    ($name:ident, $body:ident) => {
        #[cfg(not(target_arch = "wasm32"))]
        #[test]
        fn $name() {
            pollster::block_on($body());
        }

        #[cfg(target_arch = "wasm32")]
        #[wasm_bindgen_test::wasm_bindgen_test]
        async fn $name() {
            $body().await;
        }
    };
}

both!(cpu_learns_as_pinned, the_cpu_learns_as_pinned);
both!(gpu_follows_the_cpu, the_gpu_follows_the_cpu);

#[test]
#[cfg(not(target_arch = "wasm32"))]
fn the_cpu_follows_the_definition() {
    for (rule, _) in PINNED {
        let (lab, data) = lab(rule);
        let inputs = lab.inputs(&data);
        let mut oracle = engine::exec::oracle::Oracle::new(&lab.graph, |id| {
            let given = inputs.iter().find(|i| i.0 == id);
            given.map_or_else(|| lab.initial(id, 11), |i| i.1.clone())
        });
        oracle.round = true;
        let mut cpu = Cpu::new(lab.plan.clone());
        pollster::block_on(async {
            let first = losses(&mut cpu, &lab, &data).await[0];
            for _ in 0..20 {
                oracle.run(&lab.programs[STEP]);
            }
            let defined = oracle.read(lab.registers.loss).data[0] as f32;
            near(&[first], &[defined], 1e-3, rule);
        });
    }
}
