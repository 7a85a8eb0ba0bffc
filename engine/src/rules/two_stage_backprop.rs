//! Two-stage backpropagation (Rae, Lee and Richings, *2BP: 2-Stage Backpropagation*, 2024): first all errors, then all
//! weights.
//!
//! What passes a stage back has two parts,
//!
//! ```text
//! first     δ_{l−1} = ∂loss/∂h_{l−1}      for which the stage before waits
//! second    dW_l = ∂loss/∂W_l             for which nobody waits
//! ```
//!
//! Frameworks do both in one call, so that each stage waits for the weights of all behind it. Here a first tick passes
//! forward and takes the errors back through all stages; a second one, the step's own, makes the gradients of all stages
//! from what the first has kept: they can be made at the same time. The numbers are backpropagation's, to the bit. The
//! price is memory: inputs and errors of all stages lie in registers until the second tick.
//!
//! What is kept is found in the graph: whatever the first tick has to compute anyway and the second reads.

use std::collections::HashSet;

use super::backprop::{NEEDS, descent};
use super::{Credit, Needs, Rule, Task, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Stmt, Value};
use crate::lesson::{Batch, Learn, Lesson, Signal, Update};
use crate::net::Net;
use crate::ops::Primitive;
use crate::registry::{Entry, Knobs, Meta};

/// Backpropagation that hands all errors on before it looks at any weight.
pub struct TwoStageBackprop;

static META: Meta = Meta {
    id: "two-stage-backprop",
    name: "2-stage backpropagation",
    help: "Backpropagation in two turns: the errors go back through all stages first, then all stages make their gradients at once.",
    source: "Rae, Lee and Richings 2024",
};

impl Entry for TwoStageBackprop {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Rule for TwoStageBackprop {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, _: &Knobs) -> Needs {
        NEEDS
    }

    fn published(&self) -> &'static str {
        "throughput up to 1.70 times that of the same schedule in one stage, on a transformer of 7 billion weights and 4 GPUs (paper)"
    }

    fn any_answer(&self) -> bool {
        true
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let descent = descent(cx, batch, |_, _, loss| loss);
        let (forward, logits) = (&descent.forward, descent.forward.logits());
        let one = cx.g.constant(1.0);
        let handed: Vec<Value> = forward.passes.iter().skip(1).map(|pass| pass.input).collect();
        let errors = ad::vjp(cx.g, &[(descent.objective, one)], &handed, &ad::Exact);

        let mut first: Vec<Value> = errors.iter().copied().flatten().collect();
        first.push(descent.loss);
        let mut second = vec![descent.loss, logits];
        second.extend(&descent.gradients);
        second.extend(forward.writes.iter().map(|w| w.1));
        second.extend(forward.taps.iter().flat_map(|tap| [tap.load, tap.entropy, tap.dropped]));
        let sizes: Vec<(usize, Value)> = errors.iter().enumerate().filter_map(|(l, e)| e.map(|e| (l + 1, e))).collect();
        let sizes: Vec<(usize, Value)> = sizes.into_iter().map(|(l, e)| (l, cx.g.root_mean_square(e))).collect();
        second.extend(sizes.iter().map(|s| s.1));

        let mut before = Vec::new();
        let mut kept = Vec::new();
        for (i, v) in shared(cx.g, &first, &second).into_iter().enumerate() {
            let shape = cx.g.shape(v).clone();
            let slot = cx.scratch(&format!("kept {}", i + 1), shape);
            before.push((slot, v));
            kept.push((v, cx.g.read(slot)));
        }
        let mut now = ad::replaced(cx.g, &second, &kept).into_iter();
        let mut take = || now.next().unwrap_or(one);
        let (loss, answer) = (take(), take());
        let updates: Vec<Update> =
            descent.slots.iter().map(|&slot| Update { slot, gradient: take(), rate: 1.0 }).collect();
        let mut forward = descent.forward;
        forward.writes.iter_mut().for_each(|w| w.1 = take());
        for tap in &mut forward.taps {
            (tap.load, tap.entropy, tap.dropped) = (take(), take(), take());
        }
        let signal = |&(stage, _): &(usize, Value)| Signal { name: "error received", stage, value: take() };
        let signals = sizes.iter().map(signal).collect();
        let lesson = forward.lesson(loss, logits, updates);
        Lesson { before: vec![Stmt::Tick(before)], seen: Some((answer, batch.labels)), signals, ..lesson }
    }
}

/// What blocks compute for `first` and what only `second` needs reads, or is itself in `second`; in an order that the
/// network alone decides, whatever the batch. Values that cost nothing to make again, such as a transpose, are not among
/// them, but what they are made of; nor is what belongs to no block, such as the batch and the loss's own small part.
fn shared(g: &Graph, first: &[Value], second: &[Value]) -> Vec<Value> {
    let computed: HashSet<Value> = g.live(first).into_iter().collect();
    let mut out = Vec::new();
    let mut known = HashSet::new();
    let mut open = second.to_vec();
    while let Some(v) = open.pop() {
        if !known.insert(v) {
            continue;
        }
        let node = g.node(v);
        let args: Vec<_> = node.args.iter().map(|&a| g.shape(a)).collect();
        let free = g.path(v).is_empty() || node.op.cost(&args, &node.shape).work == 0;
        if computed.contains(&v) && !free {
            out.push(v);
        } else {
            open.extend(&node.args);
        }
    }
    out
}
