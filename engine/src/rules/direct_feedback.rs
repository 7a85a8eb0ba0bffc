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
//! What is sent does not vanish where the loss is least over a stage's weights, as a gradient would. So that the hidden
//! stages come to rest all the same they have a smaller learning rate than the read-out, `hidden-rate` times it.

use super::{Credit, Needs, Rule, Task, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Init, Value};
use crate::lesson::{Batch, Learn, Lesson, Signal, Update};
use crate::net::{Mode, Net, Pass};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Random projections of the output error in the place of backpropagated ones.
pub struct DirectFeedback;

static META: Meta = Meta {
    id: "direct-feedback-alignment",
    name: "Direct feedback alignment",
    help: "Every stage receives the output's error directly, through a random matrix that is never learnt.",
    source: "Nøkland 2016; Launay, Poli, Boniface and Krzakala 2020",
};

static KNOBS: [Knob; 3] = [
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

    fn needs(&self, _: &Knobs) -> Needs {
        Needs {
            transposed_weights: false,
            global_error: true,
            stored_activities: true,
            labels_at_stages: false,
            derivatives: true,
            parallel_stages: true,
            passes: 2,
        }
    }

    fn published(&self) -> &'static str {
        "98.39 % on MNIST with LeNet, 60,000 digits (biotorch)"
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        if net.stages.len() < 2 {
            return Err(Diagnostic::new(
                "",
                "with fewer than two stages there is no hidden stage to send the error to",
                "add a stage before the read-out, or choose backpropagation",
            ));
        }
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = cx.series(Mode::Train, batch.x);
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        let one = cx.g.constant(1.0);
        let error = ad::vjp(cx.g, &[(loss, one)], &[logits], &ad::Exact)[0].unwrap_or(logits);
        let (hidden, last) = forward.passes.split_at(forward.passes.len() - 1);
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
        Lesson { signals, ..forward.lesson(loss, logits, updates) }
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
