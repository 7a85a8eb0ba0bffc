//! What feed-forward and structured layers promise, beyond their derivatives; and what all row-wise layers must do.

use std::rc::Rc;

use engine::ad::{self, Exact};
use engine::exec::Executor;
use engine::exec::cpu::Cpu;
use engine::ir::{Graph, Init, Program, Role, Slot, Stmt, Value};
use engine::net::{Mode, Node};
use engine::plan::compile;
use engine::registry::Setting;

use super::bench::*;
use super::stepped::*;
use super::support::*;

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
    let settings = [("parts", int(2)), ("units", int(6)), ("rank", int(4))];
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
    assert!(block(&[("parts", int(3))]).contains("3 blocks do not divide 4 inputs"));
    assert!(block(&[("units", int(5)), ("rank", int(4))]).contains("do not divide 5 units"));
    assert!(block(&[("rank", int(3))]).contains("do not divide 3 features"));
}
