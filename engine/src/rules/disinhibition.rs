//! Dis-inhibitory circuits (Rossbroich and Zenke 2023): every unit is a pair of an excitatory and an inhibitory cell, and
//! top-down signals reach the inhibitory one alone. What the excitatory cell learns is told by its own inhibition.
//!
//! With `a = W r_below + b` what drives a unit, `φ_E` the stage's own activation, `φ_I` the softplus less its value at 0
//! (a tonic drive, which the bias could learn), and `c` the top-down dis-inhibition:
//!
//! ```text
//! τ_E du_E/dt = −u_E + a − φ_I(u_I)              τ_E = 20 ms
//! τ_I du_I/dt = −u_I + φ_E(u_E) − c              τ_I = 5 ms           r = φ_E(u_E)
//! ```
//!
//! A controller compares the output with the target and pushes through `Q`, the Jacobian of the output along the
//! excitatory cells, at rest, scaled by `φ_I'` and brought to length 1 for each sample:
//!
//! ```text
//! e = target − p            τ dk/dt = e − k            c = Qᵀ (k_i k + k_p e)            τ = 100 ms
//! ```
//!
//! and every synapse learns from what its own cell feels: more inhibition than its own activity calls for means less,
//!
//! ```text
//! dW = (u_I − φ_E(u_E)) φ_E'(u_E) r_belowᵀ          which at equilibrium is −c φ_E'(u_E) r_belowᵀ
//! ```
//!
//! Each step begins at the rest of the uncontrolled circuit, where `u_E + φ_I(φ_E(u_E)) = a`, solved by iteration; that
//! is also how the network answers. The controlled circuit is followed for some steps of Euler's method. A batch costs
//! a pass forward for each of them, and as many passes back as there are classes, once, for `Q`. The read-out follows
//! the loss of the answer at rest.

use super::circuit::{Circuit, driving, excitation, inhibition, rest};
use super::course::Course;
use super::predictive_coding::output_weight;
use super::{Credit, Needs, Rule, Task, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Shape, SlotId, Stmt, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal, Update};
use crate::net::{Mode, Net, Pass};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

const TAU_E: f32 = 20.0;
const TAU_I: f32 = 5.0;
const TAU_CONTROL: f32 = 100.0;
/// Errors told by inhibition.
pub struct Disinhibition;

static META: Meta = Meta {
    id: "disinhibition",
    name: "Dis-inhibitory circuits",
    help: "Each unit has an inhibitory partner, which alone hears the top-down error; the imbalance between both is the lesson.",
    source: "Rossbroich and Zenke 2023",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "steps",
        name: "Steps in time",
        help: "How long the controlled circuit is followed on each batch: its cost is a pass forward for each step.",
        kind: KnobKind::Int { default: 40, min: 1, max: 2000 },
    },
    Knob {
        id: "time-step",
        name: "Length of a step",
        help: "Milliseconds from one step to the next; from about 5 on the inhibitory cells swing.",
        kind: KnobKind::Float { default: 2.0, min: 0.01, max: 10.0, live: true },
    },
    Knob {
        id: "proportional",
        name: "Proportional control",
        help: "How strongly the present error of the output drives the top-down signal.",
        kind: KnobKind::Float { default: 0.2, min: 0.0, max: 10.0, live: true },
    },
    Knob {
        id: "integral",
        name: "Integral control",
        help: "How strongly the error of the last tenth of a second drives the top-down signal.",
        kind: KnobKind::Float { default: 0.4, min: 0.0, max: 10.0, live: true },
    },
];

impl Entry for Disinhibition {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for Disinhibition {
    fn credit(&self) -> Credit {
        Credit::Direct
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        Needs {
            transposed_weights: true,
            global_error: true,
            stored_activities: true,
            labels_at_stages: false,
            derivatives: true,
            parallel_stages: true,
            // At rest, each step in time, and the answer; the feedback of one class.
            passes: u32::try_from(knobs.int("steps")).unwrap_or(1) + 3,
        }
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        if net.stages.len() == 1 {
            return Err(Diagnostic::new(
                "",
                "with fewer than two stages there is no hidden unit to be dis-inhibited",
                "add a stage before the read-out, or choose backpropagation",
            ));
        }
        for (i, stage) in net.stages.iter().enumerate().take(net.stages.len().saturating_sub(1)) {
            if driving(stage).is_none() {
                return Err(Diagnostic::new(
                    (i + 1).to_string(),
                    "its units are no pairs of cells that one weighted sum drives",
                    "let it be one linear or conv2d, before it pooling at most, behind it activations at most",
                ));
            }
        }
        try_out(self, net, task, knobs)
    }

    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        at_rest(cx, mode, x).0
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let (forward, potentials) = at_rest(cx, Mode::Train, batch.x);
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        let (before, cells, course) = controlled(cx, batch, &potentials, logits);
        let mut updates = Vec::new();
        let mut signals = Vec::new();
        for i in 0..cells.len() {
            let below = cells.below(cx, batch, i);
            updates.extend(cells.taught(cx, i, below));
            signals.push(Signal { name: "imbalance", stage: i + 1, value: course.of(cx, i) });
        }
        updates.extend(cells.read_out(cx, batch));
        Lesson { before, signals, ..forward.lesson(loss, logits, updates) }
    }
}

/// The pass of `x` through the uncontrolled circuit at rest, and the potentials `[B, …]` of the excitatory cells of each
/// hidden stage.
fn at_rest(cx: &mut Learn, mode: Mode, x: Value) -> (Forward, Vec<Value>) {
    let net = cx.net;
    let mut b = cx.build(mode);
    let (mut passes, mut potentials) = (Vec::new(), Vec::new());
    let mut at = x;
    let hidden = net.stages.len() - 1;
    for i in 0..hidden {
        let Circuit { pass, drive } = Circuit::new(&mut b, net, i, at);
        let u = rest(&mut b, net, i, drive);
        at = excitation(&mut b, net, i, u);
        passes.push(Pass { output: at, ..pass });
        potentials.push(u);
    }
    passes.push(net.stage(&mut b, hidden, at));
    (Forward::of(passes, b), potentials)
}

/// Registers of the cells of all hidden stages.
struct Cells {
    /// Excitatory and inhibitory potentials, `[B, …]` each.
    pairs: Vec<[SlotId; 2]>,
    /// Way from each output to the inhibitory cells: `[C, B, units]`.
    feedback: Vec<SlotId>,
    output: SlotId,
    /// What the last of them answer at rest.
    rest: SlotId,
    /// The controller's memory of the error: `[B, C]`.
    integral: SlotId,
}

/// The statements that bring the circuit to rest, lay down its feedback and follow it under control; where its cells
/// are then; and how the imbalance of each hidden stage went.
fn controlled(cx: &mut Learn, batch: Batch, potentials: &[Value], logits: Value) -> (Vec<Stmt>, Cells, Course) {
    let net = cx.net;
    let cells = Cells::declare(cx, potentials, logits);
    let steps = cx.knobs.size("steps").max(1);
    let course = Course::new(cx, steps, cells.len());
    let mut begin = vec![(cells.output, logits), course.begin(cx)];
    let zero = cx.g.constant(0.0);
    let shape = cx.g.shape(logits).clone();
    begin.push((cells.integral, cx.g.broadcast(zero, shape)));
    for (i, (&u, pair)) in potentials.iter().zip(&cells.pairs).enumerate() {
        let r = excitation(&mut cx.build(Mode::Train), net, i, u);
        begin.extend([(pair[0], u), (pair[1], r)]);
        if i + 1 == cells.len() {
            begin.push((cells.rest, r));
        }
    }
    let feedback = cells.way_back(cx);
    let (mut body, imbalance) = cells.moved(cx, batch);
    body.extend(course.record(cx, &imbalance));
    let times = u32::try_from(steps).unwrap_or(1);
    let before = vec![Stmt::Tick(begin), Stmt::Tick(feedback), Stmt::Repeat { times, body: vec![Stmt::Tick(body)] }];
    (before, cells, course)
}

impl Cells {
    fn declare(cx: &mut Learn, potentials: &[Value], logits: Value) -> Self {
        let outputs = cx.g.shape(logits).clone();
        let (mut pairs, mut feedback) = (Vec::new(), Vec::new());
        for (i, &u) in potentials.iter().enumerate() {
            let shape = cx.g.shape(u).clone();
            let (batch, units) = (shape[0], shape[1..].iter().product());
            let pair = ["excitatory", "inhibitory"].map(|name| cx.scratch(&format!("{name} {}", i + 1), shape.clone()));
            pairs.push(pair);
            feedback.push(cx.scratch(&format!("feedback {}", i + 1), [outputs.last(), batch, units]));
        }
        let (output, integral) = (cx.scratch("output", outputs.clone()), cx.scratch("error so far", outputs));
        // Activations keep the shape of their potentials.
        let shape = potentials.last().map_or(Shape::default(), |&u| cx.g.shape(u).clone());
        let rest = cx.scratch("rest", shape);
        Self { pairs, feedback, output, rest, integral }
    }

    /// Hidden stages.
    fn len(&self) -> usize {
        self.pairs.len()
    }

    /// What stage `i` sees: the batch, or what the excitatory cells of the stage before answer.
    fn below(&self, cx: &mut Learn, batch: Batch, i: usize) -> Value {
        let net = cx.net;
        let Some(before) = i.checked_sub(1) else { return batch.x };
        let u = cx.g.read(self.pairs[before][0]);
        excitation(&mut cx.build(Mode::Train), net, before, u)
    }

    /// Writes the feedback: the Jacobian of the output along each stage's excitatory cells as they are now, one row for
    /// each class, scaled by the slope of the inhibitory cells; of length 1 for each sample.
    fn way_back(&self, cx: &mut Learn) -> Vec<(SlotId, Value)> {
        let net = cx.net;
        let &[batch, classes] = &*cx.g.slot(self.output).shape.clone() else { return Vec::new() };
        // Every sample once for each class, whose error alone is sent.
        let rows = cx.g.iota(classes);
        let rows = cx.g.one_hot(rows, classes);
        let rows = cx.g.reshape(rows, [classes, 1, classes]);
        let rows = cx.g.broadcast(rows, [classes, batch, classes]);
        let mut sent = cx.g.reshape(rows, [classes * batch, classes]);
        let mut writes = Vec::new();
        for i in (0..self.len()).rev() {
            let u = cx.g.read(self.pairs[i][0]);
            let shape = cx.g.shape(u).clone();
            let units: usize = shape[1..].iter().product();
            let each = cx.g.reshape(u, [1, batch, units]);
            let each = cx.g.broadcast(each, [classes, batch, units]);
            let u = cx.g.reshape(each, [&[classes * batch], &shape[1..]].concat());
            let mut b = cx.build(Mode::Train);
            let r = excitation(&mut b, net, i, u);
            let above = if i + 1 == self.len() {
                net.stage(&mut b, i + 1, r).output
            } else {
                Circuit::new(&mut b, net, i + 1, r).drive
            };
            sent = ad::vjp(cx.g, &[(above, sent)], &[u], &ad::Exact)[0].unwrap_or(u);
            let way = cx.g.reshape(sent, [classes, batch, units]);
            let inhibitory = cx.g.read(self.pairs[i][1]);
            let slope = cx.g.sigmoid(inhibitory);
            let slope = cx.g.reshape(slope, [batch, units]);
            let way = cx.g.mul(way, slope);
            let square = cx.g.square(way);
            let length = cx.g.sum(square, &[0, 2]);
            let least = cx.g.constant(1e-12);
            let safe = cx.g.maximum(length, least);
            let length = cx.g.sqrt(safe);
            writes.push((self.feedback[i], cx.g.div(way, length)));
        }
        writes
    }

    /// What one step in time writes, and the imbalance `[]` of each stage before it.
    fn moved(&self, cx: &mut Learn, batch: Batch) -> (Vec<(SlotId, Value)>, Vec<Value>) {
        let net = cx.net;
        let time = cx.live("time-step");
        let (output, integral) = (cx.g.read(self.output), cx.g.read(self.integral));
        let error = error(cx, output, batch.target);
        let control = control(cx, error, integral);
        let mut writes = Vec::new();
        let mut found = Vec::new();
        for i in 0..self.len() {
            let [excitatory, inhibitory] = self.pairs[i].map(|slot| cx.g.read(slot));
            let below = self.below(cx, batch, i);
            let mut b = cx.build(Mode::Train);
            let drive = Circuit::new(&mut b, net, i, below).drive;
            let r = excitation(&mut b, net, i, excitatory);
            let held = inhibition(cx.g, inhibitory);
            let to = cx.g.sub(drive, held);
            writes.push((self.pairs[i][0], towards(cx, excitatory, to, time, TAU_E)));
            let down = self.sent_down(cx, i, control);
            let to = cx.g.sub(r, down);
            writes.push((self.pairs[i][1], towards(cx, inhibitory, to, time, TAU_I)));
            let imbalance = cx.g.sub(inhibitory, r);
            found.push(cx.g.root_mean_square(imbalance));
        }
        let last = self.below(cx, batch, self.len());
        let answer = net.stage(&mut cx.build(Mode::Train), self.len(), last).output;
        writes.push((self.output, towards(cx, output, answer, time, TAU_E)));
        writes.push((self.integral, towards(cx, integral, error, time, TAU_CONTROL)));
        (writes, found)
    }

    /// Dis-inhibition `c` of hidden stage `i`, of the shape of its cells, under `control [B, C]`.
    fn sent_down(&self, cx: &mut Learn, i: usize, control: Value) -> Value {
        let shape = cx.g.slot(self.pairs[i][0]).shape.clone();
        let &[batch, classes] = &**cx.g.shape(control) else { return control };
        let way = cx.g.read(self.feedback[i]);
        let control = cx.g.transpose(control, &[1, 0]);
        let control = cx.g.reshape(control, [classes, batch, 1]);
        let terms = cx.g.mul(way, control);
        let sum = cx.g.sum(terms, &[0]);
        cx.g.reshape(sum, shape)
    }

    /// The updates of hidden stage `i` on `below`, from the imbalance between each pair's cells.
    fn taught(&self, cx: &mut Learn, i: usize, below: Value) -> Vec<Update> {
        let net = cx.net;
        let [excitatory, inhibitory] = self.pairs[i].map(|slot| cx.g.read(slot));
        let mut b = cx.build(Mode::Train);
        let Circuit { pass, drive } = Circuit::new(&mut b, net, i, below);
        let r = excitation(&mut b, net, i, excitatory);
        let g = &mut *cx.g;
        let imbalance = g.sub(inhibitory, r);
        let imbalance = g.scale(imbalance, 1.0 / g.shape(imbalance)[0].max(1) as f32);
        let error = ad::vjp(g, &[(r, imbalance)], &[excitatory], &ad::Exact)[0].unwrap_or(imbalance);
        let weights: Vec<Value> = pass.params.iter().map(|&slot| g.read(slot)).collect();
        let gradients = ad::vjp(g, &[(drive, error)], &weights, &ad::Exact);
        let known = pass.params.iter().zip(gradients);
        known.filter_map(|(&slot, gradient)| Some(Update { slot, gradient: gradient?, rate: 1.0 })).collect()
    }

    /// The updates of the read-out, which follows the loss of the answer at rest.
    fn read_out(&self, cx: &mut Learn, batch: Batch) -> Vec<Update> {
        let net = cx.net;
        let rest = cx.g.read(self.rest);
        let pass = net.stage(&mut cx.build(Mode::Train), self.len(), rest);
        let loss = cx.loss(pass.output, batch.target);
        let objective = cx.penalised(loss, &pass);
        cx.descend(objective, &pass, 1.0)
    }
}

/// `target − p`, or `target − output`: downhill for the output `[B, C]`, sample by sample.
fn error(cx: &mut Learn, output: Value, target: Value) -> Value {
    let losses = cx.losses(output, target);
    let total = cx.g.total(losses);
    let downhill = cx.g.scale(total, -output_weight(cx.task));
    ad::gradients(cx.g, downhill, &[output], &ad::Exact)[0]
}

/// What the controller sends: `[B, C]`.
fn control(cx: &mut Learn, error: Value, integral: Value) -> Value {
    let (now, past) = (cx.live("proportional"), cx.live("integral"));
    let now = cx.g.mul(now, error);
    let past = cx.g.mul(past, integral);
    cx.g.add(now, past)
}

/// `v` after a step of `time` on its way `to` where it is drawn with time constant `tau`.
fn towards(cx: &mut Learn, v: Value, to: Value, time: Value, tau: f32) -> Value {
    let share = cx.g.scale(time, 1.0 / tau);
    let way = cx.g.sub(to, v);
    let by = cx.g.mul(way, share);
    cx.g.add(v, by)
}
