//! Routings by themselves, and routes around experts.

use engine::ir::{Graph, Role, SlotId, Value};
use engine::net::{Build, Mode, Net, Node, Pass, Tap};
use engine::ops::Tensor;
use engine::registry::Setting;
use engine::routing::{Assignment, Choice, Rows};

use super::support::*;

/// A routing by itself, on a register `x [B, features]`.
pub struct Routed {
    pub g: Graph,
    pub assignment: Assignment,
    pub losses: Vec<Value>,
    pub writes: Vec<(SlotId, Value)>,
}

impl Routed {
    pub fn new(id: &str, mode: Mode, shape: [usize; 2], experts: usize, knobs: &[(&str, Setting)]) -> Self {
        Self::of_tokens(id, mode, shape, experts, knobs, None)
    }

    /// Of samples of so many places, made of tokens with `frequencies`.
    pub fn of_tokens(
        id: &str,
        mode: Mode,
        shape: [usize; 2],
        experts: usize,
        knobs: &[(&str, Setting)],
        tokens: Option<(usize, &[f32])>,
    ) -> Self {
        Self::of_text(id, mode, shape, experts, knobs, tokens.map(|(places, shares)| (places, shares, &[][..])))
    }

    /// Of tokens that stand beside each other so often, too: `[V, V]`.
    pub fn of_text(
        id: &str,
        mode: Mode,
        shape: [usize; 2],
        experts: usize,
        knobs: &[(&str, Setting)],
        tokens: Option<(usize, &[f32], &[f32])>,
    ) -> Self {
        let mut node = route(experts as i64, id, knobs, vec![]);
        let mut g = Graph::new();
        let (_, clock) = clock(&mut g);
        let x = input(&mut g, "x", &shape);
        let x = g.read(x);
        let (places, frequencies, neighbours) = tokens.unwrap_or((1, &[], &[]));
        let tokens = tokens.map(|_| {
            let tokens = input(&mut g, "tokens", &[shape[0]]);
            g.read(tokens)
        });
        let mut b = Build::new(&mut g, mode, clock, 3).reading(frequencies.len()).hearing(frequencies.into());
        b = b.beside(neighbours.into());
        let (routing, settings) = node.routing.take().unwrap();
        let assignment = routing.route(&settings, &mut b, Rows { x, places, tokens }, experts);
        // The losses are read as a stage leaves them.
        let losses = b.losses().to_vec();
        let writes = b.writes;
        assert!(g.faults().is_empty(), "{:?}", g.faults());
        Self { g, assignment, losses, writes }
    }

    pub fn experts(&self) -> Value {
        let Choice::ByRow { experts, .. } = self.assignment.choice else { panic!("rows choose here") };
        experts
    }

    pub fn weights(&self) -> Value {
        let Choice::ByRow { weights, .. } = self.assignment.choice else { panic!("rows choose here") };
        weights
    }

    pub fn slot(&self, name: &str) -> SlotId {
        self.g.find_slot(name).unwrap()
    }

    /// The values of `wanted` where the router's logits for sample `i` are row `i` of `logits`.
    pub fn at(&self, logits: &[f64], bias: &[f64], wanted: &[Value]) -> Vec<Vec<f64>> {
        let rows = logits.len() / bias.len();
        let eye = (0..rows * rows).map(|i| f64::from(u8::from(i % (rows + 1) == 0))).collect();
        let columns = (0..bias.len()).flat_map(|j| logits.iter().skip(j).step_by(bias.len()).copied()).collect();
        let held = [
            ("x", Tensor::new([rows, rows], eye)),
            ("/router", Tensor::new([rows, bias.len()], logits.to_vec())),
            ("/node", Tensor::new([bias.len(), rows], columns)),
            ("/bias", Tensor::new([bias.len()], bias.to_vec())),
        ];
        let known: Vec<_> = held.into_iter().filter(|(name, _)| self.g.find_slot(name).is_some()).collect();
        self.with(&known, wanted)
    }

    /// The values of `wanted` where registers hold these numbers.
    pub fn with(&self, held: &[(&str, Tensor)], wanted: &[Value]) -> Vec<Vec<f64>> {
        let mut oracle = registers(&self.g);
        for (name, tensor) in held {
            oracle.write(self.slot(name), tensor.clone());
        }
        oracle.values(&self.g, wanted).into_iter().map(|t| t.data).collect()
    }
}

/// A stage of `nodes` on samples `x`, whose places are made of tokens where `frequencies` are given.
pub fn stage(g: &mut Graph, mode: Mode, shape: &[usize], nodes: &[Node], frequencies: &[f32]) -> (Pass, Vec<Tap>) {
    let (_, clock) = clock(g);
    let x = input(g, "x", shape);
    let x = g.read(x);
    let net: Net = net(3, vec![nodes.to_vec()]);
    let tokens = (!frequencies.is_empty()).then(|| {
        let tokens = input(g, "tokens", &shape[..shape.len() - 1]);
        g.read(tokens)
    });
    let mut b = Build::new(g, mode, clock, 3).reading(frequencies.len()).hearing(frequencies.into());
    b.tokens = tokens;
    let pass = net.stage(&mut b, 0, x);
    let taps = b.taps;
    (pass, taps)
}

/// Derivatives of a stage's output and of the sum of its auxiliary losses, by the input and by every weight.
pub fn differentiate(what: &str, shape: &[usize], nodes: &[Node], frequencies: &[f32]) {
    let of = |loss: bool| {
        let mut g = Graph::new();
        let (pass, _) = stage(&mut g, Mode::Train, shape, nodes, frequencies);
        let slots: Vec<_> = g.slot_ids().filter(|&s| g.slot(s).role == Role::Param || g.slot(s).name == "x").collect();
        if !loss {
            return check_derivatives(&mut g, pass.output, &slots, what);
        }
        if let Some(sum) = pass.losses.into_iter().reduce(|a, b| g.add(a, b)) {
            let sum = g.reshape(sum, [1]);
            check_derivatives(&mut g, sum, &slots, &format!("{what}: losses"));
        }
    };
    of(false);
    of(true);
}
