//! Controls: what can be had with no credit assigned to a hidden unit. A rule that does not beat them assigns none.
//!
//! ```text
//! shallow          the hidden stages stay as they were at first; the read-out alone learns
//! random features  one random layer φ(x) = relu(x Ω + b) in their place; the read-out alone learns
//! ```
//!
//! `shallow` (the baseline of Launay et al. 2020) asks what the *network* is worth with random hidden weights: depth
//! costs it, since each random stage loses some of the input. `random features` (Rahimi and Recht 2007; with relu: Cho and
//! Saul 2009) asks what *width* alone is worth, and does not depend on the hidden stages at all: `Ω` is normal with variance
//! `2 / inputs`, `b` uniform in ±1, and neither ever changes. In both the read-out is the network's last stage and
//! follows the exact gradient of its loss, by the optimizer of the run, as under every other rule.

use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::{Init, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson};
use crate::net::{Mode, Net};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Only the last layer learns.
pub struct Shallow;

/// A wide random layer in the place of all hidden stages.
pub struct RandomFeatures;

static SHALLOW: Meta = Meta {
    id: "shallow",
    name: "Only the last stage learns",
    help: "The hidden stages keep their random weights; a control that every rule should beat.",
    source: "Launay, Poli, Boniface and Krzakala 2020",
};

static RANDOM: Meta = Meta {
    id: "random-features",
    name: "Random features",
    help: "One wide random layer stands in the place of all hidden stages; a control that every rule should beat.",
    source: "Rahimi and Recht 2007; Cho and Saul 2009",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "features",
    name: "Features",
    help: "Units of the random layer.",
    kind: KnobKind::Int { default: 1000, min: 1, max: 20_000 },
}];

impl Entry for Shallow {
    fn meta(&self) -> &'static Meta {
        &SHALLOW
    }
}

impl Entry for RandomFeatures {
    fn meta(&self) -> &'static Meta {
        &RANDOM
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

/// Both look at the input once and answer once.
const NEEDS: Needs = Needs {
    transposed_weights: false,
    global_error: false,
    stored_activities: false,
    labels_at_stages: false,
    derivatives: false,
    parallel_stages: true,
    passes: 1,
};

impl Rule for Shallow {
    fn credit(&self) -> Credit {
        Credit::None
    }

    fn needs(&self, _: &Knobs) -> Needs {
        NEEDS
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = cx.series(Mode::Train, batch.x);
        read_out(cx, forward, batch)
    }
}

impl Rule for RandomFeatures {
    fn credit(&self) -> Credit {
        Credit::None
    }

    fn needs(&self, _: &Knobs) -> Needs {
        NEEDS
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        // The stages that it leaves out must fit all the same, or there is nothing to compare.
        try_out(&Shallow, net, task, knobs)?;
        try_out(self, net, task, knobs)
    }

    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        let (net, features) = (cx.net, cx.knobs.size("features"));
        let x = cx.build(mode).flat(x);
        let inputs = cx.g.shape(x).last();
        let omega =
            cx.feedback("features", [inputs, features], Init::Normal { std: (2.0 / inputs.max(1) as f32).sqrt() });
        let bias = cx.feedback("features' bias", [features], Init::Uniform { bound: 1.0 });
        let sum = cx.g.matmul(x, omega);
        let sum = cx.g.add(sum, bias);
        let seen = cx.g.relu(sum);
        let mut build = cx.build(mode);
        let passes = vec![net.stage(&mut build, net.stages.len() - 1, seen)];
        Forward::of(passes, build)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = self.forward(cx, Mode::Train, batch.x);
        read_out(cx, forward, batch)
    }
}

/// Has the last stage alone follow the loss.
fn read_out(cx: &mut Learn, forward: Forward, batch: Batch) -> Lesson {
    let logits = forward.logits();
    let loss = cx.loss(logits, batch.target);
    let objective = cx.penalised(loss, &forward.passes[forward.passes.len() - 1]);
    let updates = cx.descend(objective, &forward.passes[forward.passes.len() - 1], 1.0);
    forward.lesson(loss, logits, updates)
}
