//! Blocks built by themselves, differentiated and evaluated.

use engine::ir::{Graph, Role, SlotId, Value};
use engine::net::{Build, Mode, Node, Tap};

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
    let mut g = Graph::new();
    let (y, ..) = build(&mut g, Mode::Train, shape, blocks);
    let slots: Vec<_> = g.slot_ids().filter(|&s| g.slot(s).role == Role::Param || g.slot(s).name == "x").collect();
    check_derivatives(&mut g, y, &slots, what);
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
