//! Highway backpropagation (Fagnou et al. 2025): through residual stages the error goes a few rounds, all stages at once,
//! in the place of one stage after the other.
//!
//! In a run of `L` stages `z_{l+1} = z_l + f_l(z_l)`, with `J_l = ∂f_l/∂z_l` and `g` the error that arrives at its end,
//!
//! ```text
//! exact:       δ_l = g + Σ_{j ≥ l} J_jᵀ δ_{j+1}
//! round 0:     δ⁰_l = g
//! round k:     δᵏ_l = g + Σ_{j ≥ l} J_jᵀ δᵏ⁻¹_{j+1}        δ_l belongs to z_l
//! ```
//!
//! In each round the stages work side by side; a running sum then joins what they found. After `k` rounds `δ` holds every
//! path back that goes through at most `k` of the `f`, and after `L` rounds it is exact. With none it is one broadcast
//! error, as in direct feedback, but with the identity in the place of a random matrix.
//!
//! A stage counts as residual when it is one `residual` block with an identity shortcut. Through any other stage the
//! error goes exactly, and the residual stages between two others are a run of their own; auxiliary losses of a stage go
//! to its weights and to what lies before it as usual, those from within a run from round to round as the rest.

use super::{Credit, Needs, Rule, Task, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Shape, Value};
use crate::lesson::{Batch, Learn, Lesson, Signal, Update};
use crate::net::{Mode, Net, Node, Pass};
use crate::ops::Op;
use crate::ops::reduce::CumSum;
use crate::ops::scalar::Binary;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Errors that take the way past the stages, and only a few stages on it.
pub struct HighwayBackprop;

static META: Meta = Meta {
    id: "highway-backprop",
    name: "Highway backpropagation",
    help: "The error takes the way past all residual stages at once; a few rounds add what they would have made of it.",
    source: "Fagnou, Caillon, Delattre and Allauzen 2025",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "rounds",
    name: "Rounds",
    help: "Through how many residual stages an error can go; as many as there are in a row make it exact.",
    kind: KnobKind::Int { default: 2, min: 0, max: 64 },
}];

impl Entry for HighwayBackprop {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for HighwayBackprop {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        Needs {
            transposed_weights: knobs.int("rounds") > 0,
            global_error: true,
            stored_activities: true,
            labels_at_stages: false,
            derivatives: true,
            parallel_stages: true,
            passes: 2 + knobs.int("rounds").max(0) as u32,
        }
    }

    fn any_answer(&self) -> bool {
        true
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)?;
        let hidden = &net.stages[..net.stages.len() - 1];
        if hidden.iter().any(|s| matches!(&s.blocks[..], [node] if has_way_past(node))) {
            return Ok(());
        }
        Err(Diagnostic::new(
            "1",
            "no hidden stage has a way past it for the error to take",
            "put the blocks of some hidden stages, all of one width, into a `residual` block with an identity \
             shortcut, or choose backpropagation",
        ))
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = cx.series(Mode::Train, batch.x);
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        let one = cx.g.constant(1.0);
        let errors = errors(cx, &forward.passes, loss);
        let mut updates = Vec::new();
        let mut signals = Vec::new();
        for (i, (pass, error)) in forward.passes.iter().zip(errors).enumerate() {
            let mut seeds: Vec<(Value, Value)> = pass.losses.iter().map(|&loss| (loss, one)).collect();
            seeds.push((pass.output, error));
            let weights: Vec<Value> = pass.params.iter().map(|&slot| cx.g.read(slot)).collect();
            let gradients = ad::vjp(cx.g, &seeds, &weights, &ad::Exact);
            let known = pass.params.iter().zip(gradients);
            updates.extend(known.filter_map(|(&slot, g)| Some(Update { slot, gradient: g?, rate: 1.0 })));
            signals.push(Signal { name: "error received", stage: i + 1, value: cx.g.root_mean_square(error) });
        }
        Lesson { signals, ..forward.lesson(loss, logits, updates) }
    }
}

/// Whether the input itself is added to what the block makes of it.
fn has_way_past(node: &Node) -> bool {
    node.block.meta().id == "residual" && node.knobs.choice("shortcut") == "identity"
}

/// What a residual stage adds to its input; `None` of any other stage.
fn branch(g: &Graph, pass: &Pass) -> Option<Value> {
    let node = g.node(pass.output);
    match (&node.op, &node.args[..]) {
        (Op::Binary(Binary::Add), &[x, added]) if x == pass.input => Some(added),
        _ => None,
    }
}

/// The error at the output of each stage.
fn errors(cx: &mut Learn, passes: &[Pass], loss: Value) -> Vec<Value> {
    let rounds = cx.knobs.size("rounds");
    let g = &mut *cx.g;
    let one = g.constant(1.0);
    let mut errors = vec![loss; passes.len()];
    let mut arrived = passes.last().map(|p| p.output).into_iter().collect::<Vec<_>>();
    arrived = ad::gradients(g, loss, &arrived, &ad::Exact);
    let mut end = passes.len();
    while let (Some(&error), true) = (arrived.first(), end > 0) {
        errors[end - 1] = error;
        // The longest run of residual stages that ends here. The read-out, and a stage that is none, is passed exactly.
        let residual = passes[..end].iter().rev().map_while(|p| branch(g, p)).count();
        let run = if end == passes.len() { 1 } else { residual.max(1) };
        let start = end - run;
        if residual == 0 || end == passes.len() {
            if start > 0 {
                arrived = vec![pulled(g, &passes[start], passes[start].output, error, one)];
            }
        } else {
            let inputs = highway(g, &passes[start..end], error, rounds);
            errors[start..end - 1].copy_from_slice(&inputs[1..]);
            arrived = inputs;
        }
        end = start;
    }
    errors
}

/// The error at the input of `pass` when there is `error` at `output`, one of its values, and nothing elsewhere but the
/// stage's own auxiliary losses.
fn pulled(g: &mut Graph, pass: &Pass, output: Value, error: Value, one: Value) -> Value {
    let mut seeds: Vec<(Value, Value)> = pass.losses.iter().map(|&loss| (loss, one)).collect();
    seeds.push((output, error));
    let back = ad::vjp(g, &seeds, &[pass.input], &ad::Exact)[0];
    let shape = g.shape(pass.input).clone();
    let none = g.constant(0.0);
    back.unwrap_or_else(|| g.broadcast(none, shape))
}

/// The errors at the inputs of a run of residual stages after some rounds, when `error` arrives at its end.
fn highway(g: &mut Graph, run: &[Pass], error: Value, rounds: usize) -> Vec<Value> {
    let one = g.constant(1.0);
    let branches: Vec<(&Pass, Value)> = run.iter().filter_map(|p| Some((p, branch(g, p)?))).collect();
    let shape = g.shape(error).clone();
    let single = Shape([&[1], &shape[..]].concat());
    let mut inputs = vec![error; run.len()];
    for _ in 0..rounds.min(run.len()) {
        let outputs = inputs[1..].iter().copied().chain([error]);
        let found: Vec<Value> = branches
            .iter()
            .zip(outputs)
            .map(|(&(pass, branch), error)| {
                let back = pulled(g, pass, branch, error, one);
                g.reshape(back, single.clone())
            })
            .collect();
        let found = g.concat(&found, 0);
        let sums = g.push(CumSum { axis: 0, reverse: true, exclusive: false }, &[found]);
        inputs = (0..run.len())
            .map(|l| {
                let behind = g.slice(sums, 0, l, 1);
                let behind = g.reshape(behind, shape.clone());
                g.add(error, behind)
            })
            .collect();
    }
    inputs
}
