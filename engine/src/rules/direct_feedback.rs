//! Direct feedback alignment (Nøkland 2016; Launay et al. 2020): the error of the read-out goes to every stage at once,
//! through a fixed random matrix instead of through the stages above.
//!
//! With `e = ∂loss/∂logits [B, C]` and, for the output `h` of hidden stage `l`, a matrix `B_l [C, width]` that never
//! changes:
//!
//! ```text
//! ∂loss/∂h  is replaced by  scale · e B_l,     B_l uniform in ±1/√width
//! ```
//!
//! Within the stage the chain rule carries that to the weights; the last stage is taught by the exact gradient. With
//! `feedback = shared` there is one matrix `B [C, widest]`, uniform in ±1/√widest, of which every stage takes its first
//! columns (TinyDFA). Auxiliary losses of a stage reach that stage alone.
//!
//! With a `delay` of `d` the network is a pipeline: what a stage gives reaches the next one `d` steps later, so that all
//! stages work at the same time, each on another batch, and a step takes as long as one stage however many there are.
//! The batch of step `t` is at stage `l` in step `t + (l − 1) d`, and the read-out's error about it comes to all stages in
//! step `t + (L − 1) d`. Each stage keeps its inputs until then, and passes the one in question once more, with the
//! weights that it has by then and the noise that it had; `d = 0` is the rule above. The loss of a step is that of the
//! batch that the read-out has before it. While the pipeline fills, that is a row of zeros with no label.
//!
//! What is sent does not vanish where the loss is least over a stage's weights, as a gradient would. So that the hidden
//! stages come to rest all the same they have a smaller learning rate than the read-out, `hidden-rate` times it.
//!
//! On 8,000 digits of MNIST, 784-256-256-10, it learns all of them by heart and reads new ones 1.5 points worse than
//! backpropagation does; 6,000 steps change neither against 2,000, and rates of 0.1 or 1 are worse than 0.3 (seeds 11, 12).

use super::{Credit, Needs, Rule, Task, way_back};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Init, Shape, SlotId, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal, Update};
use crate::net::{Clock, Mode, Net, Pass};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Random projections of the output error in the place of backpropagated ones.
pub struct DirectFeedback;

static META: Meta = Meta {
    id: "direct-feedback-alignment",
    name: "Direct feedback alignment",
    help: "Every stage receives the output's error directly, through a random matrix that is never learnt.",
    source: "Nøkland 2016; Launay, Poli, Boniface and Krzakala 2020",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "feedback",
        name: "Feedback",
        help: "own: a random matrix for each stage; shared: one for all, of which each stage takes its part.",
        kind: KnobKind::Choice { default: "own", options: &["own", "shared"] },
    },
    Knob {
        id: "scale",
        name: "Scale",
        help: "Factor on the error that the hidden stages receive.",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 100.0, live: true },
    },
    Knob {
        id: "hidden-rate",
        name: "Hidden stages' rate",
        help: "Factor on the learning rate for the hidden stages, which random feedback easily drives too far.",
        kind: KnobKind::Float { default: 0.3, min: 0.0, max: 100.0, live: false },
    },
    Knob {
        id: "delay",
        name: "Delay",
        help: "Steps from one stage to the next: from 1 on, all stages work at the same time, each on another batch.",
        kind: KnobKind::Int { default: 0, min: 0, max: 8 },
    },
];

impl Entry for DirectFeedback {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for DirectFeedback {
    fn credit(&self) -> Credit {
        Credit::Direct
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        Needs {
            transposed_weights: false,
            global_error: true,
            stored_activities: true,
            labels_at_stages: false,
            derivatives: true,
            parallel_stages: true,
            passes: if knobs.size("delay") == 0 { 2 } else { 3 },
        }
    }

    fn published(&self) -> &'static str {
        "98.39 % on MNIST with LeNet, 60,000 digits (biotorch)"
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        way_back::fits(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let Pipeline { forward, asked, target, labels } = pipeline(cx, batch);
        let logits = forward.logits();
        let loss = cx.loss(logits, target);
        let one = cx.g.constant(1.0);
        let error = ad::vjp(cx.g, &[(loss, one)], &[logits], &ad::Exact)[0].unwrap_or(logits);
        let (hidden, last) = asked.split_at(asked.len() - 1);
        let widths: Vec<usize> = hidden.iter().map(|p| cx.g.shape(p.output)[1..].iter().product()).collect();
        let sent = feedback(cx, error, &widths);
        let mut updates = Vec::new();
        let mut signals = Vec::new();
        for (i, (pass, sent)) in hidden.iter().zip(sent).enumerate() {
            updates.extend(taught(cx, pass, sent));
            signals.push(Signal { name: "error received", stage: i + 1, value: cx.g.root_mean_square(sent) });
        }
        for pass in last {
            let objective = cx.penalised(loss, pass);
            updates.extend(cx.descend(objective, pass, 1.0));
        }
        let seen = labels.map(|labels| (logits, labels));
        let logits = if seen.is_some() { cx.series(Mode::Train, batch.x).logits() } else { logits };
        Lesson { signals, seen, ..forward.lesson(loss, logits, updates) }
    }
}

/// A pass of the stages, each on the batch before it, and what they are asked about.
struct Pipeline {
    forward: Forward,
    /// Each stage's pass of the batch that the read-out has answered.
    asked: Vec<Pass>,
    /// The rows `[B, C]` of that batch.
    target: Value,
    /// Its labels `[B]`, where it is not the batch of the step.
    labels: Option<Value>,
}

fn pipeline(cx: &mut Learn, batch: Batch) -> Pipeline {
    let (net, delay) = (cx.net, cx.knobs.size("delay"));
    if delay == 0 {
        let forward = cx.series(Mode::Train, batch.x);
        return Pipeline { asked: forward.passes.clone(), forward, target: batch.target, labels: None };
    }
    let (last, now) = (net.stages.len() - 1, cx.clock.step);
    let mut forward = Forward::default();
    let mut asked = Vec::new();
    let steps = Past::new(cx, "steps", now, last * delay, &mut forward.writes);
    let labels = Past::new(cx, "labels", batch.labels, last * delay, &mut forward.writes);
    let labels = labels.ago(cx, last * delay);
    let mut given = batch.x;
    for i in 0..=last {
        // Steps that the input before the stage has been on its way, and that it will have been when the error comes.
        let (way, wait) = (if i == 0 { 0 } else { delay }, (last - i) * delay);
        let inputs = Past::new(cx, &format!("inputs {}", i + 1), given, way + wait, &mut forward.writes);
        let x = inputs.ago(cx, way);
        let mut build = cx.build(Mode::Train);
        let pass = net.stage(&mut build, i, x);
        forward.gather(build);
        given = pass.output;
        let old = inputs.ago(cx, way + wait);
        let clock = Clock { step: steps.ago(cx, wait), ..cx.clock };
        asked.push(net.stage(&mut net.build(cx.g, Mode::Train, clock), i, old));
        forward.passes.push(pass);
    }
    let target = cx.g.one_hot(labels, cx.task.outputs);
    Pipeline { forward, asked, target, labels: Some(labels) }
}

/// A value and what it was in the steps before.
struct Past {
    now: Value,
    /// The values of 1, 2, … steps ago along the first axis; `None` when none is kept.
    before: Option<Value>,
}

impl Past {
    /// Keeps the values of the last `steps` steps.
    fn new(cx: &mut Learn, name: &str, now: Value, steps: usize, writes: &mut Vec<(SlotId, Value)>) -> Self {
        if steps == 0 {
            return Self { now, before: None };
        }
        let one = Shape([&[1], &cx.g.shape(now)[..]].concat());
        let all = Shape([&[steps], &cx.g.shape(now)[..]].concat());
        let slot = cx.memory(&format!("past/{name}"), all, Init::Constant(0.0));
        let before = cx.g.read(slot);
        let newest = cx.g.reshape(now, one);
        let kept = if steps == 1 {
            newest
        } else {
            let rest = cx.g.slice(before, 0, 0, steps - 1);
            cx.g.concat(&[newest, rest], 0)
        };
        let kept = cx.g.detach(kept);
        writes.push((slot, kept));
        Self { now, before: Some(before) }
    }

    /// The value `steps` steps ago.
    fn ago(&self, cx: &mut Learn, steps: usize) -> Value {
        match self.before {
            Some(before) if steps > 0 => {
                let shape = cx.g.shape(self.now).clone();
                let then = cx.g.slice(before, 0, steps - 1, 1);
                cx.g.reshape(then, shape)
            }
            Some(_) | None => self.now,
        }
    }
}

/// The error `[B, C]` as each hidden stage receives it: `[B, width]`.
fn feedback(cx: &mut Learn, error: Value, widths: &[usize]) -> Vec<Value> {
    let classes = cx.g.shape(error).last();
    let scale = cx.live("scale");
    let bound = |width: usize| Init::Uniform { bound: 1.0 / (width.max(1) as f32).sqrt() };
    if cx.knobs.choice("feedback") == "shared" {
        let widest = widths.iter().copied().max().unwrap_or(0);
        let matrix = cx.feedback("feedback", [classes, widest], bound(widest));
        let sent = cx.g.matmul(error, matrix);
        let sent = cx.g.mul(sent, scale);
        return widths.iter().map(|&width| cx.g.slice(sent, 1, 0, width)).collect();
    }
    let own = |(i, &width): (usize, &usize)| {
        let matrix = cx.feedback(&format!("feedback {}", i + 1), [classes, width], bound(width));
        let sent = cx.g.matmul(error, matrix);
        cx.g.mul(sent, scale)
    };
    widths.iter().enumerate().map(own).collect()
}

/// A hidden stage's updates, when `sent [B, width]` is taken for the gradient of its output.
fn taught(cx: &mut Learn, pass: &Pass, sent: Value) -> Vec<Update> {
    let shape = cx.g.shape(pass.output).clone();
    let sent = cx.g.reshape(sent, shape);
    let one = cx.g.constant(1.0);
    let mut seeds = vec![(pass.output, sent)];
    seeds.extend(pass.losses.iter().map(|&loss| (loss, one)));
    let weights: Vec<Value> = pass.params.iter().map(|&slot| cx.g.read(slot)).collect();
    let gradients = ad::vjp(cx.g, &seeds, &weights, &ad::Exact);
    let known = pass.params.iter().zip(gradients);
    let rate = cx.knobs.float("hidden-rate") as f32;
    known.filter_map(|(&slot, gradient)| Some(Update { slot, gradient: gradient?, rate })).collect()
}
