//! Neuro-modulated Hebbian learning: a third factor, heard by every stage, scales what the first two teach (three-factor
//! rules: Frémaux and Gerstner 2016), here the soft Hebbian rule of [`super::soft_hebb`].
//!
//! With `p` the network's own answer to sample `b`, and `m_b` the modulator:
//!
//! ```text
//! dw_i = Σ_b m_b y_bi (x_b − u_bi w_i)            w ← w + η dw / max |dw|
//!
//! surprise    m = 1 − p[label]                    learn most from what is answered wrongly
//! doubt       m = −Σ_c p_c ln p_c / ln C          learn most from what is undecided; no label is needed
//! success     m = p[label]                        learn what is answered rightly
//! ```
//!
//! Tang et al. (2023) adapt the first layer of a trained network to shifted test data by the soft Hebbian rule, and
//! train scales behind it by the gradient of the prediction's entropy. Of theirs are the rule and the idea that the
//! answer's entropy steers it; the direct product with `m_b`, and its use in training, are ours. The rate does not fall
//! with the length of the weights, so that the modulator goes on acting.

use super::hebbian_stages::{self, LOCAL, step};
use super::soft_hebb::{SHARPNESS, change, shares};
use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::Value;
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal};
use crate::net::{Mode, Net};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Soft Hebbian learning that is told how much each sample matters.
pub struct NeuroModulatedHebb;

static META: Meta = Meta {
    id: "neuro-modulated-hebb",
    name: "Neuro-modulated Hebb",
    help: "Units learn their share of every input, all of them the more the more one broadcast number says it matters.",
    source: "Frémaux and Gerstner 2016; Tang et al. 2023",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "modulator",
        name: "Modulator",
        help: "surprise: how wrong the answer is; doubt: how undecided, without a label; success: how right.",
        kind: KnobKind::Choice { default: "surprise", options: &["surprise", "doubt", "success"] },
    },
    SHARPNESS,
    Knob { kind: KnobKind::Float { default: 0.003, min: 0.0, max: 1.0, live: true }, ..hebbian_stages::RATE },
];

impl Entry for NeuroModulatedHebb {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for NeuroModulatedHebb {
    fn credit(&self) -> Credit {
        Credit::Scalar
    }

    fn needs(&self, _: &Knobs) -> Needs {
        // The modulator is made of the answer, which depends on all stages.
        Needs { global_error: true, stored_activities: true, ..LOCAL }
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        hebbian_stages::fits(net)?;
        if task.outputs < 2 {
            return Err(Diagnostic::new("", "with fewer than two classes no answer is in doubt", "add a class"));
        }
        try_out(self, net, task, knobs)
    }

    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        hebbian_stages::forward(cx, mode, x)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = self.forward(cx, Mode::Train, batch.x);
        let modulator = modulator(cx, forward.logits(), batch.target);
        let (sharpness, rate) = (cx.live("sharpness"), cx.live("rate"));
        let mut lesson = hebbian_stages::lesson(cx, batch, forward, &mut |cx, map| {
            let share = shares(cx.g, map, sharpness);
            let shape = cx.g.shape(share).clone();
            // One number a sample, the same at all its places.
            let samples = cx.g.shape(modulator)[0];
            let places = shape.size() / (samples * shape.last()).max(1);
            let share = cx.g.reshape(share, [samples, places, shape.last()]);
            let weighted = cx.g.mul(share, modulator);
            let weighted = cx.g.reshape(weighted, shape);
            let change = change(cx.g, map, weighted);
            step(cx.g, map, change, rate)
        });
        let mean = cx.g.mean_all(modulator);
        for stage in 1..cx.net.stages.len() {
            lesson.signals.push(Signal { name: "modulator", stage, value: mean });
        }
        lesson
    }
}

/// How much each sample matters: `[B, 1, 1]`, 0 to 1.
fn modulator(cx: &mut Learn, logits: Value, target: Value) -> Value {
    let kind = cx.knobs.choice("modulator").to_owned();
    let g = &mut *cx.g;
    let &[batch, classes] = &**g.shape(logits) else { return logits };
    let logits = g.detach(logits);
    let log = g.log_softmax(logits);
    let p = g.exp(log);
    let row = match kind.as_str() {
        "doubt" => {
            let terms = g.mul(p, log);
            let sum = g.sum(terms, &[1]);
            g.scale(sum, -1.0 / (classes as f32).ln())
        }
        answer => {
            let right = g.mul(p, target);
            let right = g.sum(right, &[1]);
            let one = g.constant(1.0);
            if answer == "success" { right } else { g.sub(one, right) }
        }
    };
    g.reshape(row, [batch, 1, 1])
}
