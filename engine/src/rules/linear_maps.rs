//! The linear maps of a stage: wherever a matrix of weights or a bank of filters meets its input.

use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, SlotId, Value};
use crate::net::{Net, Node, Pass};
use crate::ops::{
    Op,
    conv::{Conv2d, Geometry},
};

/// Weights at work. Their last axis counts the units: `[inputs, units]`, or `[KH, KW, C, units]` for filters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LinearMap {
    pub weight: SlotId,
    pub input: Value,
    /// Each unit's weighted sum of its inputs, before any bias: `[rows, units]`, or `[B, H, W, units]`.
    pub sums: Value,
    /// How its window moves, for filters.
    pub window: Option<Geometry>,
}

impl LinearMap {
    /// All linear maps of a stage, in the order in which they are used; a shared weight once for each use.
    pub fn of(g: &Graph, pass: &Pass) -> Vec<Self> {
        let own = |v: Value| match &g.node(v).op {
            Op::Read(read) => pass.params.contains(&read.slot).then_some(read.slot),
            _ => None,
        };
        let map = |v: Value| {
            let node = g.node(v);
            let window = match &node.op {
                Op::MatMul(m) if !m.ta && !m.tb => None,
                Op::Conv2d(conv) => Some(conv.geometry),
                _ => return None,
            };
            Some(Self { weight: own(node.args[1])?, input: node.args[0], sums: v, window })
        };
        g.live(&[pass.output]).into_iter().filter_map(map).collect()
    }

    pub fn units(&self, g: &Graph) -> usize {
        g.shape(self.sums).last()
    }

    /// How many inputs a unit has.
    pub fn fan_in(&self, g: &Graph) -> usize {
        g.slot(self.weight).shape.size() / self.units(g).max(1)
    }

    /// How often each unit sums: samples times places.
    pub fn rows(&self, g: &Graph) -> usize {
        g.shape(self.sums).size() / self.units(g).max(1)
    }

    /// Squared length of what each of `samples` samples puts in, summed over all windows: `[samples]`. No direction of a
    /// sample's sums changes by more than this times a change of the weights along its inputs.
    pub fn lengths(&self, g: &mut Graph, samples: usize) -> Value {
        let mut square = g.square(self.input);
        if let Some(geometry) = self.window {
            let mut kernel = g.slot(self.weight).shape.clone();
            if let Some(units) = kernel.0.last_mut() {
                *units = 1;
            }
            let one = g.constant(1.0);
            let all = g.broadcast(one, kernel);
            square = g.push(Conv2d { geometry }, &[square, all]);
        }
        let rest = g.shape(square).size() / samples.max(1);
        let rows = g.reshape(square, [samples, rest]);
        let sum = g.sum(rows, &[1]);
        g.reshape(sum, [samples])
    }

    /// `Σ post ⊗ input` over all rows, of the weights' shape: `post` has the shape of the sums.
    pub fn correlate(&self, g: &mut Graph, post: Value) -> Value {
        let weight = g.read(self.weight);
        ad::vjp(g, &[(self.sums, post)], &[weight], &ad::Exact)[0].unwrap_or(weight)
    }

    /// A figure of each unit and row summed over the rows: `[units]`.
    pub fn per_unit(&self, g: &mut Graph, figure: Value) -> Value {
        // A figure that could not be built has no axes, and its fault is told.
        let axes: Vec<usize> = (0..g.shape(figure).rank().saturating_sub(1)).collect();
        let sum = g.sum(figure, &axes);
        g.reshape(sum, [self.units(g)])
    }
}

fn in_groups(node: &Node) -> bool {
    match node.block.meta().id {
        "conv1d" | "conv2d" => node.knobs.size("groups") != 1,
        "separable-conv" => true,
        _ => false,
    }
}

/// Refuses a network that has weights at work other than as linear maps in a hidden stage: experts, whose rows are
/// spread over several matrices, filters in groups, whose units see different inputs, and weights that make weights.
///
/// # Errors
/// The first such stage.
pub(super) fn only_linear_maps(net: &Net) -> Result<(), Diagnostic> {
    let hidden = &net.stages[..net.stages.len().saturating_sub(1)];
    for (i, stage) in hidden.iter().enumerate() {
        let place = (i + 1).to_string();
        for node in &stage.blocks {
            if node.any(&|n| n.routing.is_some()) {
                let message = "its experts' units do not all see the same inputs, so that they cannot compete";
                return Err(Diagnostic::new(place, message, "use linear or conv2d in the place of the route"));
            }
            if node.any(&in_groups) {
                let message = "its filters come in groups that see different channels, so that they cannot compete";
                return Err(Diagnostic::new(place, message, "use convolutions of one group"));
            }
            if node.any(&|n| ["hypernetwork", "ada-fnn"].contains(&n.block.meta().id)) {
                let message = "its weights do not meet its input, but make the weights that do";
                return Err(Diagnostic::new(place, message, "use linear in its place"));
            }
        }
    }
    Ok(())
}
