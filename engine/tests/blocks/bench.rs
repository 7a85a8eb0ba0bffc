//! Blocks built by themselves, differentiated and evaluated.

use engine::exec::oracle::Oracle;
use engine::ir::{Graph, Role, SlotId, Value};
use engine::net::{Build, Mode, Node, Pass, Tap};
use engine::ops::Tensor;

use super::support::*;

/// `blocks` built on a register `x` of `shape`.
pub fn build(g: &mut Graph, mode: Mode, shape: &[usize], blocks: &[Node]) -> (Value, Vec<Tap>, Vec<(SlotId, Value)>) {
    let (_, clock) = clock(g);
    let x = input(g, "x", shape);
    let x = g.read(x);
    let mut b = Build::new(g, mode, clock, 3);
    let y = b.chain(blocks, x);
    (y, b.taps, b.writes)
}

/// Derivatives by the input and by every weight, while training.
pub fn differentiate(what: &str, shape: &[usize], blocks: &[Node]) {
    differentiate_but(what, shape, blocks, &[]);
}

/// The same, but for weights whose names end so: those that do not learn, or not by their derivative.
pub fn differentiate_but(what: &str, shape: &[usize], blocks: &[Node], but: &[&str]) {
    let mut g = Graph::new();
    let (y, ..) = build(&mut g, Mode::Train, shape, blocks);
    let left_out = |name: &str| but.iter().any(|end| name.ends_with(end));
    let slots: Vec<_> = g
        .slot_ids()
        .filter(|&s| g.slot(s).role == Role::Param || g.slot(s).name == "x")
        .filter(|&s| !left_out(&g.slot(s).name))
        .collect();
    check_derivatives(&mut g, y, &slots, what);
}

/// A stage made of `blocks`, on a register `x` of `shape`: its weights and auxiliary losses.
pub fn pass(g: &mut Graph, mode: Mode, shape: &[usize], blocks: &[Node]) -> Pass {
    let (_, clock) = clock(g);
    let x = input(g, "x", shape);
    let x = g.read(x);
    net(3, vec![blocks.to_vec()]).stage(&mut Build::new(g, mode, clock, 3), 0, x)
}

/// Writes `data` into the register whose name ends so.
pub fn set(oracle: &mut Oracle, g: &Graph, end: &str, data: Vec<f64>) {
    let slot = g.slot_ids().find(|&s| g.slot(s).name.ends_with(end)).unwrap();
    oracle.write(slot, Tensor::new(g.slot(slot).shape.clone(), data));
}

/// What the register whose name ends so holds.
pub fn held(oracle: &Oracle, g: &Graph, end: &str) -> Vec<f64> {
    let slot = g.slot_ids().find(|&s| g.slot(s).name.ends_with(end)).unwrap();
    oracle.read(slot).data.clone()
}

pub fn value(shape: &[usize], mode: Mode, blocks: &[Node]) -> Vec<f64> {
    let mut g = Graph::new();
    let (y, ..) = build(&mut g, mode, shape, blocks);
    assert!(g.faults().is_empty(), "{:?}", g.faults());
    registers(&g).values(&g, &[y])[0].data.clone()
}

pub fn fault(shape: &[usize], blocks: &[Node]) -> String {
    let mut g = Graph::new();
    let (y, ..) = build(&mut g, Mode::Train, shape, blocks);
    assert!(g.is_poisoned(y));
    assert_eq!(g.faults().len(), 1, "one fault, said once: {:?}", g.faults());
    g.faults()[0].to_string()
}
