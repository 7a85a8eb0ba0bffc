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
use engine::rules::RULES;
use engine::spec::{resolve::resolve, text};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

const STEPS: u32 = 200;
/// Steps for which every rule is followed on the graphics processor, and the rules that are followed over [`STEPS`].
const FEW: u32 = 50;
const AT_LENGTH: [&str; 3] = ["backprop", "direct-feedback-alignment", "forward-forward"];
/// Relative distance of losses that rounding may bring about, over [`STEPS`] steps.
const CPU_TOLERANCE: f32 = 2e-3;
/// The same for rules that solve systems of equations, which magnify it.
const SOLVED: [&str; 2] = ["random-feature-boosting", "optimal-input-gain"];
const SOLVED_TOLERANCE: f32 = 2e-2;
const GPU_TOLERANCE: f32 = 2e-2;

/// Networks in order of preference: a rule is tried on the first that it fits.
const NETWORKS: [&str; 3] = [
    r#"[[{"block":"linear","units":16},{"block":"activation","function":"tanh"}],
        [{"block":"route","experts":4,"routing":{"id":"top-k","k":2},"blocks":[{"block":"linear","units":16}]},
         {"block":"activation","function":"gelu"}],[{"block":"linear"}]]"#,
    r#"[[{"block":"linear","units":16},{"block":"activation"}],[{"block":"linear","units":16},{"block":"activation"}],
        [{"block":"linear"}]]"#,
    r#"[[{"block":"linear","units":16},{"block":"activation"}],
        [{"block":"residual","blocks":[{"block":"linear","units":16},{"block":"activation"}]}],
        [{"block":"residual","blocks":[{"block":"linear","units":16},{"block":"activation"}]}],[{"block":"linear"}]]"#,
];

fn lab(rule: &str) -> (Lab, engine::data::Data) {
    let mut faults = Vec::new();
    for stages in NETWORKS {
        let spec = text::read(&format!(
            r#"{{"version":1,"data":"moons","stages":{stages},
                "rule":"{rule}","optimizer":"adam","rate":0.005,"batch":32,"seed":11}}"#
        ))
        .unwrap();
        let resolved = resolve(&spec).unwrap();
        let data = resolved.data.entry.load(&[], &Knobs::defaults(resolved.data.entry.knobs()), 11).unwrap();
        match Lab::new(&spec, &data) {
            Ok(lab) => return (lab, data),
            Err(fault) => faults.extend(fault),
        }
    }
    panic!("{rule} fits no network: {faults:?}")
}

/// The losses after every tenth of the steps.
async fn losses(executor: &mut dyn Executor, lab: &Lab, data: &engine::data::Data, steps: u32) -> Vec<f32> {
    for id in lab.graph.slot_ids() {
        executor.write(lab.plan.slot(id).start, &lab.initial(id, 11));
    }
    for (id, values) in lab.inputs(data) {
        executor.write(lab.plan.slot(id).start, &values);
    }
    let mut out = Vec::new();
    for _ in 0..10 {
        executor.run(STEP, steps / 10);
        out.push(executor.read(&[lab.plan.slot(lab.registers.loss)]).await.unwrap()[0][0]);
    }
    out
}

/// Whether two trajectories differ by more than rounding; one that is not finite does.
fn apart(a: &[f32], b: &[f32], tolerance: f32) -> bool {
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= tolerance * b.abs().max(0.1);
    a.len() != b.len() || !a.iter().zip(b).all(near)
}

fn near(a: &[f32], b: &[f32], tolerance: f32, what: &str) {
    assert!(!apart(a, b, tolerance), "{what}: {a:?} against {b:?}");
}

/// Losses of the CPU executor at every twentieth step, as they were when they were looked at: a line for each rule.
/// `BLESS=1 cargo test --test trajectories` writes the file anew.
const PINNED: &str = include_str!("trajectories.txt");

fn pinned(rule: &str) -> Option<Vec<f32>> {
    let line = PINNED.lines().find_map(|l| l.strip_prefix(rule)?.strip_prefix(": "))?;
    line.split(' ').map(|v| v.parse().ok()).collect()
}

async fn the_cpu_learns_as_pinned() {
    let mut now = String::new();
    let mut wrong = Vec::new();
    for rule in RULES.iter().map(|r| r.meta().id) {
        let (lab, data) = lab(rule);
        let mut cpu = Cpu::new(lab.plan.clone());
        let got = losses(&mut cpu, &lab, &data, STEPS).await;
        let line: Vec<String> = got.iter().map(f32::to_string).collect();
        now += &format!("{rule}: {}\n", line.join(" "));
        let tolerance = if SOLVED.contains(&rule) { SOLVED_TOLERANCE } else { CPU_TOLERANCE };
        match pinned(rule) {
            Some(pinned) if apart(&got, &pinned, tolerance) => wrong.push(format!("{rule}: {got:?}")),
            Some(_) => {}
            None => wrong.push(format!("{rule} is not pinned yet")),
        }
    }
    #[cfg(not(target_arch = "wasm32"))]
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/trajectories.txt"), now).unwrap();
    }
    assert!(wrong.is_empty(), "look at it, then BLESS=1: {wrong:#?}");
}

async fn the_gpu_follows_the_cpu() {
    let handle = match Handle::open().await {
        Ok(handle) => handle,
        Err(absent) => {
            assert!(std::env::var_os("CI").is_none(), "{absent}");
            return;
        }
    };
    for rule in RULES.iter().map(|r| r.meta().id) {
        let steps = if AT_LENGTH.contains(&rule) { STEPS } else { FEW };
        let (lab, data) = lab(rule);
        let mut cpu = Cpu::new(lab.plan.clone());
        let mut gpu = Gpu::load(&handle, lab.plan.clone()).await.unwrap();
        let expected = losses(&mut cpu, &lab, &data, steps).await;
        near(&losses(&mut gpu, &lab, &data, steps).await, &expected, GPU_TOLERANCE, rule);
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
    for rule in RULES.iter().map(|r| r.meta().id) {
        let (lab, data) = lab(rule);
        let inputs = lab.inputs(&data);
        let mut oracle = engine::exec::oracle::Oracle::new(&lab.graph, |id| {
            let given = inputs.iter().find(|i| i.0 == id);
            given.map_or_else(|| lab.initial(id, 11), |i| i.1.clone())
        });
        oracle.round = true;
        let mut cpu = Cpu::new(lab.plan.clone());
        pollster::block_on(async {
            let first = losses(&mut cpu, &lab, &data, STEPS).await[0];
            for _ in 0..20 {
                oracle.run(&lab.programs[STEP]);
            }
            let defined = oracle.read(lab.registers.loss).data[0] as f32;
            near(&[first], &[defined], 1e-3, rule);
        });
    }
}
