//! What the tests of the engine share: registers with numbers in them, and derivatives checked by differences.

#![allow(dead_code, clippy::unwrap_used)]

use engine::ad::{self, Exact};
use engine::blocks::BLOCKS;
use engine::exec::oracle::Oracle;
use engine::ir::{Graph, Init, Role, Shape, Slot, SlotId, Value};
use engine::net::{Clock, Net, Node, Stage};
use engine::noise;
use engine::ops::Tensor;
use engine::registry::{Knobs, Setting, Settings, find};
use engine::routing::ROUTINGS;

/// Numbers in [−1, 1) that depend on `seed` and their place alone.
pub fn numbers(seed: u32, len: usize) -> Vec<f64> {
    (0..len as u32).map(|i| f64::from(noise::uniform(noise::pcg4d([i, seed, 7, 3])[0])) * 2.0 - 1.0).collect()
}

/// A register of data.
pub fn input(g: &mut Graph, name: &str, shape: &[usize]) -> SlotId {
    g.declare(Slot { name: name.into(), role: Role::Input, shape: shape.into(), init: Init::Constant(0.0) })
}

/// The two counters that noise depends on.
pub fn clock(g: &mut Graph) -> (SlotId, Clock) {
    let mut declare = |name: &str| {
        let init = Init::Constant(0.0);
        g.declare(Slot { name: name.into(), role: Role::State, shape: Shape::from([2]), init })
    };
    let (seed, step) = (declare("seed"), declare("step"));
    let (s, t) = (g.read(seed), g.read(step));
    (step, Clock { seed: s, step: t })
}

/// Registers as their `init` says, with fixed random numbers; data registers random too.
pub fn registers(g: &Graph) -> Oracle {
    let mut oracle = Oracle::new(g, |id| vec![0.0; g.slot(id).shape.size()]);
    for id in g.slot_ids() {
        let mut model = id;
        while let Init::As(other) = g.slot(model).init {
            model = other;
        }
        let slot = g.slot(id);
        let random = numbers(model.index() as u32 + 1, slot.shape.size());
        let given = g.given().iter().find(|(known, _)| *known == id);
        let data = match (slot.role, g.slot(model).init) {
            (Role::Input, _) if given.is_some() => {
                given.iter().flat_map(|(_, v)| v.iter().map(|&v| v.into())).collect()
            }
            (Role::Input, _) => random,
            (_, Init::As(_)) => unreachable!("the model is no copy"),
            (_, Init::Constant(c)) => vec![c.into(); random.len()],
            (_, Init::Uniform { bound }) => random.iter().map(|r| r * f64::from(bound)).collect(),
            (_, Init::Normal { std }) => random.iter().map(|r| r * f64::from(std) * 3f64.sqrt()).collect(),
        };
        oracle.write(id, Tensor::new(slot.shape.clone(), data));
    }
    oracle
}

fn nudged(oracle: &Oracle, slot: SlotId, by: &[f64]) -> Oracle {
    let mut moved = oracle.clone();
    let mut t = oracle.read(slot).clone();
    t.data.iter_mut().zip(by).for_each(|(v, d)| *v += d);
    moved.write(slot, t);
    moved
}

/// The largest difference between two lists, relative to the larger of 1 and their largest element.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let size = a.iter().chain(b).fold(1.0, |m: f64, v| m.max(v.abs()));
    let far = |(x, y): (&f64, &f64)| if x.is_nan() || y.is_nan() { f64::INFINITY } else { (x - y).abs() };
    a.iter().zip(b).map(far).fold(0.0, f64::max) / size
}

const STEP: f64 = 1e-5;

/// Checks the derivatives of `y` with respect to each of `slots`, backward and forward, against central differences
/// along every element (backward) and along a random direction (forward), in 64-bit floats.
pub fn check_derivatives(g: &mut Graph, y: Value, slots: &[SlotId], what: &str) {
    assert!(g.faults().is_empty(), "{what}: {:?}", g.faults());
    let shape = g.shape(y).clone();
    let weights_slot = input(g, &format!("cotangent {shape}"), &shape);
    let cotangent = g.read(weights_slot);
    let reads: Vec<Value> = slots.iter().map(|&s| g.read(s)).collect();
    let pulled = ad::vjp(g, &[(y, cotangent)], &reads, &Exact);
    let tangents: Vec<SlotId> = slots
        .iter()
        .map(|&s| {
            let (n, sh) = (g.slot(s).name.clone(), g.slot(s).shape.clone());
            input(g, &format!("tangent {n}"), &sh)
        })
        .collect();
    let pushed: Vec<Option<Value>> = reads
        .iter()
        .zip(&tangents)
        .map(|(&r, &t)| {
            let t = g.read(t);
            ad::jvp(g, y, &[(r, t)], &Exact)
        })
        .collect();
    let oracle = registers(g);
    let c = oracle.read(weights_slot).data.clone();
    let at = |o: &Oracle| o.values(g, &[y])[0].data.clone();
    for ((&slot, (pulled, pushed)), &tangent) in slots.iter().zip(pulled.iter().zip(&pushed)).zip(&tangents) {
        let name = &g.slot(slot).name;
        let size = g.slot(slot).shape.size();
        let difference = |by: &[f64]| -> Vec<f64> {
            let back: Vec<f64> = by.iter().map(|b| -b).collect();
            let (up, down) = (at(&nudged(&oracle, slot, by)), at(&nudged(&oracle, slot, &back)));
            up.iter().zip(&down).map(|(u, d)| (u - d) / (2.0 * STEP)).collect()
        };
        let expected: Vec<f64> = (0..size)
            .map(|i| {
                let mut by = vec![0.0; size];
                by[i] = STEP;
                difference(&by).iter().zip(&c).map(|(d, c)| d * c).sum()
            })
            .collect();
        let got = pulled.map_or(vec![0.0; size], |v| {
            assert_eq!(*g.shape(v), g.slot(slot).shape, "{what}: shape of the cotangent of {name}");
            oracle.values(g, &[v])[0].data.clone()
        });
        let far = distance(&expected, &got);
        assert!(far < 2e-6, "{what}: derivative by {name} is off by {far:e}\n{got:?}\n{expected:?}");
        let t = &oracle.read(tangent).data;
        let expected = difference(&t.iter().map(|v| v * STEP).collect::<Vec<_>>());
        let got = pushed.map_or(vec![0.0; c.len()], |v| oracle.values(g, &[v])[0].data.clone());
        let far = distance(&expected, &got);
        assert!(far < 2e-6, "{what}: forward derivative by {name} is off by {far:e}\n{got:?}\n{expected:?}");
    }
}

/// A block with its default knobs but for those given.
pub fn node(id: &str, settings: &[(&str, Setting)], children: Vec<Node>) -> Node {
    let block = find(BLOCKS, id, "").unwrap();
    let given: Settings = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    Node { block, knobs: Knobs::resolve(block.knobs(), &given, id).unwrap(), routing: None, children }
}

pub fn int(v: i64) -> Setting {
    Setting::Int(v)
}

pub fn float(v: f64) -> Setting {
    Setting::Float(v)
}

pub fn word(v: &str) -> Setting {
    Setting::Choice(v.to_owned())
}

/// A `Route` block over experts made of `children`.
pub fn route(experts: i64, routing: &str, settings: &[(&str, Setting)], children: Vec<Node>) -> Node {
    let mut node = node("route", &[("experts", int(experts))], children);
    let routing = find(ROUTINGS, routing, "").unwrap();
    let given: Settings = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    node.routing = Some((routing, Knobs::resolve(routing.knobs(), &given, "routing").unwrap()));
    node
}

pub fn linear(units: i64) -> Node {
    node("linear", &[("units", int(units))], vec![])
}

pub fn activation(function: &str) -> Node {
    node("activation", &[("function", word(function))], vec![])
}

pub fn net(outputs: usize, stages: Vec<Vec<Node>>) -> Net {
    Net {
        stages: stages.into_iter().map(|blocks| Stage { blocks }).collect(),
        outputs,
        vocabulary: 0,
        frequencies: [].into(),
        neighbours: [].into(),
    }
}
