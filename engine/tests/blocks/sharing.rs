//! Blocks that use the same weights in several places.

use engine::data::Answer;
use engine::ir::{Graph, Role, Shape};
use engine::lesson::{Batch, Learn};
use engine::net::{Net, Node};
use engine::ops::Tensor;
use engine::registry::{Knobs, find};
use engine::rules::{Loss, RULES, Task, fits};

use super::bench::*;
use super::stepped::*;
use super::support::{self, *};

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
