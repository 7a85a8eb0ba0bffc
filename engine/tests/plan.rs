//! Plans mean what programs mean: the CPU executor on a plan against the oracle on the program it was made from.
//!
//! This is where fusion, ordering, placement and in-place writes can go wrong: each test has a shape of program that
//! needs one of them to be right.

#![allow(clippy::unwrap_used)]

use std::rc::Rc;

use engine::ad::{self, Exact};
use engine::check::check;
use engine::exec::{Executor, cpu::Cpu, oracle::Oracle};
use engine::ir::{Graph, Init, Program, Role, Shape, Slot, SlotId, Stmt, Value};
use engine::noise::Stream;
use engine::plan::{Command, Output, Plan, Step, compile};

fn slot(g: &mut Graph, name: &str, role: Role, shape: impl Into<Shape>) -> SlotId {
    g.declare(Slot { name: name.to_owned(), role, shape: shape.into(), init: Init::Constant(0.0) })
}

fn start(g: &Graph, id: SlotId) -> Vec<f32> {
    let noise = Stream { seed: 7, stream: id.index() as u32 };
    (0..g.slot(id).shape.size() as u32).map(|i| noise.uniform(0, i) - 0.4).collect()
}

/// Every register after one replay on the CPU.
fn after(g: &Graph, plan: &Rc<Plan>) -> Vec<Vec<f32>> {
    let mut cpu = Cpu::new(plan.clone());
    for id in g.slot_ids() {
        cpu.write(plan.slot(id).start, &start(g, id));
    }
    cpu.run(0, 1);
    g.slot_ids().map(|id| pollster::block_on(cpu.read(&[plan.slot(id)])).unwrap().remove(0)).collect()
}

fn planned(g: &Rc<Graph>, body: Vec<Stmt>) -> Rc<Plan> {
    let program = Program::new(g.clone(), "test", body);
    assert_eq!(check(&program), []);
    Rc::new(compile(g, &[program]))
}

fn commands(plan: &Plan) -> Vec<&Command> {
    fn of(step: &Step) -> &[Command] {
        if let Step::Tick(commands) = step { commands } else { &[] }
    }
    plan.programs[0].body.iter().flat_map(of).collect()
}

/// Runs the program `times` times on both and compares every register.
fn agree(g: Graph, body: Vec<Stmt>, times: u32, tolerance: f64) {
    let g = Rc::new(g);
    let program = Program::new(g.clone(), "test", body);
    assert_eq!(check(&program), []);
    let plan = Rc::new(compile(&g, std::slice::from_ref(&program)));
    let mut cpu = Cpu::new(plan.clone());
    let mut oracle = Oracle::new(&g, |id| start(&g, id));
    for id in g.slot_ids() {
        cpu.write(plan.slot(id).start, &start(&g, id));
    }
    for _ in 0..times {
        oracle.run(&program);
    }
    cpu.run(0, times);
    for id in g.slot_ids() {
        let got = pollster::block_on(cpu.read(&[plan.slot(id)])).unwrap().remove(0);
        for (i, (a, b)) in got.iter().zip(&oracle.read(id).data).enumerate() {
            let off = (f64::from(*a) - b).abs() / b.abs().max(1.0);
            assert!(off <= tolerance, "{}[{i}]: {a} against {b}\n{program}\n{plan}", g.slot(id).name);
        }
    }
}

#[test]
fn registers_can_change_places() {
    let mut g = Graph::new();
    let (a, b) = (slot(&mut g, "a", Role::State, [5]), slot(&mut g, "b", Role::State, [5]));
    let (va, vb) = (g.read(a), g.read(b));
    agree(g, vec![Stmt::Tick(vec![(a, vb), (b, va)])], 3, 0.0);
}

#[test]
fn a_write_is_not_seen_by_its_own_tick() {
    let mut g = Graph::new();
    let (a, b) = (slot(&mut g, "a", Role::State, [4, 3]), slot(&mut g, "b", Role::State, [4, 4]));
    let c = slot(&mut g, "c", Role::State, [3]);
    let va = g.read(a);
    let product = g.matmul_t(va, va, false, true);
    let one = g.constant(0.5);
    let next = g.mul(va, one);
    let columns = g.sum(va, &[0]);
    let columns = g.reshape(columns, [3]);
    let vc = g.read(c);
    let mixed = g.add(next, vc);
    agree(g, vec![Stmt::Tick(vec![(a, mixed), (b, product), (c, columns)])], 4, 1e-5);
}

#[test]
fn broadcast_and_transposed_writes_keep_off_what_they_read() {
    let mut g = Graph::new();
    let a = slot(&mut g, "a", Role::State, [3, 3]);
    let b = slot(&mut g, "b", Role::State, [3, 3]);
    let va = g.read(a);
    let t = g.transpose(va, &[1, 0]);
    let rows = g.mean(va, &[1]);
    let next = g.sub(t, rows);
    let wide = g.broadcast(rows, [3, 3]);
    agree(g, vec![Stmt::Tick(vec![(a, next), (b, wide)])], 3, 1e-6);
}

/// Two layers, softmax, cross-entropy, Adam: what most steps look like.
fn training_step(g: &mut Graph, sizes: &[usize], batch: usize) -> Vec<(SlotId, Value)> {
    let x = slot(g, "x", Role::Input, [batch, sizes[0]]);
    let labels = slot(g, "labels", Role::Input, [batch]);
    let loss_slot = slot(g, "loss", Role::Metric, []);
    let mut h = g.read(x);
    let mut params = Vec::new();
    for (i, pair) in sizes.windows(2).enumerate() {
        let w = slot(g, &format!("w{i}"), Role::Param, [pair[0], pair[1]]);
        let b = slot(g, &format!("b{i}"), Role::Param, [pair[1]]);
        params.extend([w, b]);
        let (wv, bv) = (g.read(w), g.read(b));
        let product = g.matmul(h, wv);
        h = g.add(product, bv);
        if i + 2 < sizes.len() {
            h = g.relu(h);
        }
    }
    let labels = g.read(labels);
    let target = g.one_hot(labels, sizes[sizes.len() - 1]);
    let rows = g.cross_entropy(h, target);
    let loss = g.mean_all(rows);
    let wrt: Vec<Value> = params.iter().map(|&p| g.read(p)).collect();
    let grads = ad::gradients(g, loss, &wrt, &Exact);
    let mut writes = vec![(loss_slot, loss)];
    for ((p, v), grad) in params.into_iter().zip(wrt).zip(grads) {
        let name = g.slot(p).name.clone();
        let shape = g.slot(p).shape.clone();
        let m = slot(g, &format!("m/{name}"), Role::State, shape.clone());
        let s = slot(g, &format!("s/{name}"), Role::State, shape);
        let (mv, sv) = (g.read(m), g.read(s));
        let (m1, m2) = (g.scale(mv, 0.9), g.scale(grad, 0.1));
        let m_next = g.add(m1, m2);
        let sq = g.square(grad);
        let sv = g.abs(sv);
        let (s1, s2) = (g.scale(sv, 0.999), g.scale(sq, 0.001));
        let s_next = g.add(s1, s2);
        let root = g.sqrt(s_next);
        let eps = g.constant(1e-3);
        let root = g.add(root, eps);
        let step = g.div(m_next, root);
        let step = g.scale(step, 0.01);
        let p_next = g.sub(v, step);
        writes.extend([(p, p_next), (m, m_next), (s, s_next)]);
    }
    writes
}

#[test]
fn a_training_step_is_the_same_on_plan_and_program() {
    for (sizes, batch) in [(vec![5, 7, 3], 4), (vec![65, 33, 17, 10], 32), (vec![1, 1, 2], 1)] {
        let mut g = Graph::new();
        let writes = training_step(&mut g, &sizes, batch);
        agree(g, vec![Stmt::Tick(writes)], 5, 2e-4);
    }
}

#[test]
fn a_training_step_is_few_commands_and_writes_in_place() {
    let mut g = Graph::new();
    let writes = training_step(&mut g, &[784, 256, 256, 10], 128);
    let g = Rc::new(g);
    let program = Program::new(g.clone(), "step", vec![Stmt::Tick(writes)]);
    let plan = compile(&g, &[program]);
    assert!(plan.programs[0].dispatches() <= 20, "{plan}");
    // No more temporaries than two activations of each layer and the gradients of the weights.
    let floats = 4 * 128 * (256 + 256 + 10) + 784 * 256 + 256 * 256 + 2560 + 600;
    assert!(plan.programs[0].peak <= floats, "{} floats of temporaries", plan.programs[0].peak);
}

#[test]
fn repeats_run_their_body_and_assemblies_fill_their_parts() {
    let mut g = Graph::new();
    let a = slot(&mut g, "a", Role::State, [2, 6]);
    let va = g.read(a);
    let left = g.slice(va, 1, 0, 2);
    let right = g.slice(va, 1, 3, 3);
    let one = g.constant(1.5);
    let middle = g.broadcast(one, [2, 1]);
    let all = g.concat(&[right, middle, left], 1);
    let shifted = g.push(engine::ops::shape::Pad { axis: 1, before: 1, after: 2 }, &[right]);
    let sum = g.add(all, shifted);
    agree(g, vec![Stmt::Repeat { times: 3, body: vec![Stmt::Tick(vec![(a, sum)])] }], 2, 1e-5);
}

#[test]
fn routines_read_packed_copies_of_scattered_values() {
    let mut g = Graph::new();
    let table = slot(&mut g, "table", Role::State, [4, 6]);
    let out = slot(&mut g, "out", Role::State, [3, 2, 4]);
    let order = slot(&mut g, "order", Role::State, [6, 4]);
    let vt = g.read(table);
    let t = g.transpose(vt, &[1, 0]);
    let half = g.reshape(t, [12, 2]);
    let index = g.iota(6);
    let index = g.reshape(index, [3, 2]);
    let picked = g.push(engine::ops::rows::Gather, &[t, index]);
    let sorted = g.push(engine::ops::sort::ArgSort { descending: true }, &[t]);
    let folded = g.sum(half, &[1]);
    let folded = g.reshape(folded, [3, 4]);
    let folded = g.reshape(folded, [3, 1, 4]);
    let total = g.add(picked, folded);
    let back = g.transpose(sorted, &[1, 0]);
    let next = g.scale(back, 0.1);
    agree(g, vec![Stmt::Tick(vec![(out, total), (order, sorted), (table, next)])], 3, 1e-5);
}

const AWKWARD: [usize; 3] = [1, 65, 257];

#[test]
fn what_ends_a_product_has_the_bits_of_a_command_of_its_own() {
    for (m, k, n) in AWKWARD.iter().flat_map(|&m| AWKWARD.iter().flat_map(move |&k| AWKWARD.map(|n| (m, k, n)))) {
        // The same registers twice; what is between the ticks of the second passes through memory.
        let graph = |split: bool| {
            let mut g = Graph::new();
            let x = slot(&mut g, "x", Role::Input, [m, k]);
            let w = slot(&mut g, "w", Role::Param, [n, k]);
            let bias = slot(&mut g, "bias", Role::Param, [n]);
            let gate = slot(&mut g, "gate", Role::Input, [m, n]);
            let raw = slot(&mut g, "raw", Role::State, [m, n]);
            let (y, masked) = (slot(&mut g, "y", Role::State, [m, n]), slot(&mut g, "masked", Role::State, [m, n]));
            let (vx, vw, vb, vg) = (g.read(x), g.read(w), g.read(bias), g.read(gate));
            let product = g.matmul_t(vx, vw, false, true);
            let r = if split { g.read(raw) } else { product };
            let sum = g.add(r, vb);
            let activated = g.tanh(sum);
            let open = g.step(vg);
            let through = g.mul(r, open);
            let ends = vec![(y, activated), (masked, through)];
            let body = match split {
                true => vec![Stmt::Tick(vec![(raw, product)]), Stmt::Tick(ends)],
                false => vec![Stmt::Tick([vec![(raw, product)], ends].concat())],
            };
            (Rc::new(g), body)
        };
        let ((one, body), (two, split)) = (graph(false), graph(true));
        let (plan, apart) = (planned(&one, body.clone()), planned(&two, split));
        let ended = |c: &&Command| matches!(c, Command::Routine { output: Output::Mapped(_), .. });
        assert_eq!((commands(&plan).len(), commands(&plan).iter().filter(|c| ended(c)).count()), (1, 1), "{plan}");
        assert_eq!(commands(&apart).iter().filter(|c| ended(c)).count(), 0, "{apart}");
        let bits = |all: Vec<Vec<f32>>| all.into_iter().flatten().map(f32::to_bits).collect::<Vec<_>>();
        assert!(bits(after(&one, &plan)) == bits(after(&two, &apart)), "{m}×{k}×{n}");
        agree(Rc::try_unwrap(one).unwrap(), body, 1, 1e-4);
    }
}

#[test]
fn a_weight_moves_in_place_once_everyone_has_read_it() {
    for (batch, from, to) in [(1, 65, 257), (65, 257, 1), (257, 65, 65), (300, 3, 5)] {
        let mut g = Graph::new();
        let (x, dy) = (slot(&mut g, "x", Role::Input, [batch, from]), slot(&mut g, "dy", Role::Input, [batch, to]));
        let w = slot(&mut g, "w", Role::Param, [from, to]);
        let velocity = slot(&mut g, "velocity", Role::State, [from, to]);
        let dx = slot(&mut g, "dx", Role::State, [batch, from]);
        let (vx, vdy, vw, vv) = (g.read(x), g.read(dy), g.read(w), g.read(velocity));
        let gradient = g.matmul_t(vx, vdy, true, false);
        let kept = g.scale(vv, 0.9);
        let v = g.add(kept, gradient);
        let step = g.scale(v, 0.01);
        let next = g.sub(vw, step);
        let back = g.matmul_t(vdy, vw, false, true);
        let body = vec![Stmt::Tick(vec![(w, next), (velocity, v), (dx, back)])];
        let rc = Rc::new(g);
        let plan = planned(&rc, body.clone());
        assert_eq!((commands(&plan).len(), plan.programs[0].peak), (2, 0), "{plan}");
        agree(Rc::try_unwrap(rc).unwrap(), body, 3, 1e-4);
    }
}

#[test]
fn a_product_does_not_overwrite_its_own_operand() {
    let mut g = Graph::new();
    let a = slot(&mut g, "a", Role::State, [65, 65]);
    let sums = slot(&mut g, "sums", Role::State, [65]);
    let (va, vs) = (g.read(a), g.read(sums));
    let square = g.matmul(va, va);
    let square = g.scale(square, 0.01);
    let next = g.sub(va, square);
    let rows = g.sum(va, &[1]);
    let rows = g.reshape(rows, [65]);
    let wide = g.mul(rows, vs);
    agree(g, vec![Stmt::Tick(vec![(a, next), (sums, wide)])], 3, 1e-4);
}

#[test]
fn a_program_that_needs_what_waits_for_a_product_stays_behind_it() {
    let mut g = Graph::new();
    let (a, out) = (slot(&mut g, "a", Role::State, [65, 3]), slot(&mut g, "out", Role::State, [65, 65]));
    let va = g.read(a);
    let product = g.matmul_t(va, va, false, true);
    // The norm of all of it divides each of it.
    let norm = g.dot(product, product);
    let norm = g.sqrt(norm);
    let unit = g.div(product, norm);
    let turned = g.transpose(product, &[1, 0]);
    let sum = g.add(unit, turned);
    agree(g, vec![Stmt::Tick(vec![(out, sum)])], 2, 1e-4);
}

#[test]
fn reductions_over_the_same_numbers_share_a_pass() {
    for (rows, cols) in AWKWARD.iter().flat_map(|&r| [2, 65, 257].map(|c| (r, c))) {
        let mut g = Graph::new();
        let a = slot(&mut g, "a", Role::Input, [rows, cols]);
        let (top, mean) = (slot(&mut g, "top", Role::Metric, [rows]), slot(&mut g, "mean", Role::Metric, [rows]));
        let spread = slot(&mut g, "spread", Role::Metric, [rows]);
        let va = g.read(a);
        let largest = g.max(va, &[1]);
        let total = g.sum(va, &[1]);
        let squares = g.square(va);
        let squares = g.sum(squares, &[1]);
        let share = g.scale(total, 1.0 / cols as f32);
        let spread_of = g.sub(squares, share);
        let flat = [largest, share, spread_of].map(|v| g.reshape(v, [rows]));
        let body = vec![Stmt::Tick(vec![(top, flat[0]), (mean, flat[1]), (spread, flat[2])])];
        let rc = Rc::new(g);
        let plan = planned(&rc, body.clone());
        let folds = |c: &&Command| if let Command::Reduce(r) = c { r.folds.len() } else { 0 };
        assert_eq!(commands(&plan).iter().map(folds).collect::<Vec<_>>(), [3], "{plan}");
        agree(Rc::try_unwrap(rc).unwrap(), body, 1, 1e-4);
    }
}
