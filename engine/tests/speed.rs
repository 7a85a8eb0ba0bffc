//! How fast the graphics processor is, for a person to read: `cargo test --release --test speed -- --ignored
//! --nocapture`, natively or in a browser. Nothing is asserted: figures depend on what else the machine does.

#![allow(clippy::unwrap_used, clippy::single_range_in_vec_init)]

use std::rc::Rc;

use engine::exec::Executor;
use engine::exec::gpu::{Gpu, Handle, Variant};
use engine::lab::{Lab, STEP};
use engine::noise::Stream;
use engine::ops::matmul::MatMul;
use engine::ops::scalar::{Binary, Unary};
use engine::plan::{Command, Instr, Map, Order, Output, Plan, Planned, Step, View};
use engine::workloads::Part;
use web_time::Instant;

mod assets;

use assets::load;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn say(text: &str) {
    #[cfg(not(target_arch = "wasm32"))]
    println!("{text}");
    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test::console_log!("{text}");
}

/// Milliseconds of one replay of `commands` on random memory, the best of a few series of `times`.
async fn time(handle: &Handle, size: usize, commands: Vec<Command>, times: u32) -> f64 {
    let body = vec![Step::Tick(commands)];
    let planned = Planned { name: "speed".to_owned(), body, emits: Vec::new(), peak: 0, order: Order::AsBuilt };
    let noise = Stream::new(1, 2);
    let plan = Plan {
        slots: Vec::new(),
        roles: std::array::from_fn(|_| 0..0),
        constants: (0, (0..size as u32).map(|i| noise.uniform(0, i)).collect()),
        size,
        programs: vec![planned],
    };
    let mut gpu = Gpu::load(handle, Rc::new(plan)).await.unwrap();
    gpu.run(0, 1);
    gpu.read(&[0..1]).await.unwrap();
    let mut best = f64::INFINITY;
    for _ in 0..4 {
        let start = Instant::now();
        gpu.run(0, times);
        gpu.read(&[0..1]).await.unwrap();
        best = best.min(start.elapsed().as_secs_f64() * 1e3 / f64::from(times));
    }
    best
}

/// The products of training steps on fully connected networks: `m, n, k` and which operand is transposed.
const PRODUCTS: [(&str, usize, usize, usize, bool, bool); 6] = [
    ("784-256, batch 128, forward", 128, 256, 784, false, false),
    ("784-256, batch 128, to the weights", 784, 256, 128, true, false),
    ("256-256, batch 128, to the input", 128, 256, 256, false, true),
    ("784-1024, batch 256, forward", 256, 1024, 784, false, false),
    ("1024-1024, batch 256, to the weights", 1024, 1024, 256, true, false),
    ("1024-1024, batch 256, to the input", 256, 1024, 1024, false, true),
];

async fn products(handle: &Handle) {
    for (name, m, n, k, ta, tb) in PRODUCTS {
        let mut line = format!("{name}:");
        for variant in [Variant::Registers, Variant::Shared] {
            handle.prefer(variant);
            let a = View::contiguous(0, &if ta { [k, m] } else { [m, k] });
            let b = View::contiguous(m * k, &if tb { [n, k] } else { [k, n] });
            let command = Command::Routine {
                op: MatMul { ta, tb }.into(),
                inputs: vec![a, b],
                shape: vec![m, n],
                output: Output::Plain(m * k + k * n),
            };
            let ms = time(handle, m * k + k * n + m * n, vec![command], 1).await;
            line += &format!(" {variant:?} {ms:.2} ms {:.2} GFLOP/s", 2e-6 * (m * n * k) as f64 / ms);
        }
        say(&line);
    }
}

fn map(len: usize, inputs: usize, code: Vec<Instr>) -> Command {
    Command::Map(Map {
        shape: vec![len],
        inputs: (0..inputs).map(|i| View::contiguous(i * len, &[len])).collect(),
        outputs: vec![(code.len() - 1, View::contiguous(0, &[len]))],
        code,
    })
}

async fn elementwise(handle: &Handle) {
    let tiny = || map(64, 1, vec![Instr::Input(0), Instr::Unary(Unary::Neg, 0)]);
    let ms = time(handle, 64, (0..100).map(|_| tiny()).collect(), 10).await;
    say(&format!("one dispatch of 100 in a tick: {:.1} µs", ms * 10.0));
    let len = 1 << 20;
    let chain = vec![
        Instr::Input(0),
        Instr::Input(1),
        Instr::Input(2),
        Instr::Binary(Binary::Mul, 0, 1),
        Instr::Binary(Binary::Add, 3, 2),
        Instr::Unary(Unary::Relu, 4),
    ];
    let ms = time(handle, 3 * len, vec![map(len, 3, chain)], 4).await;
    say(&format!("a map over three times 2²⁰ numbers: {ms:.2} ms, {:.1} GB/s", 16e-6 * len as f64 / ms));
}

/// Training steps of the workloads that everything is compared on.
async fn workloads(handle: &Handle) {
    for workload in engine::workloads::workloads().into_iter().filter(|w| w.part == Part::Step) {
        let data = load(&workload.spec);
        let lab = Lab::new(&workload.spec, &data).unwrap();
        let start = Instant::now();
        let mut gpu = Gpu::load(handle, lab.plan.clone()).await.unwrap();
        let loaded = start.elapsed().as_secs_f64() * 1e3;
        let initial = |id| (id, lab.initial(id, workload.spec.seed));
        for (id, values) in lab.graph.slot_ids().map(initial).chain(lab.inputs(&data)) {
            gpu.write(lab.plan.slot(id).start, &values);
        }
        let loss = lab.plan.slot(lab.registers.loss);
        let start = Instant::now();
        gpu.run(STEP, 1);
        gpu.read(std::slice::from_ref(&loss)).await.unwrap();
        let first = start.elapsed().as_secs_f64() * 1e3;
        let times = (300.0 / first).clamp(2.0, 100.0) as u32;
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let start = Instant::now();
            gpu.run(STEP, times);
            gpu.read(std::slice::from_ref(&loss)).await.unwrap();
            best = best.min(start.elapsed().as_secs_f64() * 1e3 / f64::from(times));
        }
        let dispatches = gpu.dispatches(STEP);
        say(&format!(
            "{} {}: {best:.2} ms a step, {dispatches} dispatches, loaded in {loaded:.0} ms",
            workload.id, workload.what
        ));
    }
}

async fn figures() {
    let Ok(handle) = Handle::open().await else { return };
    let start = Instant::now();
    time(&handle, 64, Vec::new(), 1).await;
    say(&format!("{}: tuned in {:.0} ms", handle.name(), start.elapsed().as_secs_f64() * 1e3));
    workloads(&handle).await;
    elementwise(&handle).await;
    products(&handle).await;
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
#[ignore = "measures; asserts nothing"]
fn speed() {
    pollster::block_on(figures());
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
#[ignore = "measures; asserts nothing"]
async fn speed() {
    figures().await;
}
