//! Blocks with numbers in their registers, which a test may set.

use engine::exec::oracle::Oracle;
use engine::ir::{Graph, Role, Value};
use engine::net::{Mode, Node};
use engine::ops::Tensor;

use super::bench::*;
use super::support::*;

/// `blocks` on a register `x` of `shape` at step `step`, with its output and numbers in its registers.
pub fn made(shape: &[usize], step: f32, blocks: &[Node]) -> (Graph, Value, Oracle) {
    let mut g = Graph::new();
    clock(&mut g);
    let (y, ..) = build(&mut g, Mode::Train, shape, blocks);
    assert!(g.faults().is_empty(), "{:?}", g.faults());
    let mut oracle = registers(&g);
    write(&g, &mut oracle, "step", &[step.into(), 0.0]);
    (g, y, oracle)
}

pub fn write(g: &Graph, oracle: &mut Oracle, name: &str, data: &[f64]) {
    let slot = g.find_slot(name).unwrap_or_else(|| panic!("no register {name}"));
    oracle.write(slot, Tensor::new(g.slot(slot).shape.clone(), data.to_vec()));
}

pub fn read(g: &Graph, oracle: &Oracle, name: &str) -> Vec<f64> {
    oracle.read(g.find_slot(name).unwrap()).data.clone()
}

pub fn eval(g: &Graph, oracle: &Oracle, y: Value) -> Vec<f64> {
    oracle.values(g, &[y])[0].data.clone()
}

/// Numbers in all weights that learn.
pub fn weights(shape: &[usize], blocks: &[Node]) -> usize {
    let (g, ..) = made(shape, 0.0, blocks);
    g.slots().iter().filter(|s| s.role == Role::Param).map(|s| s.shape.size()).sum()
}
