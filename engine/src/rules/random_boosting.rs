//! Random feature boosting (Zozoulenko, Cass and Gonon 2025): stages whose weights stay as they were drawn, joined by
//! linear maps that are solved for and never descended to.
//!
//! The representation `Φ` has the shape of the input and begins as the input. For hidden stages `t = 1 … T`, with
//! `F_t = stage_t(Φ_{t−1})`, one-hot labels `Y` and a linear read-out `W_t, b_t` of every `Φ_t`:
//!
//! ```text
//! W_t, b_t = least squares  Φ_t → Y                       (ridge λ)
//! G_t      = (Y − Φ_{t−1} W_{t−1} − b_{t−1}) W_{t−1}ᵀ      the way down of the loss, brought to mean square 1
//! Δ_t      = least squares  F_t → G_t                     (ridge λ)
//! s_t      = the step along F_t Δ_t that is best for the read-out before it
//! Φ_t      = Φ_{t−1} + shrinkage · s_t · F_t Δ_t
//! ```
//!
//! `W_T, b_T` are the network's last stage. The authors solve layer by layer over all samples. Here all layers are kept
//! up to date at once, over a stream of batches: of each least-squares problem the normal equations are summed up in
//! registers,
//!
//! ```text
//! A ← κ A + FᵀF      C ← κ C + FᵀG      n ← κ n + B      (A + λ n) Δ = C
//! ```
//!
//! with `κ = memory`, and a few steps of conjugate gradients bring Δ nearer at each step, from where it stands. The first
//! read-out is of what does not change; what a layer stands on comes to rest before it does, and an old sum fades. With
//! κ = 1 the read-out of the input is exactly the ridge solution over all samples seen. Features are as the stage's blocks
//! draw them, evenly and with biases of 0, not from pairs of samples (SWIM): among odd functions such as tanh there is then
//! none for an even part of the answer, and relu serves better. The representation is not normalised, and the loss is the
//! squared one.

use super::conjugate::conjugate;
use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Init, Shape, SlotId, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal};
use crate::net::{Mode, Net, Pass, Stage};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Random stages and solved maps between them.
pub struct RandomBoosting;

static META: Meta = Meta {
    id: "random-feature-boosting",
    name: "Random feature boosting",
    help: "Stages stay random; linear maps, solved for and not descended to, turn what they see towards the answer.",
    source: "Zozoulenko, Cass and Gonon 2025",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "ridge",
        name: "Ridge",
        help: "How much a large weight costs in each least-squares problem, beside a sample's error.",
        kind: KnobKind::Float { default: 1e-3, min: 1e-8, max: 100.0, live: true },
    },
    Knob {
        id: "memory",
        name: "Memory",
        help: "Share of the sums over earlier batches that is kept at each step.",
        kind: KnobKind::Float { default: 0.99, min: 0.0, max: 1.0, live: true },
    },
    Knob {
        id: "shrinkage",
        name: "Shrinkage",
        help: "How much of the best step a stage takes.",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 2.0, live: true },
    },
];

impl Entry for RandomBoosting {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for RandomBoosting {
    fn credit(&self) -> Credit {
        Credit::None
    }

    fn needs(&self, _: &Knobs) -> Needs {
        Needs {
            transposed_weights: false,
            global_error: false,
            stored_activities: false,
            labels_at_stages: false,
            derivatives: false,
            parallel_stages: true,
            passes: 1,
        }
    }

    fn published(&self) -> &'static str {
        "99.7 % on concentric rings with 512 SWIM features and three layers (RFRBoost's notebook)"
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)?;
        let Some((last, hidden)) = net.stages.split_last().filter(|(_, hidden)| !hidden.is_empty()) else {
            return Err(Diagnostic::new(
                "",
                "without a hidden stage there are no random features",
                "add a stage before the read-out",
            ));
        };
        if let Some(i) = hidden.iter().position(Stage::couples_samples) {
            return Err(Diagnostic::new(
                (i + 1).to_string(),
                "its features of a sample depend on the other samples",
                "use layer norm or no norm in the place of batch norm",
            ));
        }
        match &last.blocks[..] {
            [node] if node.block.meta().id == "linear" && node.knobs.bool("bias") => Ok(()),
            _ => Err(Diagnostic::new(
                net.stages.len().to_string(),
                "its weights are solved for, which a linear block with bias alone allows",
                "let the last stage be one `linear` block with bias",
            )),
        }
    }

    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        boosted(cx, mode, x, &mut |_, _, _, _| {})
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let mut writes = Vec::new();
        let mut signals = Vec::new();
        let forward = boosted(cx, Mode::Eval, batch.x, &mut |cx, i, seen, layer| {
            let read = Solved::new(cx, &format!("read-out {i}"), seen, cx.task.outputs, true);
            writes.extend(read.fit(cx, seen, batch.target));
            let answer = read.apply(cx.g, seen);
            let rest = cx.g.sub(batch.target, answer);
            signals.push(Signal { name: "error left", stage: i + 1, value: cx.g.root_mean_square(rest) });
            let weight = read.weight(cx.g);
            let down = cx.g.matmul_t(rest, weight, false, true);
            let size = cx.g.root_mean_square(down);
            let least = cx.g.constant(1e-12);
            let size = cx.g.maximum(size, least);
            let down = cx.g.div(down, size);
            writes.extend(layer.map.fit(cx, layer.features, down));
            // Along F Δ, as the read-out hears it.
            let along = cx.g.matmul(layer.moved, weight);
            writes.extend(layer.step.observe(cx, along, rest));
        });
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        if let Some(pass) = forward.passes.last() {
            let name = format!("read-out {}", forward.passes.len() - 1);
            let last = Solved::new(cx, &name, pass.input, cx.task.outputs, true);
            let fitted = last.fit(cx, pass.input, batch.target);
            let solution = fitted[fitted.len() - 1].1;
            let inputs = cx.g.shape(solution)[0] - 1;
            let bias = cx.g.slice(solution, 0, inputs, 1);
            let shape = cx.g.slot(pass.params[1]).shape.clone();
            writes.push((pass.params[0], cx.g.slice(solution, 0, 0, inputs)));
            writes.push((pass.params[1], cx.g.reshape(bias, shape)));
            writes.extend(fitted);
        }
        Lesson { writes, signals, ..forward.lesson(loss, logits, Vec::new()) }
    }
}

/// What a stage adds to the representation.
struct Layer {
    /// `F [B, units]` and `F Δ [B, features]`.
    features: Value,
    moved: Value,
    map: Solved,
    step: Step,
}

/// The pass of `x [B, …]`: each stage's features of the representation before it, and the read-out of the last one.
/// `visit` sees each hidden stage, by its number from 0, with the representation `[B, features]` that it saw.
fn boosted(cx: &mut Learn, mode: Mode, x: Value, visit: &mut dyn FnMut(&mut Learn, usize, Value, Layer)) -> Forward {
    let net = cx.net;
    let shape = cx.g.shape(x).clone();
    let mut forward = Forward::default();
    let mut seen = cx.build(mode).flat(x);
    let width = cx.g.shape(seen).last();
    let mut through = |cx: &mut Learn, i: usize, input: Value| -> Pass {
        let mut build = cx.build(mode);
        let pass = net.stage(&mut build, i, input);
        forward.gather(build);
        forward.passes.push(pass.clone());
        pass
    };
    let last = net.stages.len() - 1;
    for i in 0..last {
        let input = cx.g.reshape(seen, shape.clone());
        let pass = through(cx, i, input);
        let features = cx.build(mode).flat(pass.output);
        if cx.g.is_poisoned(features) {
            continue;
        }
        let map = Solved::new(cx, &format!("map {}", i + 1), features, width, false);
        let moved = map.apply(cx.g, features);
        let step = Step::new(cx, i + 1);
        let length = step.length(cx);
        let by = cx.g.mul(length, moved);
        let next = cx.g.add(seen, by);
        visit(cx, i, seen, Layer { features, moved, map, step });
        seen = next;
    }
    through(cx, last, seen);
    forward
}

/// A least-squares problem: its normal equations, summed up, and where their solution stands.
struct Solved {
    /// `A [n, n]`, `C [n, outputs]` and how many samples they weigh, `[]`.
    products: SlotId,
    targets: SlotId,
    mass: SlotId,
    /// `[n, outputs]`; with a constant, its row is the last one.
    solution: SlotId,
    constant: bool,
}

impl Solved {
    fn new(cx: &mut Learn, name: &str, inputs: Value, outputs: usize, constant: bool) -> Self {
        let n = cx.g.shape(inputs).last() + usize::from(constant);
        let mut sum = |what: &str, shape: Shape| cx.memory(&format!("{name}/{what}"), shape, Init::Constant(0.0));
        Self {
            products: sum("products", [n, n].into()),
            targets: sum("targets", [n, outputs].into()),
            mass: sum("mass", Shape::default()),
            solution: sum("solution", [n, outputs].into()),
            constant,
        }
    }

    /// The rows `[B, n]` of the problem.
    fn rows(&self, g: &mut Graph, inputs: Value) -> Value {
        if !self.constant {
            return inputs;
        }
        let one = g.constant(1.0);
        let rows = g.shape(inputs)[0];
        let ones = g.broadcast(one, [rows, 1]);
        g.concat(&[inputs, ones], 1)
    }

    fn apply(&self, g: &mut Graph, inputs: Value) -> Value {
        let rows = self.rows(g, inputs);
        let solution = g.read(self.solution);
        g.matmul(rows, solution)
    }

    /// The solution without its constant.
    fn weight(&self, g: &mut Graph) -> Value {
        let solution = g.read(self.solution);
        let n = g.shape(solution)[0] - usize::from(self.constant);
        g.slice(solution, 0, 0, n)
    }

    /// Takes a batch into the sums and brings the solution nearer; it is written last.
    fn fit(&self, cx: &mut Learn, inputs: Value, targets: Value) -> Vec<(SlotId, Value)> {
        let (ridge, memory) = (cx.live("ridge"), cx.live("memory"));
        let g = &mut *cx.g;
        let rows = self.rows(g, inputs);
        let batch = g.constant(g.shape(rows)[0] as f32);
        let summed = |g: &mut Graph, slot: SlotId, new: Value| {
            let old = g.read(slot);
            let kept = g.mul(memory, old);
            g.add(kept, new)
        };
        let new = g.matmul_t(rows, rows, true, false);
        let products = summed(g, self.products, new);
        let new = g.matmul_t(rows, targets, true, false);
        let sums = summed(g, self.targets, new);
        let mass = summed(g, self.mass, batch);
        let weight = g.mul(ridge, mass);
        let system = |g: &mut Graph, w: Value| {
            let there = g.matmul(products, w);
            let kept = g.mul(weight, w);
            g.add(there, kept)
        };
        let start = g.read(self.solution);
        let solution = conjugate(g, &system, sums, start, 0);
        vec![(self.products, products), (self.targets, sums), (self.mass, mass), (self.solution, solution)]
    }
}

/// How far a stage goes along what it has found.
struct Step {
    /// Sums of `⟨rest, along⟩` and `⟨along, along⟩`, `[]` each.
    gain: SlotId,
    length: SlotId,
}

impl Step {
    fn new(cx: &mut Learn, stage: usize) -> Self {
        let mut sum = |what: &str| cx.memory(&format!("step {stage}/{what}"), Shape::default(), Init::Constant(0.0));
        Self { gain: sum("gain"), length: sum("length") }
    }

    /// The best step `[]` so far, times the shrinkage; 0 before anything is known.
    fn length(&self, cx: &mut Learn) -> Value {
        let shrinkage = cx.live("shrinkage");
        let (gain, length) = (cx.g.read(self.gain), cx.g.read(self.length));
        let least = cx.g.constant(1e-12);
        let length = cx.g.maximum(length, least);
        let best = cx.g.div(gain, length);
        cx.g.mul(shrinkage, best)
    }

    fn observe(&self, cx: &mut Learn, along: Value, rest: Value) -> [(SlotId, Value); 2] {
        let memory = cx.live("memory");
        let g = &mut *cx.g;
        [(self.gain, rest), (self.length, along)].map(|(slot, other)| {
            let new = g.dot(along, other);
            let old = g.read(slot);
            let kept = g.mul(memory, old);
            (slot, g.add(kept, new))
        })
    }
}
