//! A stage as pairs of an excitatory and an inhibitory cell: what drives them, what they answer, where they rest.

use crate::ir::{Graph, Value};
use crate::net::{Build, Net, Pass, Stage};

/// Iterations towards the rest of the uncontrolled circuit. The slope of what is solved lies between 0.9 and 2.2 for all
/// activations that there are, so that each iteration halves the distance at least; by relu or softplus it leaves a third.
const TO_REST: usize = 12;

/// A stage that is met by `below`.
pub(super) struct Circuit {
    pub pass: Pass,
    /// What drives the excitatory cells: `[B, …]`.
    pub drive: Value,
}

/// Number of the block whose sums drive the cells, when the stage is of the form that a circuit needs: one linear or
/// conv2d, before it pooling at most, behind it activations at most.
pub(super) fn driving(stage: &Stage) -> Option<usize> {
    let id = |i: usize| stage.blocks[i].block.meta().id;
    let drive = (0..stage.blocks.len()).find(|&i| matches!(id(i), "linear" | "conv2d"))?;
    let before = (0..drive).all(|i| matches!(id(i), "max-pool" | "avg-pool" | "flatten"));
    let behind = (drive + 1..stage.blocks.len()).all(|i| id(i) == "activation");
    (before && behind).then_some(drive)
}

impl Circuit {
    /// Hidden stage `i` on `below [B, …]`. The output of its pass is what it would be without inhibition.
    pub fn new(b: &mut Build, net: &Net, i: usize, below: Value) -> Self {
        let from = b.made.len();
        let pass = net.stage(b, i, below);
        let made = driving(&net.stages[i]).and_then(|k| b.made.get(from + k));
        let drive = made.map_or(pass.output, |m| m.1);
        Self { pass, drive }
    }
}

/// `φ_E`: what excitatory cells of potential `u [B, …]` in hidden stage `i` answer.
pub(super) fn excitation(b: &mut Build, net: &Net, i: usize, u: Value) -> Value {
    let Some(drive) = driving(&net.stages[i]) else { return u };
    let outer = b.g.enter(&(i + 1).to_string());
    let r = b.chain(&net.stages[i].blocks[drive + 1..], u);
    b.g.leave(outer);
    r
}

/// `φ_I`: by how much inhibitory cells of potential `u` hold back their partners. It is 0 at 0: a tone of ln 2 makes up
/// for what softplus gives there, so that units are not held back while they are silent.
pub(super) fn inhibition(g: &mut Graph, u: Value) -> Value {
    let softplus = g.softplus(u);
    let tone = g.constant(std::f32::consts::LN_2);
    g.sub(softplus, tone)
}

/// The potential `u [B, …]` at which excitatory cells rest under `drive`: `u + φ_I(φ_E(u)) = drive`.
pub(super) fn rest(b: &mut Build, net: &Net, i: usize, drive: Value) -> Value {
    let mut u = drive;
    for _ in 0..TO_REST {
        let answer = excitation(b, net, i, u);
        let inhibition = inhibition(b.g, answer);
        let out = b.g.sub(drive, inhibition);
        let out = b.g.sub(out, u);
        let by = b.g.scale(out, 1.0 / 1.5);
        u = b.g.add(u, by);
    }
    u
}
