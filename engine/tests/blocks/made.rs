//! Blocks with numbers in their registers, which tests read, change and evaluate again.

use engine::exec::oracle::Oracle;
use engine::ir::{Graph, Role, Value};
use engine::net::{Build, Exhibit, Mode, Node, Picture};
use engine::ops::Tensor;
use engine::registry::Setting;

use super::support::*;

/// Blocks built on `x` of `shape`, with numbers in all registers.
pub struct Made {
    pub g: Graph,
    pub y: Value,
    pub exhibits: Vec<Exhibit>,
    pub oracle: Oracle,
}

pub fn made(shape: &[usize], blocks: &[Node]) -> Made {
    let mut g = Graph::new();
    let (_, clock) = clock(&mut g);
    let x = input(&mut g, "x", shape);
    let x = g.read(x);
    let mut b = Build::new(&mut g, Mode::Train, clock, 3);
    let y = b.chain(blocks, x);
    let exhibits = b.exhibits;
    assert!(g.faults().is_empty(), "{:?}", g.faults());
    let oracle = registers(&g);
    Made { g, y, exhibits, oracle }
}

impl Made {
    pub fn read(&self, name: &str) -> Vec<f64> {
        self.oracle.read(self.g.find_slot(name).unwrap()).data.clone()
    }

    pub fn write(&mut self, name: &str, data: Vec<f64>) {
        let slot = self.g.find_slot(name).unwrap();
        let shape = self.g.slot(slot).shape.clone();
        self.oracle.write(slot, Tensor::new(shape, data));
    }

    pub fn output(&self) -> Vec<f64> {
        self.oracle.values(&self.g, &[self.y])[0].data.clone()
    }

    /// The last picture of attention.
    pub fn shares(&self) -> Tensor {
        let shown = self.exhibits.iter().rfind(|e| e.picture == Picture::Attention).unwrap();
        self.oracle.values(&self.g, &[shown.value])[0].clone()
    }
}

/// A block that holds nothing.
pub fn with(id: &str, settings: &[(&str, Setting)]) -> Node {
    node(id, settings, vec![])
}

/// How many numbers the blocks learn on `shape`.
pub fn weights(shape: &[usize], blocks: &[Node]) -> usize {
    let g = made(shape, blocks).g;
    g.slots().iter().filter(|s| s.role == Role::Param).map(|s| s.shape.size()).sum()
}

/// Gives one the input and the weights of the other, in their order.
fn copy_weights(to: &mut Made, from: &Made) {
    let slots =
        |m: &Made| m.g.slots().iter().filter(|s| s.role == Role::Param).map(|s| s.name.clone()).collect::<Vec<_>>();
    let (to_names, from_names) = (slots(to), slots(from));
    assert_eq!(to_names.len(), from_names.len(), "{to_names:?} and {from_names:?}");
    to_names.iter().zip(&from_names).for_each(|(t, f)| to.write(t, from.read(f)));
    to.write("x", from.read("x"));
}

/// Two ways to write the same thing give the same numbers.
pub fn same(shape: &[usize], a: &[Node], b: &[Node]) {
    let (mut a, b) = (made(shape, a), made(shape, b));
    copy_weights(&mut a, &b);
    assert!(distance(&a.output(), &b.output()) < 1e-12);
}

pub fn residual_of(inner: Vec<Node>) -> Node {
    node("residual", &[], inner)
}

pub fn norm() -> Node {
    with("layer-norm", &[])
}

pub fn forward(hidden: i64, units: i64, function: &str) -> Vec<Node> {
    vec![linear(hidden), activation(function), linear(units)]
}

#[test]
fn what_is_shown_has_a_name_of_its_own_and_comes_by_samples() {
    let looped = |block| node("repeat", &[("times", int(3))], vec![with(block, &[])]);
    for block in ["attention", "delta-net", "delta-product"] {
        let made = made(&[2, 5, 4], &[looped(block)]);
        let mut names: Vec<&str> = made.exhibits.iter().map(|e| e.path.as_str()).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        names.dedup();
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(made.exhibits.iter().all(|e| made.g.shape(e.value)[0] == 2), "{block}");
    }
}
