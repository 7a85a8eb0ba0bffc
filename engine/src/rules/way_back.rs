//! The way back of an error through the stages, where other weights stand for those of the way forward: what feedback
//! alignment and its relatives have in common.
//!
//! From `∂loss/∂logits` on, each stage takes what arrives at its output, teaches its own weights with it by the exact
//! chain rule, and sends on to the stage before it what a vector-Jacobian product gives in which the weights `W` of its
//! *products* (of matrices, convolutions, experts' products) are replaced:
//!
//! ```text
//! forward   y = x W                     (any blocks; y may meet an activation, a norm, a way past)
//! backward  ∂loss/∂x  is replaced by  ∂loss/∂y · Bᵀ,   B in the place of W, of its shape
//! own       dW = xᵀ ∂loss/∂y            as ever
//! ```
//!
//! What has no transpose is left alone: biases, gains of a norm, a way past the blocks. So is the first stage, which
//! sends nothing on.

use std::collections::{BTreeMap, HashMap};

use super::{Needs, Rule, try_out};
use crate::ad::{self, Backward};
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Init, SlotId, Value};
use crate::lesson::{Batch, Learn, Lesson, Signal, Update};
use crate::net::{Mode, Net, Pass};
use crate::ops::{Op, Primitive};
use crate::registry::Knobs;
use crate::rules::Task;

/// What all of these rules ask for, but that some do without the transposed weights.
pub const NEEDS: Needs = Needs {
    transposed_weights: true,
    global_error: true,
    stored_activities: true,
    labels_at_stages: false,
    derivatives: true,
    parallel_stages: false,
    passes: 2,
};

/// What stands for a weight on the way back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stand {
    /// A tensor of the weight's shape.
    Weight(Value),
    /// Two hops: `∂loss/∂x = share · (∂loss/∂y · hop) · weightᵀ`, where `hop [units, k]` serves each of `groups` groups of
    /// units alike, and `weight` has the shape of the weight that it stands for, but `groups · k` units.
    Hops { hop: Value, weight: Value, groups: usize, share: f32 },
}

/// A weight that an error comes through on its way to the stage's input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crossing {
    pub slot: SlotId,
    /// Groups of units that do not mix.
    pub groups: usize,
    /// Whether the weight itself, not something made of it, is the second factor of all its products, its units last.
    pub plain: bool,
}

/// A lesson whose errors came back by other weights, and those weights' counterparts with the update of each.
pub struct Returned {
    pub lesson: Lesson,
    /// Weight, what stood for it, and the place of its own update in the lesson.
    pub stood: Vec<(Crossing, Stand, usize)>,
}

/// Whether the derivative of `op` with respect to one factor is a product with the other, transposed.
fn is_product(op: &Op) -> bool {
    matches!(op, Op::MatMul(_) | Op::Conv2d(_) | Op::GroupedMatMul(_))
}

/// For every value of a stage, by its number, whether it depends on the stage's input.
fn dependence(g: &Graph, pass: &Pass) -> Vec<bool> {
    let ends = std::iter::once(&pass.output).chain(&pass.losses);
    let size = ends.map(|v| v.index() + 1).max().unwrap_or(0);
    let mut depends = vec![false; size];
    for i in 0..size {
        let args = &g.node(Value(i as u32)).args;
        depends[i] = i == pass.input.index() || args.iter().any(|a| depends[a.index()]);
    }
    depends
}

/// The weights among `params` that the factor `v` of a product is made of.
fn made_of(g: &Graph, v: Value, params: &[SlotId]) -> Vec<SlotId> {
    let read = |v: &Value| if let Op::Read(r) = &g.node(*v).op { Some(r.slot) } else { None };
    g.live(&[v]).iter().filter_map(read).filter(|slot| params.contains(slot)).collect()
}

/// The weights of a stage that an error crosses between its output and its input, in order of use.
pub fn crossings(g: &Graph, pass: &Pass) -> Vec<Crossing> {
    let depends = dependence(g, pass);
    let mut found: BTreeMap<SlotId, Crossing> = BTreeMap::new();
    let ends: Vec<Value> = std::iter::once(pass.output).chain(pass.losses.iter().copied()).collect();
    for v in g.live(&ends) {
        let node = g.node(v);
        if !is_product(&node.op) || !depends[v.index()] {
            continue;
        }
        let groups = if let Op::Conv2d(conv) = &node.op { conv.geometry.groups } else { 1 };
        let units_last = if let Op::MatMul(m) = &node.op { !m.tb } else { true };
        for (i, &arg) in node.args.iter().enumerate().filter(|(_, a)| !depends[a.index()]) {
            for slot in made_of(g, arg, &pass.params) {
                let plain = i == 1 && units_last && matches!(g.node(arg).op, Op::Read(_));
                let crossing = found.entry(slot).or_insert(Crossing { slot, groups, plain });
                crossing.plain &= plain && crossing.groups == groups;
            }
        }
    }
    found.into_values().collect()
}

/// The way to a stage's input where others stand for its weights.
struct Replaced {
    depends: Vec<bool>,
    stands: HashMap<SlotId, Stand>,
}

impl Replaced {
    /// `v`, made of what stands for the weights instead of the weights.
    fn instead(&self, g: &mut Graph, v: Value) -> Value {
        let node = g.node(v).clone();
        if let Op::Read(r) = &node.op {
            return match self.stands.get(&r.slot) {
                Some(Stand::Weight(b)) => *b,
                Some(Stand::Hops { .. }) | None => v,
            };
        }
        let args: Vec<Value> = node.args.iter().map(|&a| self.instead(g, a)).collect();
        if args == node.args { v } else { g.push(node.op, &args) }
    }

    fn stand(&self, g: &Graph, v: Value) -> Option<Stand> {
        if let Op::Read(r) = &g.node(v).op { self.stands.get(&r.slot).copied() } else { None }
    }
}

impl Backward for Replaced {
    fn pull(&self, g: &mut Graph, y: Value, ct: Value) -> Option<Vec<Option<Value>>> {
        let node = g.node(y).clone();
        if !is_product(&node.op) {
            return None;
        }
        let (mut args, mut ct, mut share) = (node.args.clone(), ct, 1.0);
        for arg in &mut args {
            if self.depends.get(arg.index()).is_some_and(|d| *d) {
                continue;
            }
            if let Some(Stand::Hops { hop, weight, groups, share: by }) = self.stand(g, *arg) {
                ct = hopped(g, ct, hop, groups);
                (*arg, share) = (weight, by);
            } else {
                *arg = self.instead(g, *arg);
            }
        }
        let pulled = node.op.vjp(g, y, &args, ct);
        // Only what leads on to the stage's input is asked for; the weights are taught apart.
        let onward = |(arg, pulled): (&Value, Option<Value>)| {
            pulled.filter(|_| self.depends.get(arg.index()).is_some_and(|d| *d)).map(|p| g.scale(p, share))
        };
        Some(node.args.iter().zip(pulled).map(onward).collect())
    }
}

/// `x [.., groups · units]` times `hop [units, k]`, group by group: `[.., groups · k]`.
pub fn hopped(g: &mut Graph, x: Value, hop: Value, groups: usize) -> Value {
    let (mut shape, matrix) = (g.shape(x).clone(), g.shape(hop).clone());
    let rows = g.reshape(x, [shape.size() / matrix[0].max(1), matrix[0]]);
    let y = g.matmul(rows, hop);
    if let Some(last) = shape.0.last_mut() {
        *last = groups * matrix[1];
    }
    g.reshape(y, shape)
}

/// Standard deviation of a weight's initial values; where they are all alike, what Glorot and Bengio (2010) advise for
/// its extents.
pub fn spread(g: &Graph, slot: SlotId) -> f32 {
    let slot = g.slot(slot);
    match slot.init {
        Init::As(other) => spread(g, other),
        Init::Uniform { bound } if bound > 0.0 => bound / 3f32.sqrt(),
        Init::Normal { std } if std > 0.0 => std,
        Init::Uniform { .. } | Init::Normal { .. } | Init::Constant(_) => {
            // Experts stand along the first of three axes, a window's places along the first two of four.
            let axes = &slot.shape[usize::from(slot.shape.rank() == 3)..];
            let (units, all) = (axes.last().copied().unwrap_or(1), axes.iter().product::<usize>());
            let around = all / axes.iter().rev().take(2).product::<usize>().max(1);
            (2.0 / (all / units.max(1) + around * units).max(1) as f32).sqrt()
        }
    }
}

/// A random register in the place of a weight: of its shape, and as large as it is at first.
pub fn random(cx: &mut Learn, slot: SlotId) -> SlotId {
    let bound = 3f32.sqrt() * spread(cx.g, slot);
    let (name, shape) = (name(cx.g, slot), cx.g.slot(slot).shape.clone());
    cx.own(&name, shape, Init::Uniform { bound })
}

/// `update` with `decay` times the weight itself added to its gradient.
pub fn decayed(cx: &mut Learn, update: Update, decay: Value) -> Update {
    let weight = cx.g.read(update.slot);
    let shrink = cx.g.mul(decay, weight);
    Update { gradient: cx.g.add(update.gradient, shrink), ..update }
}

/// Name of the register that belongs to a weight on the way back.
pub fn name(g: &Graph, slot: SlotId) -> String {
    format!("feedback/{}", g.slot(slot).name)
}

/// Teaches every stage, its error coming back through what `stand` gives for each weight. `hidden-rate` of the rule's
/// knobs is the factor on the hidden stages' learning rate.
pub fn learn(cx: &mut Learn, batch: Batch, mut stand: impl FnMut(&mut Learn, Crossing) -> Stand) -> Returned {
    let forward = cx.series(Mode::Train, batch.x);
    let logits = forward.logits();
    let loss = cx.loss(logits, batch.target);
    let one = cx.g.constant(1.0);
    let mut arriving = ad::vjp(cx.g, &[(loss, one)], &[logits], &ad::Exact)[0];
    let (mut updates, mut stood, mut signals) = (Vec::new(), Vec::new(), Vec::new());
    let last = forward.passes.len() - 1;
    for (i, pass) in forward.passes.iter().enumerate().rev() {
        if let Some(error) = arriving.filter(|_| i < last) {
            signals.push(Signal { name: "error received", stage: i + 1, value: cx.g.root_mean_square(error) });
        }
        let mut seeds: Vec<(Value, Value)> = arriving.iter().map(|&error| (pass.output, error)).collect();
        seeds.extend(pass.losses.iter().map(|&loss| (loss, one)));
        let weights: Vec<Value> = pass.params.iter().map(|&slot| cx.g.read(slot)).collect();
        let gradients = ad::vjp(cx.g, &seeds, &weights, &ad::Exact);
        let rate = if i < last { cx.knobs.float("hidden-rate") as f32 } else { 1.0 };
        let known = pass.params.iter().zip(gradients);
        updates.extend(known.filter_map(|(&slot, gradient)| Some(Update { slot, gradient: gradient?, rate })));
        if i == 0 {
            break;
        }
        let met = crossings(cx.g, pass);
        let stands: Vec<(Crossing, Stand)> = met.into_iter().map(|c| (c, stand(cx, c))).collect();
        if let Some(value) = agreement(cx, &stands) {
            signals.push(Signal { name: "feedback's alignment with the weights", stage: i + 1, value });
        }
        let replaced =
            Replaced { depends: dependence(cx.g, pass), stands: stands.iter().map(|(c, s)| (c.slot, *s)).collect() };
        arriving = ad::vjp(cx.g, &seeds, &[pass.input], &replaced)[0];
        for (crossing, stand) in stands {
            if let Some(at) = updates.iter().position(|u| u.slot == crossing.slot) {
                stood.push((crossing, stand, at));
            }
        }
    }
    signals.reverse();
    Returned { lesson: Lesson { signals, ..forward.lesson(loss, logits, updates) }, stood }
}

/// Cosine `[]` between a stage's weights and what stands for them; `None` where nothing does.
fn agreement(cx: &mut Learn, stands: &[(Crossing, Stand)]) -> Option<Value> {
    let mut pair = |(crossing, stand): &(Crossing, Stand)| {
        let back = match *stand {
            Stand::Weight(back) => back,
            Stand::Hops { hop, weight, groups, .. } => {
                let turned = cx.g.transpose(hop, &[1, 0]);
                hopped(cx.g, weight, turned, groups)
            }
        };
        (cx.g.read(crossing.slot), back)
    };
    let pairs: Vec<(Value, Value)> = stands.iter().map(&mut pair).collect();
    (!pairs.is_empty()).then(|| cosine(cx.g, &pairs))
}

/// Cosine `[]` between the left and the right sides, each taken as one vector.
pub fn cosine(g: &mut Graph, pairs: &[(Value, Value)]) -> Value {
    let zero = g.constant(0.0);
    let mut sums = [zero; 3];
    for &(a, b) in pairs {
        let terms = [g.dot(a, b), g.dot(a, a), g.dot(b, b)];
        sums = [0, 1, 2].map(|i| g.add(sums[i], terms[i]));
    }
    let [inner, a, b] = sums;
    let (a, b) = (g.sqrt(a), g.sqrt(b));
    let lengths = g.mul(a, b);
    let least = g.constant(1e-30);
    let lengths = g.maximum(lengths, least);
    g.div(inner, lengths)
}

/// Whether there is a hidden stage that an error could be sent to, and all blocks fit.
///
/// # Errors
/// The reason, with the place and the mend.
pub fn fits(rule: &dyn Rule, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
    if net.stages.len() < 2 {
        return Err(Diagnostic::new(
            "",
            "with fewer than two stages there is no hidden stage to send the error to",
            "add a stage before the read-out, or choose backpropagation",
        ));
    }
    try_out(rule, net, task, knobs)
}
