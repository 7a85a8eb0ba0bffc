//! What feed-forward, structured and unconventional layers promise, beyond their derivatives.

use std::rc::Rc;

use engine::ad::{self, Exact};
use engine::data::Answer;
use engine::exec::Executor;
use engine::exec::cpu::Cpu;
use engine::exec::oracle::Oracle;
use engine::ir::{Graph, Init, Program, Role, Shape, Slot, Stmt, Value};
use engine::lesson::{Batch, Learn};
use engine::net::{Mode, Net, Node};
use engine::ops::Tensor;
use engine::plan::compile;
use engine::registry::{Knobs, Setting, find};
use engine::rules::{Loss, RULES, Task, fits};

use super::bench::*;
use super::support::{self, *};

/// `blocks` on a register `x` of `shape` at step `step`, with its output and numbers in its registers.
fn made(shape: &[usize], step: f32, blocks: &[Node]) -> (Graph, Value, Oracle) {
    let mut g = Graph::new();
    clock(&mut g);
    let (y, ..) = build(&mut g, Mode::Train, shape, blocks);
    assert!(g.faults().is_empty(), "{:?}", g.faults());
    let mut oracle = registers(&g);
    write(&g, &mut oracle, "step", &[step.into(), 0.0]);
    (g, y, oracle)
}

fn write(g: &Graph, oracle: &mut Oracle, name: &str, data: &[f64]) {
    let slot = g.find_slot(name).unwrap_or_else(|| panic!("no register {name}"));
    oracle.write(slot, Tensor::new(g.slot(slot).shape.clone(), data.to_vec()));
}

fn read(g: &Graph, oracle: &Oracle, name: &str) -> Vec<f64> {
    oracle.read(g.find_slot(name).unwrap()).data.clone()
}

fn eval(g: &Graph, oracle: &Oracle, y: Value) -> Vec<f64> {
    oracle.values(g, &[y])[0].data.clone()
}

/// Numbers in all weights that learn.
fn weights(shape: &[usize], blocks: &[Node]) -> usize {
    let (g, ..) = made(shape, 0.0, blocks);
    g.slots().iter().filter(|s| s.role == Role::Param).map(|s| s.shape.size()).sum()
}

/// On rows, on sequences, and inside experts.
fn differentiate_row_wise(what: &str, node: &Node) {
    differentiate(what, &[3, 4], std::slice::from_ref(node));
    differentiate(&format!("{what} on sequences"), &[2, 2, 4], std::slice::from_ref(node));
    differentiate(&format!("{what} in experts"), &[4, 4], &[route(2, "top-k", &[], vec![node.clone()])]);
}

fn all() -> Vec<Node> {
    let ids = ["glu", "ffn", "low-rank", "block-diagonal", "gated-perceptron", "multiplet", "simba", "constrained"];
    let ids = ids.iter().chain(&["random-features", "kan", "s-kan", "af-kan"]);
    let mut all: Vec<Node> = ids.map(|id| node(id, &[], vec![])).collect();
    all.push(node("af-kan", &[("form", word("relu-kan"))], vec![]));
    all.push(node("multiplet", &[("positive", word("floor"))], vec![]));
    all
}

#[test]
fn variants() {
    for gate in ["glu", "bilinear", "reglu", "geglu", "swiglu"] {
        differentiate_row_wise(gate, &node("glu", &[("gate", word(gate)), ("hidden", int(3))], vec![]));
    }
    for layers in 1..=3 {
        let settings = [("layers", int(layers)), ("hidden", int(3)), ("function", word("tanh")), ("units", int(2))];
        differentiate_row_wise("ffn", &node("ffn", &settings, vec![]));
    }
    differentiate_row_wise("low-rank", &node("low-rank", &[("units", int(5)), ("rank", int(2))], vec![]));
    for form in ["block-shuffle", "block-dense"] {
        let settings = [("form", word(form)), ("units", int(6)), ("rank", int(4))];
        differentiate_row_wise(form, &node("block-diagonal", &settings, vec![]));
    }
    for product in ["all", "pairs"] {
        differentiate_row_wise(product, &node("gated-perceptron", &[("product", word(product))], vec![]));
    }
    for positive in ["softplus", "exp"] {
        let settings = [("positive", word(positive)), ("units", int(2)), ("exponents", int(3))];
        differentiate_row_wise(positive, &node("multiplet", &settings, vec![]));
    }
    differentiate_row_wise("simba", &node("simba", &[("hidden", int(5))], vec![]));
    differentiate_row_wise("constrained", &node("constrained", &[("inhibitory", float(0.5))], vec![]));
}

#[test]
fn variants_of_kan() {
    differentiate_row_wise("kan", &node("kan", &[("units", int(2)), ("grid", int(3))], vec![]));
    differentiate_row_wise("s-kan", &node("s-kan", &[("units", int(2)), ("grid", int(2))], vec![]));
    let relu = [("form", word("relu-kan")), ("grid", int(2)), ("units", int(2))];
    differentiate_row_wise("relu-kan", &node("af-kan", &relu, vec![]));
    for how in ["quad-1", "quad-2", "sum", "product", "sum-product", "cubic-1", "cubic-2"] {
        let settings = [("combination", word(how)), ("grid", int(2)), ("units", int(2)), ("function", word("tanh"))];
        differentiate(how, &[3, 4], &[node("af-kan", &settings, vec![])]);
    }
    differentiate_row_wise("af-kan", &node("af-kan", &[("grid", int(2)), ("units", int(2))], vec![]));
}

/// At zeros, and far from them, values and derivatives are numbers, in 32 bits too.
#[test]
fn nothing_is_divided_by_zero() {
    for node in all() {
        let id = node.block.meta().id;
        for at in [0.0, -200.0, 200.0] {
            let (mut g, y, mut oracle) = made(&[2, 4], 0.0, std::slice::from_ref(&node));
            write(&g, &mut oracle, "x", &[at; 8]);
            let slots: Vec<_> =
                g.slot_ids().filter(|&s| g.slot(s).role == Role::Param || g.slot(s).name == "x").collect();
            let wrt: Vec<Value> = slots.iter().map(|&s| g.read(s)).collect();
            let total = g.total(y);
            let gradients = ad::gradients(&mut g, total, &wrt, &Exact);
            let given: Vec<_> = g.slot_ids().collect();
            let results = [&[y], &gradients[..]].concat().into_iter().enumerate().map(|(i, v)| {
                let (shape, init) = (g.shape(v).clone(), Init::Constant(0.0));
                (g.declare(Slot { name: format!("result {i}"), role: Role::Metric, shape, init }), v)
            });
            let results: Vec<_> = results.collect();
            let program = Program::new(g.into(), "block", vec![Stmt::Tick(results.clone())]);
            let plan = Rc::new(compile(&program.graph, std::slice::from_ref(&program)));
            let mut cpu = Cpu::new(plan.clone());
            for slot in given {
                let data: Vec<f32> = oracle.read(slot).data.iter().map(|&v| v as f32).collect();
                cpu.write(plan.slot(slot).start, &data);
            }
            cpu.run(0, 1);
            let ranges: Vec<_> = results.iter().map(|r| plan.slot(r.0)).collect();
            let numbers = pollster::block_on(cpu.read(&ranges)).unwrap();
            assert!(numbers.iter().flatten().all(|v| v.is_finite()), "{id} at {at}");
        }
    }
}

#[test]
fn features_are_needed() {
    for node in all() {
        assert!(fault(&[4], &[node]).contains("no features"));
    }
}

#[test]
fn glu_has_as_many_weights_as_a_plain_layer() {
    let plain = node("ffn", &[("bias", Setting::Bool(false))], vec![]);
    let gated = node("glu", &[], vec![]);
    assert_eq!(weights(&[2, 6], &[plain]), 8 * 36);
    assert_eq!(weights(&[2, 6], &[gated]), 8 * 36);
    let three = node("ffn", &[("bias", Setting::Bool(false)), ("layers", int(3))], vec![]);
    assert_eq!(weights(&[2, 6], &[three]), 24 * 36);
}

#[test]
fn bilinear_is_of_second_degree_and_glu_is_half_open_at_zero() {
    let (g, y, mut oracle) = made(&[3, 4], 0.0, &[node("glu", &[("gate", word("bilinear"))], vec![])]);
    let once = eval(&g, &oracle, y);
    let x: Vec<f64> = read(&g, &oracle, "x").iter().map(|v| 2.0 * v).collect();
    write(&g, &mut oracle, "x", &x);
    let quadrupled: Vec<f64> = once.iter().map(|v| 4.0 * v).collect();
    assert!(distance(&eval(&g, &oracle, y), &quadrupled) < 1e-12);

    // With a gate of weight 0 the layer is half of a linear one.
    let one = [("gate", word("glu")), ("hidden", int(1)), ("units", int(1))];
    let (g, y, mut oracle) = made(&[3, 1], 0.0, &[node("glu", &one, vec![])]);
    write(&g, &mut oracle, "1.glu/gate", &[0.0]);
    write(&g, &mut oracle, "1.glu/value", &[3.0]);
    write(&g, &mut oracle, "1.glu/out", &[2.0]);
    let expected: Vec<f64> = read(&g, &oracle, "x").iter().map(|v| 3.0 * v).collect();
    assert!(distance(&eval(&g, &oracle, y), &expected) < 1e-12);
}

fn shared(number: i64, children: Vec<Node>) -> Node {
    node("shared", &[("number", int(number))], children)
}

/// Within a stage the derivative is the sum over the uses, as differences say.
#[test]
fn shared_blocks_use_the_same_weights() {
    let part = || vec![support::linear(4), activation("tanh"), node("layer-norm", &[], vec![])];
    let blocks = [shared(1, part()), support::linear(4), shared(1, part()), shared(2, part())];
    differentiate("shared", &[3, 4], &blocks);
    let (g, y, oracle) = made(&[3, 4], 0.0, &blocks[..3]);
    assert_eq!(g.slots().iter().filter(|s| s.role == Role::Param).count(), 4 + 2);
    assert!(g.find_slot("shared 1/1.linear/weight").is_some());
    // The same as apart with the same numbers in both places.
    let apart = [node("chain", &[], part()), support::linear(4), node("chain", &[], part())];
    let (h, z, mut other) = made(&[3, 4], 0.0, &apart);
    for slot in h.slot_ids() {
        let name = h.slot(slot).name.clone();
        let kept = name.replace("1.chain", "shared 1").replace("3.chain", "shared 1");
        other.write(slot, oracle.read(g.find_slot(&kept).unwrap()).clone());
    }
    assert_eq!(eval(&g, &oracle, y), eval(&h, &other, z));
}

#[test]
fn shared_blocks_that_do_not_fit_are_refused() {
    let message = fault(&[3, 4], &[shared(1, vec![support::linear(5)]), shared(1, vec![support::linear(5)])]);
    assert!(message.contains("in one place"), "{message}");
    let refused = |rule: &str, stages: Vec<Vec<Node>>| {
        let rule = find(RULES, rule, "").unwrap();
        let task = task(3);
        fits(rule, &net(3, stages), &task, &Knobs::defaults(rule.knobs())).unwrap_err().to_string()
    };
    let other = || vec![support::linear(4), activation("tanh")];
    let message = refused("backprop", vec![vec![shared(1, vec![support::linear(4)])], vec![shared(1, other())]]);
    assert!(message.contains("2 › 1.shared") && message.contains("holds other blocks"), "{message}");
    let within = refused("backprop", vec![vec![shared(1, vec![shared(1, vec![support::linear(4)])])]]);
    assert!(within.contains("holds other blocks"), "{within}");
    for rule in ["feedback-alignment", "local-classifiers", "node-perturbation"] {
        let message = refused(rule, vec![vec![shared(1, other())], vec![support::linear(0)]]);
        assert!(message.contains("does not sum up") && message.contains("Backpropagation"), "{rule}: {message}");
    }
}

fn task(classes: usize) -> Task {
    Task { input: Shape::from([4]), outputs: classes, answer: Answer::Class, loss: Loss::CrossEntropy, batch: 5 }
}

/// The gradients by name that `rule` gives the weights of `net`, and the numbers of the registers.
fn gradients(rule: &str, net: &Net, numbers: &dyn Fn(&str) -> Option<Vec<f64>>) -> Vec<(String, Vec<f64>)> {
    let rule = find(RULES, rule, "").unwrap();
    let (task, knobs) = (task(net.outputs), Knobs::defaults(rule.knobs()));
    fits(rule, net, &task, &knobs).unwrap();
    let mut g = Graph::new();
    let (_, clock) = clock(&mut g);
    let x = input(&mut g, "x", &[5, 4]);
    let labels = input(&mut g, "labels", &[5]);
    let (x, labels) = (g.read(x), g.read(labels));
    let target = g.one_hot(labels, net.outputs);
    let lesson =
        rule.learn(&mut Learn { g: &mut g, net, task: &task, knobs: &knobs, clock }, Batch { x, labels, target });
    assert!(g.faults().is_empty(), "{:?}", g.faults());
    let mut oracle = registers(&g);
    write(&g, &mut oracle, "labels", &[0.0, 1.0, 2.0, 1.0, 0.0]);
    for slot in g.slot_ids() {
        if let Some(data) = numbers(&g.slot(slot).name) {
            oracle.write(slot, Tensor::new(g.slot(slot).shape.clone(), data));
        }
    }
    let name = |u: &engine::lesson::Update| g.slot(u.slot).name.clone();
    lesson.updates.iter().map(|u| (name(u), oracle.values(&g, &[u.gradient])[0].data.clone())).collect()
}

/// Across stages too: the gradient is the sum of what the two places would have, each with weights of its own.
#[test]
fn the_gradient_of_shared_weights_is_the_sum_over_stages() {
    let part = || vec![support::linear(4), activation("tanh")];
    let read_out = || vec![support::linear(0)];
    let numbers = |name: &str| {
        let last = name.rsplit('/').next().unwrap().to_owned();
        let seed = if name.starts_with('3') { 90 } else { 80 };
        let size = if last == "bias" { 4 } else { 16 };
        let size = if seed == 90 { size / 4 * 3 } else { size };
        name.contains("linear").then(|| support::numbers(seed + last.len() as u32, size))
    };
    let tied = net(3, vec![vec![shared(1, part())], vec![shared(1, part())], read_out()]);
    let apart = net(3, vec![part(), part(), read_out()]);
    for rule in ["backprop", "encouraging-loss"] {
        let tied = gradients(rule, &tied, &numbers);
        let apart = gradients(rule, &apart, &numbers);
        let of = |all: &[(String, Vec<f64>)], name: &str| all.iter().find(|u| u.0 == name).unwrap().1.clone();
        assert_eq!((tied.len(), apart.len()), (4, 6), "{rule}");
        for weight in ["weight", "bias"] {
            let first = of(&apart, &format!("1/1.linear/{weight}"));
            let second = of(&apart, &format!("2/1.linear/{weight}"));
            let sum: Vec<f64> = first.iter().zip(&second).map(|(a, b)| a + b).collect();
            let got = of(&tied, &format!("shared 1/1.linear/{weight}"));
            assert!(distance(&got, &sum) < 1e-12, "{rule}: {weight}");
            assert!(distance(&got, &first) > 1e-6, "{rule}: {weight}");
        }
    }
}

#[test]
fn low_rank_is_a_product_and_its_factors_begin_alike() {
    let settings = [("units", int(6)), ("rank", int(2))];
    let (g, y, oracle) = made(&[1, 4], 0.0, &[node("low-rank", &settings, vec![])]);
    let (x, v, u) = (read(&g, &oracle, "x"), read(&g, &oracle, "1.low-rank/into"), read(&g, &oracle, "1.low-rank/out"));
    let middle: Vec<f64> = (0..2).map(|r| (0..4).map(|i| x[i] * v[i * 2 + r]).sum()).collect();
    let expected: Vec<f64> = (0..6).map(|j| (0..2).map(|r| middle[r] * u[r * 6 + j]).sum()).collect();
    assert!(distance(&eval(&g, &oracle, y), &expected) < 1e-12);
    let variance = |name: &str| match g.slot(g.find_slot(name).unwrap()).init {
        Init::Uniform { bound } => f64::from(bound * bound / 3.0),
        other => panic!("{other:?}"),
    };
    let (v, u) = (variance("1.low-rank/into"), variance("1.low-rank/out"));
    assert!((2.0 * v * u - 1.0 / 4.0).abs() < 1e-6, "the product's variance is 1 / inputs");
    assert!((v * 8.0 - u * 12.0).abs() < 1e-6, "both factors have the same norm");
}

/// At first the guide is the structured layer itself, half-way it has half a say, in the end none.
#[test]
fn a_guide_begins_as_the_layer_and_ends_as_nothing() {
    for id in ["low-rank", "block-diagonal"] {
        let with = |steps: i64| vec![node(id, &[("guide-steps", int(steps))], vec![])];
        let (g, y, oracle) = made(&[3, 4], 0.0, &with(0));
        let plain = eval(&g, &oracle, y);
        let (g, y, mut oracle) = made(&[3, 4], 0.0, &with(10));
        assert!(distance(&eval(&g, &oracle, y), &plain) < 1e-12, "{id} at first");
        let dense = format!("1.{id}/dense");
        write(&g, &mut oracle, &dense, &numbers(5, 16));
        write(&g, &mut oracle, "step", &[10.0, 0.0]);
        assert_eq!(eval(&g, &oracle, y), plain, "{id} in the end");

        // Half-way the dense weights have half a say beside what the layer was.
        write(&g, &mut oracle, "step", &[5.0, 0.0]);
        let (x, w) = (read(&g, &oracle, "x"), numbers(5, 16));
        let half: Vec<f64> = (0..12)
            .map(|at| {
                let (row, unit) = (at / 4, at % 4);
                let dense: f64 = (0..4).map(|i| x[row * 4 + i] * w[i * 4 + unit]).sum();
                0.5 * dense + plain[at]
            })
            .collect();
        assert!(distance(&eval(&g, &oracle, y), &half) < 1e-6, "{id} half-way");
    }
}

/// In the middle too, where the factors have left what they began as.
#[test]
fn a_guided_layer_is_differentiated_rightly() {
    for id in ["low-rank", "block-diagonal"] {
        let mut g = Graph::new();
        let step = Slot { name: "step".into(), role: Role::State, shape: [2].into(), init: Init::Constant(3.0) };
        g.declare(step);
        differentiate_in(&mut g, id, &[node(id, &[("guide-steps", int(400_000))], vec![])]);
        differentiate_in(&mut Graph::new(), id, &[node(id, &[("guide-steps", int(10))], vec![])]);
        let routed = route(2, "top-k", &[], vec![node(id, &[("guide-steps", int(10))], vec![])]);
        differentiate_in(&mut Graph::new(), id, &[routed]);
    }
}

fn differentiate_in(g: &mut Graph, what: &str, blocks: &[Node]) {
    let (y, ..) = build(g, Mode::Train, &[3, 4], blocks);
    let slots: Vec<_> = g.slot_ids().filter(|&s| g.slot(s).role == Role::Param || g.slot(s).name == "x").collect();
    check_derivatives(g, y, &slots, what);
}

#[test]
fn every_output_of_a_shuffle_sees_every_input() {
    let settings = [("blocks", int(2)), ("units", int(6)), ("rank", int(4))];
    assert_eq!(weights(&[1, 4], &[node("block-diagonal", &settings, vec![])]), 4 * 4 / 2 + 4 * 6 / 2 + 6);
    for form in ["block-shuffle", "block-dense"] {
        let block = node("block-diagonal", &[&settings[..], &[("form", word(form))]].concat(), vec![]);
        let (g, y, mut oracle) = made(&[1, 4], 0.0, &[block]);
        let (x, before) = (read(&g, &oracle, "x"), eval(&g, &oracle, y));
        for i in 0..4 {
            let mut moved = x.clone();
            moved[i] += 1.0;
            write(&g, &mut oracle, "x", &moved);
            let after = eval(&g, &oracle, y);
            assert!(before.iter().zip(&after).all(|(a, b)| (a - b).abs() > 1e-9), "{form}: input {i}");
        }
    }
    // In blocks of one output each, output 1 comes from the first block of what is shuffled.
    let (g, y, mut oracle) = made(&[1, 4], 0.0, &[node("block-diagonal", &[], vec![])]);
    for (name, data) in [
        ("into 1", [1., 0., 0., 1.]),
        ("into 2", [1., 0., 0., 1.]),
        ("out 1", [1., 0., 0., 1.]),
        ("out 2", [1., 0., 0., 1.]),
    ] {
        write(&g, &mut oracle, &format!("1.block-diagonal/{name}"), &data);
    }
    assert_eq!(eval(&g, &oracle, y), read(&g, &oracle, "x"), "the second shuffle undoes the first");
}

#[test]
fn blocks_must_divide() {
    let block = |settings: &[(&str, Setting)]| fault(&[3, 4], &[node("block-diagonal", settings, vec![])]);
    assert!(block(&[("blocks", int(3))]).contains("3 blocks do not divide 4 inputs"));
    assert!(block(&[("units", int(5)), ("rank", int(4))]).contains("do not divide 5 units"));
    assert!(block(&[("rank", int(3))]).contains("do not divide 3 features"));
}

const CORNERS: [f64; 8] = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];

#[test]
fn one_gated_perceptron_is_xor() {
    let (g, y, mut oracle) = made(&[4, 2], 0.0, &[node("gated-perceptron", &[("units", int(1))], vec![])]);
    write(&g, &mut oracle, "x", &CORNERS);
    write(&g, &mut oracle, "1.gated-perceptron/weight", &[1.0, 1.0]);
    write(&g, &mut oracle, "1.gated-perceptron/product weight", &[-2.0]);
    assert_eq!(eval(&g, &oracle, y), [0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn gated_perceptrons_multiply() {
    for (product, width) in [("all", 5), ("pairs", 5), ("all", 1), ("pairs", 1)] {
        let block = node("gated-perceptron", &[("units", int(1)), ("product", word(product))], vec![]);
        let (g, y, mut oracle) = made(&[1, width], 0.0, &[block]);
        write(&g, &mut oracle, "1.gated-perceptron/weight", &vec![0.0; width]);
        write(&g, &mut oracle, "1.gated-perceptron/product weight", &[1.0]);
        let x = read(&g, &oracle, "x");
        let pairs: Vec<f64> = (0..width).flat_map(|i| (0..i).map(|j| x[i] * x[j]).collect::<Vec<_>>()).collect();
        let mean = pairs.iter().sum::<f64>() / pairs.len().max(1) as f64;
        let expected = if product == "all" { x.iter().product() } else { mean };
        assert!(distance(&eval(&g, &oracle, y), &[expected]) < 1e-7, "{product} of {width}");
    }
}

/// One unit with one exponent on two inputs of equal weight.
fn mean(exponent: f64, of: [f64; 2]) -> f64 {
    let settings = [("units", int(1)), ("exponents", int(1)), ("positive", word("floor"))];
    let (g, y, mut oracle) = made(&[1, 2], 0.0, &[node("multiplet", &settings, vec![])]);
    write(&g, &mut oracle, "x", &of);
    write(&g, &mut oracle, "1.multiplet/weight", &[0.3, 0.3]);
    write(&g, &mut oracle, "1.multiplet/exponent", &[exponent - 1.0]);
    eval(&g, &oracle, y)[0]
}

#[test]
fn lehmer_means() {
    let (a, b) = (0.4, 2.5);
    let near = |got: f64, expected: f64| assert!((got - expected).abs() < 1e-9, "{got}, not {expected}");
    near(mean(1.0, [a, b]), (a + b) / 2.0);
    near(mean(0.5, [a, b]), (a * b).sqrt());
    near(mean(0.0, [a, b]), 2.0 / (1.0 / a + 1.0 / b));
    near(mean(2.0, [a, b]), (a * a + b * b) / (a + b));
    assert!((mean(8.0, [a, b]) - b).abs() < 1e-3 && (mean(-8.0, [a, b]) - a).abs() < 1e-3);
    assert_eq!(mean(9.0, [a, b]), mean(8.0, [a, b]), "exponents are kept in ±8");
    near(mean(5.0, [0.7, 0.7]), 0.7);
}

/// A multiplet of two, and the difference of its means: one layer and a read-out.
#[test]
fn a_multiplet_separates_xor() {
    let settings = [("units", int(1)), ("positive", word("floor"))];
    let (g, y, mut oracle) = made(&[4, 2], 0.0, &[node("multiplet", &settings, vec![])]);
    write(&g, &mut oracle, "x", &CORNERS);
    let means = eval(&g, &oracle, y);
    let difference: Vec<f64> = means.chunks(2).map(|m| m[1] - m[0]).collect();
    assert!(difference[0].abs() < 1e-9 && difference[3].abs() < 1e-9, "{difference:?}");
    assert!(difference[1] > 0.9 && difference[2] > 0.9, "{difference:?}");
}

#[test]
fn simba_adds_to_its_input() {
    let (g, y, mut oracle) = made(&[3, 4], 0.0, &[node("simba", &[], vec![])]);
    assert!(distance(&eval(&g, &oracle, y), &read(&g, &oracle, "x")) > 1e-3);
    write(&g, &mut oracle, "1.simba/out", &[0.0; 64]);
    assert_eq!(eval(&g, &oracle, y), read(&g, &oracle, "x"));
}

/// Layers without inhibition rise or rest when an input rises, so that XOR is out of reach; with it some fall.
#[test]
fn without_inhibition_nothing_falls() {
    let falls = |share: f64| {
        let layer = |units: i64| node("constrained", &[("units", int(units)), ("inhibitory", float(share))], vec![]);
        let blocks = [layer(6), activation("tanh"), layer(5), activation("relu"), layer(3)];
        let (g, y, mut oracle) = made(&[20, 4], 0.0, &blocks);
        for slot in g.slot_ids().filter(|&s| g.slot(s).role == Role::Param) {
            let off = numbers(50 + slot.index() as u32, g.slot(slot).shape.size());
            oracle.write(slot, Tensor::new(g.slot(slot).shape.clone(), off.iter().map(|v| 2.0 * v).collect()));
        }
        let (x, before) = (read(&g, &oracle, "x"), eval(&g, &oracle, y));
        let by = numbers(77, x.len());
        let risen: Vec<f64> = x.iter().zip(&by).map(|(x, by)| x + by.abs()).collect();
        write(&g, &mut oracle, "x", &risen);
        before.iter().zip(&eval(&g, &oracle, y)).filter(|(a, b)| *b < *a).count()
    };
    assert_eq!(falls(0.0), 0);
    assert!(falls(0.5) > 0);
}

#[test]
fn random_features_do_not_learn() {
    for function in ["tanh", "relu", "cosine"] {
        let block = node("random-features", &[("function", word(function)), ("units", int(6))], vec![]);
        for blocks in [vec![block.clone()], vec![route(2, "top-k", &[], vec![block])]] {
            let mut g = Graph::new();
            let (_, clock) = clock(&mut g);
            let x = input(&mut g, "x", &[4, 4]);
            let read = g.read(x);
            let routed = blocks[0].routing.is_some();
            let net = net(3, vec![blocks]);
            let pass = net.stage(&mut engine::net::Build::new(&mut g, Mode::Train, clock, 3), 0, read);
            assert_eq!(pass.params.len(), usize::from(routed), "the router alone learns");
            check_derivatives(&mut g, pass.output, &[x], function);
        }
    }
    // The mean square of √2 cos is 1.
    let many = node("random-features", &[("function", word("cosine")), ("units", int(2000))], vec![]);
    let y = value(&[2, 4], Mode::Train, &[many]);
    let square = y.iter().map(|v| v * v).sum::<f64>() / y.len() as f64;
    assert!((square - 1.0).abs() < 0.05, "{square}");
}

/// B-splines sum to 1 on the grid, and with their coefficients at the means of three knots they sum to the input.
#[test]
fn splines_reproduce_lines() {
    let (grid, range) = (5, 2.0);
    let settings = [("units", int(1)), ("grid", int(grid)), ("range", float(range))];
    let (g, y, mut oracle) = made(&[9, 1], 0.0, &[node("kan", &settings, vec![])]);
    let x: Vec<f64> = (0..9).map(|i| -range + f64::from(i) * range / 4.0 + 1e-9).collect();
    write(&g, &mut oracle, "1.kan/base", &[0.0]);
    write(&g, &mut oracle, "x", &x);
    write(&g, &mut oracle, "1.kan/spline", &[1.0; 8]);
    assert!(distance(&eval(&g, &oracle, y)[..8], &[1.0; 8]) < 1e-6);
    let knots: Vec<f64> = (0..8).map(|i| -range + (f64::from(i) - 1.0) * 2.0 * range / grid as f64).collect();
    write(&g, &mut oracle, "1.kan/spline", &knots);
    assert!(distance(&eval(&g, &oracle, y)[..8], &x[..8]) < 1e-6);
    write(&g, &mut oracle, "x", &[20.0; 9]);
    assert_eq!(eval(&g, &oracle, y), [0.0; 9], "there is none far away");
}

/// Once the selection is final, the coefficients of other spaces than the best count for nothing; before, they do.
#[test]
fn a_selectable_layer_settles_on_one_space() {
    let settings = [("units", int(1)), ("grid", int(2)), ("settle-steps", int(100))];
    let (g, y, mut oracle) = made(&[3, 2], 0.0, &[node("s-kan", &settings, vec![])]);
    // Input 0 likes Gaussians best, input 1 waves.
    write(&g, &mut oracle, "1.s-kan/selection", &[0.0, 0.1, 0.5, 0.2, 0.3, 0.4, 0.1, 0.2, 0.3, 0.9]);
    let own = numbers(4, 50);
    let only: Vec<f64> =
        own.iter().enumerate().map(|(i, v)| if [2, 9].contains(&(i / 5)) { *v } else { 0.0 }).collect();
    let at = |oracle: &mut Oracle, step: f64, data: &[f64]| {
        write(&g, oracle, "1.s-kan/coefficients", data);
        write(&g, oracle, "step", &[step, 0.0]);
        eval(&g, oracle, y)
    };
    assert!(distance(&at(&mut oracle, 0.0, &own), &at(&mut oracle, 0.0, &only)) > 1e-3);
    assert_eq!(at(&mut oracle, 100.0, &own), at(&mut oracle, 100.0, &only));
    // It sharpens on the way: just before the end the best space has nearly all of the say.
    let (late, end) = (at(&mut oracle, 99.0, &own), at(&mut oracle, 100.0, &own));
    let (early, size) = (at(&mut oracle, 0.0, &own), end.iter().fold(0.0, |m: f64, v| m.max(v.abs())));
    assert!(distance(&late, &end) * 2.0 < distance(&early, &end) && size > 0.0, "{early:?} {late:?} {end:?}");
}

/// The bumps of ReLU-KAN are 1 in their middle and 0 outside.
#[test]
fn bumps_of_relu_kan() {
    let settings = [("form", word("relu-kan")), ("grid", int(4)), ("units", int(1))];
    let (g, y, mut oracle) = made(&[4, 1], 0.0, &[node("af-kan", &settings, vec![])]);
    let mut one = [0.0; 7];
    one[3] = 1.0;
    write(&g, &mut oracle, "1.af-kan/weight", &one);
    write(&g, &mut oracle, "x", &[0.5, 0.0, 1.0, 0.25]);
    let low = 0.25f64 * 0.75;
    assert!(distance(&eval(&g, &oracle, y), &[1.0, 0.0, 0.0, 16.0 * low * low]) < 1e-12);
}

/// AF-KAN has one weight for each pair of input and unit, and a few that all share.
#[test]
fn af_kan_has_few_weights() {
    let size = |inputs: usize| weights(&[2, inputs], &[node("af-kan", &[("units", int(10))], vec![])]);
    assert_eq!(size(9) - size(8), 10);
    assert_eq!(size(8), 80 + 2 * 8 + 8 * 8 + 8);
    let full = node("af-kan", &[("form", word("relu-kan")), ("units", int(10))], vec![]);
    assert_eq!(weights(&[2, 8], &[full]), 8 * 8 * 10 + 2 * 8);
}
