//! Pipelined backpropagation (Petrowski, Dreyfus and Girault 1993; Kosson et al. 2021): every stage works at every step,
//! each on another batch, and takes its gradient when it comes.
//!
//! With stages `s = 1 … S`, a batch enters at each step and moves on by one stage a step, forwards to the last stage and
//! back from there. At step `t`
//!
//! ```text
//! stage s passes forward   batch t − (s − 1)
//! stage s passes back      batch t − (2S − s − 1),   whose input it saw D_s = 2 (S − s) steps ago
//! ```
//!
//! so that no stage waits for another, and the longest chain of work in a step is that of one stage, however deep the
//! network. The price: stage `s` keeps `D_s` inputs, and its gradient is `D_s` updates old. Its weights have moved on
//! since it passed the batch forward; to pass back it redoes its forward work from the kept input, with its weights of
//! today, or with `stash` those of then, which it keeps too. (A pipeline without recomputation would keep all that is
//! inside the stage, and mix activities of then with weights of today.) Dropout redoes the same masks.
//!
//! What the paper does against the age of the gradients speaks of gradient descent with momentum `m`:
//!
//! ```text
//! spike compensation      v ← m v + g     w ← w − η (a v + b g)     a = m^D, b = (1 − m^D) / (1 − m)
//! weight prediction       pass forward with  w + D (w − w of the step before)
//! ```
//!
//! Both are here independent of the optimizer. Prediction takes the paper's form in weights, which asks for no velocity.
//! Compensation hands the optimizer `(a + b) g − b m g′`, `g′` being the gradient of the step before: momentum of that is
//! exactly `a v + b g`. For SGD that is the paper's rule, when `momentum` is what the optimizer has. For Adam it holds of
//! the first moment, while the second grows with what it is handed, so that the whole step comes out shorter.
//!
//! While the pipeline fills a stage learns nothing; the loss shown is 0 until the first batch reaches the last stage.

use super::{Credit, Needs, Rule, Task, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Init, Shape, SlotId, Value};
use crate::lesson::{Batch, Learn, Lesson, Signal, Update};
use crate::net::{Clock, Mode, Net, Pass, Tap};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Backpropagation in which no stage waits for another.
pub struct PipelinedBackprop;

static META: Meta = Meta {
    id: "pipelined-backprop",
    name: "Pipelined backpropagation",
    help: "All stages work at once, each on another batch; the earlier the stage, the older the gradient it learns from.",
    source: "Petrowski, Dreyfus and Girault 1993; Kosson, Chiley, Venigalla, Hestness and Köster 2021",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "mitigation",
        name: "Against old gradients",
        help: "spike: gives a late gradient at once what it would have given by now; prediction: passes forward with the weights to come.",
        kind: KnobKind::Choice { default: "prediction", options: &["none", "spike", "prediction", "both"] },
    },
    Knob {
        id: "momentum",
        name: "Momentum",
        help: "The optimizer's own, for spike compensation: SGD's momentum, or Adam's first beta.",
        kind: KnobKind::Float { default: 0.9, min: 0.0, max: 0.999, live: true },
    },
    Knob {
        id: "stash",
        name: "Stash weights",
        help: "Keeps the weights with which a batch was passed forward, and passes it back with the same.",
        kind: KnobKind::Bool { default: false },
    },
];

impl Entry for PipelinedBackprop {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for PipelinedBackprop {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, _: &Knobs) -> Needs {
        Needs {
            transposed_weights: true,
            global_error: true,
            stored_activities: true,
            labels_at_stages: false,
            derivatives: true,
            parallel_stages: true,
            passes: 3,
        }
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        // No part of the step: for the shapes, and for those who compare.
        let whole = cx.series(Mode::Train, batch.x);
        let logits = whole.logits();
        let stages = whole.passes.len();
        let mut pipe = Pipe::new(cx, stages);
        let labels = pipe.delayed(cx, "labels", stages - 1, batch.labels);
        let target = cx.g.one_hot(labels, cx.task.outputs);
        let mut seen = (logits, logits);
        let mut updates = Vec::new();
        let mut signals = Vec::new();
        for (i, like) in whole.passes.iter().enumerate() {
            let (number, delay) = (i + 1, 2 * (stages - 1 - i));
            let input = if i == 0 { batch.x } else { pipe.arriving(cx, &format!("input {number}"), like.input) };
            let used = pipe.forward(cx, i, delay, input);

            let held = pipe.delayed(cx, &format!("inputs {number}"), delay, input);
            let step = pipe.delayed(cx, &format!("step {number}"), delay, cx.clock.step);
            let (pass, ..) = stage(cx, step, i, held);
            // The first batch comes back to the stage after this many steps.
            let on = pipe.since(cx.g, 2 * stages - number - 1);
            let mut seeds: Vec<(Value, Value)> = pass.losses.iter().map(|&loss| (loss, on)).collect();
            if delay == 0 {
                let loss = cx.loss(pass.output, target);
                let loss = cx.g.mul(loss, on);
                seeds.push((loss, cx.g.constant(1.0)));
                seen = (loss, pass.output);
            } else {
                let error = pipe.arriving(cx, &format!("error {number}"), pass.output);
                signals.push(Signal { name: "error received", stage: number, value: cx.g.root_mean_square(error) });
                seeds.push((pass.output, cx.g.mul(error, on)));
            }
            let weights = pipe.weights(cx, delay, &pass, used);
            let pulled = pulled(cx, &seeds, &pass, &weights);
            if i > 0 {
                pipe.send(cx, &format!("error {i}"), pulled[0]);
            }
            for (&slot, &gradient) in pass.params.iter().zip(&pulled[1..]) {
                let gradient = pipe.compensated(cx, slot, delay, gradient);
                updates.push(Update { slot, gradient, rate: 1.0 });
            }
        }
        let (loss, answer) = seen;
        let (writes, taps) = (pipe.writes, pipe.taps);
        Lesson { writes, taps, signals, seen: Some((answer, labels)), ..whole.lesson(loss, logits, updates) }
    }
}

/// A pass of `x` through stage `i`, and what its blocks left behind, with the noise of step number `step [2]`.
fn stage(cx: &mut Learn, step: Value, i: usize, x: Value) -> (Pass, Vec<(SlotId, Value)>, Vec<Tap>) {
    let net = cx.net;
    let clock = Clock { step, ..cx.clock };
    let mut build = net.build(cx.g, Mode::Train, clock);
    let pass = net.stage(&mut build, i, x);
    (pass, build.writes, build.taps)
}

/// Cotangents of the stage's input and of each of its weights, for the values of these that `weights` says.
fn pulled(cx: &mut Learn, seeds: &[(Value, Value)], pass: &Pass, weights: &[(Value, Value)]) -> Vec<Value> {
    let mut wrt = vec![pass.input];
    wrt.extend(pass.params.iter().map(|&slot| cx.g.read(slot)));
    let mut pulled = Vec::new();
    for (ct, &of) in ad::vjp(cx.g, seeds, &wrt, &ad::Exact).into_iter().zip(&wrt) {
        let none = cx.g.constant(0.0);
        let shape = cx.g.shape(of).clone();
        pulled.push(ct.unwrap_or_else(|| cx.g.broadcast(none, shape)));
    }
    ad::replaced(cx.g, &pulled, weights)
}

/// What is under way in the pipeline, and what the step leaves there.
struct Pipe {
    /// Steps taken since the rule began, up to those that fill the pipeline: `[]`.
    ticks: Value,
    writes: Vec<(SlotId, Value)>,
    taps: Vec<Tap>,
}

impl Pipe {
    fn new(cx: &mut Learn, stages: usize) -> Self {
        let slot = cx.memory("ticks", Shape::default(), Init::Constant(0.0));
        let ticks = cx.g.read(slot);
        let one = cx.g.constant(1.0);
        let full = cx.g.constant(2.0 * stages as f32);
        let next = cx.g.add(ticks, one);
        Self { ticks, writes: vec![(slot, cx.g.minimum(next, full))], taps: Vec::new() }
    }

    /// 1 from the step on that `ticks` came before, else 0.
    fn since(&self, g: &mut Graph, ticks: usize) -> Value {
        let before = g.constant(ticks as f32 - 0.5);
        g.lt(before, self.ticks)
    }

    /// What was handed on under `name` in the step before; of the shape of `like`.
    fn arriving(&self, cx: &mut Learn, name: &str, like: Value) -> Value {
        let shape = cx.g.shape(like).clone();
        let slot = cx.memory(name, shape, Init::Constant(0.0));
        cx.g.read(slot)
    }

    /// Hands `value` on to the next step.
    fn send(&mut self, cx: &mut Learn, name: &str, value: Value) {
        let shape = cx.g.shape(value).clone();
        let slot = cx.memory(name, shape, Init::Constant(0.0));
        self.writes.push((slot, value));
    }

    /// `value` as it was `delay` steps ago, all of which are kept under `name`, the newest first.
    fn delayed(&mut self, cx: &mut Learn, name: &str, delay: usize, value: Value) -> Value {
        if delay == 0 {
            return value;
        }
        let shape = cx.g.shape(value).clone();
        let one = Shape([&[1], &shape[..]].concat());
        let slot = cx.memory(name, [&[delay], &shape[..]].concat(), Init::Constant(0.0));
        let kept = cx.g.read(slot);
        let oldest = cx.g.slice(kept, 0, delay - 1, 1);
        let mut next = vec![cx.g.reshape(value, one)];
        if delay > 1 {
            next.push(cx.g.slice(kept, 0, 0, delay - 1));
        }
        self.writes.push((slot, cx.g.concat(&next, 0)));
        cx.g.reshape(oldest, shape)
    }

    /// Passes `input` forward through stage `i` and on to the next. Gives the weights it used: what stands in the
    /// graph for each, and its value.
    fn forward(&mut self, cx: &mut Learn, i: usize, delay: usize, input: Value) -> Vec<(Value, Value)> {
        let (pass, mut writes, taps) = stage(cx, cx.clock.step, i, input);
        let predicts = delay > 0 && matches!(cx.knobs.choice("mitigation"), "prediction" | "both");
        let used: Vec<(Value, Value)> = pass
            .params
            .iter()
            .map(|&slot| {
                let now = cx.g.read(slot);
                (now, if predicts { self.predicted(cx, slot, delay) } else { now })
            })
            .collect();
        let mut made = vec![pass.output];
        made.extend(writes.iter().map(|w| w.1));
        let made = ad::replaced(cx.g, &made, &used);
        for (write, &value) in writes.iter_mut().zip(&made[1..]) {
            write.1 = value;
        }
        self.writes.extend(writes);
        self.taps.extend(taps);
        if delay > 0 {
            self.send(cx, &format!("input {}", i + 2), made[0]);
        }
        used
    }

    /// The weight as it will be `delay` updates from now if it moves on as in the last step.
    fn predicted(&mut self, cx: &mut Learn, slot: SlotId, delay: usize) -> Value {
        let now = cx.g.read(slot);
        let name = format!("before/{}", cx.g.slot(slot).name);
        let before = self.delayed(cx, &name, 1, now);
        let moved = cx.g.sub(now, before);
        let known = self.since(cx.g, 1);
        let far = cx.g.scale(known, delay as f32);
        let far = cx.g.mul(far, moved);
        cx.g.add(now, far)
    }

    /// The weights with which a batch of `delay` steps ago is passed back.
    fn weights(&mut self, cx: &mut Learn, delay: usize, pass: &Pass, used: Vec<(Value, Value)>) -> Vec<(Value, Value)> {
        if !cx.knobs.bool("stash") {
            return Vec::new();
        }
        let names: Vec<String> = pass.params.iter().map(|&s| format!("stash/{}", cx.g.slot(s).name)).collect();
        let stashed = |((now, used), name): ((Value, Value), String)| (now, self.delayed(cx, &name, delay, used));
        used.into_iter().zip(names).map(stashed).collect()
    }

    /// What the optimizer is handed for a gradient that is `delay` updates old.
    fn compensated(&mut self, cx: &mut Learn, slot: SlotId, delay: usize, gradient: Value) -> Value {
        if delay == 0 || !matches!(cx.knobs.choice("mitigation"), "spike" | "both") {
            return gradient;
        }
        let name = format!("gradient/{}", cx.g.slot(slot).name);
        let before = self.delayed(cx, &name, 1, gradient);
        let momentum = cx.live("momentum");
        let [a, b] = spike(cx.g, momentum, delay);
        let sum = cx.g.add(a, b);
        let now = cx.g.mul(sum, gradient);
        let carried = cx.g.mul(b, momentum);
        let carried = cx.g.mul(carried, before);
        cx.g.sub(now, carried)
    }
}

/// `m^D` and `(1 − m^D) / (1 − m)`.
fn spike(g: &mut Graph, momentum: Value, delay: usize) -> [Value; 2] {
    let one = g.constant(1.0);
    let power = (0..delay).fold(one, |power, _| g.mul(power, momentum));
    let rest = g.sub(one, power);
    let share = g.sub(one, momentum);
    [power, g.div(rest, share)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::oracle::Oracle;

    /// When it arrives a gradient moves the weight as far as it would have by now; in the end, as far as ever.
    #[test]
    fn spike_compensation_loses_nothing() {
        for (m, delay) in [(0.0f32, 3), (0.5, 1), (0.9, 2), (0.9, 8), (0.99, 16)] {
            let mut g = Graph::new();
            let momentum = g.constant(m);
            let spike = spike(&mut g, momentum, delay);
            let values = Oracle::new(&g, |_| Vec::new()).values(&g, &spike);
            let (a, b, m) = (values[0].data[0], values[1].data[0], f64::from(m));
            let by_now: f64 = (0..=delay as i32).map(|j| m.powi(j)).sum();
            assert!((a + b - by_now).abs() < 1e-5 * by_now);
            assert!((a / (1.0 - m) + b - 1.0 / (1.0 - m)).abs() < 1e-5 / (1.0 - m));
        }
    }
}
