//! DiffusionBlocks (Shing, Koyama and Akiba 2026; first "Blockwise Training for Generative Models via Score-Based
//! Diffusion"): the hidden stages are the steps of a diffusion that ends in the label. Each owns a band of noise levels
//! and learns alone to denoise within it; the answer is where the flow through all bands in turn ends.
//!
//! With `y [B, C]` the label as a vector, `z = y + σ n` and `D = c_skip z + c_out F` (see `preconditioning`), stage `b` of
//! `B` computes `F` from the input `x` beside `c_in z` and `c_noise`, through a linear read-out of its own, and lowers
//!
//! ```text
//! loss_b = mean λ(σ) ‖D_b(z; σ, x) − y‖² / C      ln σ ~ N(−1.2, 1.2²) within [σ_b, σ_{b+1}], n ~ N(0, 1)
//! loss of the last stage, the read-out:           the task's, of stage(y + σ_min n)
//! ```
//!
//! The bands have equal mass under that log-normal, or equal width in ln σ, and reach into their neighbours by a fraction
//! of their width. Nothing passes from stage to stage while they learn. An `x` without a label is answered by the
//! probability flow, each stage taking one or more of Euler's steps through its own band, and the last going to 0:
//!
//! ```text
//! z ~ N(0, σ_max² + σ_d²), or 0      z ← z + (σ_next − σ) (z − D_b(z; σ, x)) / σ
//! ```
//!
//! It is run at each step on the way too, so that people see the network's true answer; its work is counted.
//!
//! `y` is one-hot, less its mean and scaled to the root mean square `σ_d = 1/2` that the preconditioning takes for granted.
//! The paper learns an embedding of the labels, and its code for classification has, in the place of the squared
//! distance, the cross-entropy of a read-out that all blocks share and teach; here as little is shared as the theory
//! asks. It draws one block for a whole step. With `samples = shared-out` each stage has its own part of every batch,
//! which costs as little and leaves no stage a step without anything to learn from.
//!
//! On digits and MNIST it comes within two points of backpropagation. On one-dimensional digits, which are harder, it
//! falls far behind: 49 % where that reaches 64 % (40-128-128-10, 2,000 steps, seed 11). Most levels leave the label plain
//! to see, so that few samples teach a stage to look at the input; with `centre = 0` it is 55 %.

use super::denoising::{begun, beside, head, read_out, through};
use super::noise_levels::{Band, Split};
use super::preconditioning::{DATA, Scaling, euler, noised};
use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Shape, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal};
use crate::net::{Mode, Net};
use crate::ops::random::Distribution;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Stages that each denoise the label within a band of noise levels.
pub struct DiffusionBlocks;

static META: Meta = Meta {
    id: "diffusion-blocks",
    name: "DiffusionBlocks",
    help: "Each stage owns a band of noise levels and learns alone to denoise the label there; the flow from noise answers.",
    source: "Shing, Koyama and Akiba 2026",
};

static KNOBS: [Knob; 8] = [
    Knob {
        id: "split",
        name: "Split",
        help: "equal-mass: every stage owns as large a share of the noise levels that occur; uniform: as wide a band.",
        kind: KnobKind::Choice { default: "equal-mass", options: &["equal-mass", "uniform"] },
    },
    Knob {
        id: "overlap",
        name: "Overlap",
        help: "How far a stage learns beyond either end of its band, as a fraction of the band's width.",
        kind: KnobKind::Float { default: 0.05, min: 0.0, max: 1.0, live: false },
    },
    Knob {
        id: "centre",
        name: "Centre",
        help: "Mean of the logarithm of the noise levels that are learnt with: the larger, the less the noisy label tells.",
        kind: KnobKind::Float { default: -1.2, min: -3.0, max: 3.0, live: false },
    },
    Knob {
        id: "most",
        name: "Most noise",
        help: "The level at which the flow begins; the label's own spread is 0.5.",
        kind: KnobKind::Float { default: 80.0, min: 1.0, max: 80.0, live: false },
    },
    Knob {
        id: "least",
        name: "Least noise",
        help: "The level at which the last stage's band ends.",
        kind: KnobKind::Float { default: 0.002, min: 0.001, max: 0.1, live: false },
    },
    Knob {
        id: "samples",
        name: "Samples",
        help: "all: every stage learns from the whole batch; shared-out: from its own part of it, which costs that part.",
        kind: KnobKind::Choice { default: "all", options: &["all", "shared-out"] },
    },
    Knob {
        id: "steps",
        name: "Steps",
        help: "Steps of the flow that each stage takes through its band when the network answers.",
        kind: KnobKind::Int { default: 1, min: 1, max: 8 },
    },
    Knob {
        id: "inference",
        name: "Inference",
        help: "mean: the flow starts from nothing, the middle of the noise; sampled: from noise.",
        kind: KnobKind::Choice { default: "mean", options: &["mean", "sampled"] },
    },
];

impl Entry for DiffusionBlocks {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for DiffusionBlocks {
    fn credit(&self) -> Credit {
        Credit::Local
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        let learning = if shared_out(knobs) { 1 } else { 2 };
        Needs {
            transposed_weights: false,
            global_error: false,
            stored_activities: false,
            labels_at_stages: true,
            derivatives: true,
            parallel_stages: true,
            passes: learning + knobs.size("steps") as u32,
        }
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        let hidden = net.stages.len().saturating_sub(1);
        if hidden == 0 {
            return Err(Diagnostic::new(
                "",
                "DiffusionBlocks needs at least one hidden stage before the read-out, to denoise the label",
                "add a stage, or choose backpropagation",
            ));
        }
        if shared_out(knobs) && task.batch < hidden {
            return Err(Diagnostic::new(
                "",
                format!("{hidden} hidden stages cannot share out a batch of {}", task.batch),
                "choose larger batches, or let every stage learn from all samples",
            ));
        }
        try_out(self, net, task, knobs)
    }

    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        flow(cx, mode, x).0
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let (shown, answers) = flow(cx, Mode::Eval, batch.x);
        let logits = shown.logits();
        let loss = cx.loss(logits, batch.target);
        let (mut learnt, mut updates, mut signals) = (begun(), Vec::new(), Vec::new());
        let (hidden, rows) = (answers.len(), cx.g.shape(batch.x)[0]);
        let labels = embedded(cx.g, batch.target);
        for (i, (band, answer)) in bands(cx.knobs, hidden).iter().zip(&answers).enumerate() {
            let (start, len) = if shared_out(cx.knobs) {
                (i * rows / hidden, (i + 1) * rows / hidden - i * rows / hidden)
            } else {
                (0, rows)
            };
            let [x, y] = [batch.x, labels].map(|v| cx.g.slice(v, 0, start, len));
            let shape = cx.g.shape(y).clone();
            let log_level = band.drawn(cx, &format!("level {}", i + 1), len);
            let noise = cx.noise(&format!("label {}", i + 1), Distribution::Normal, shape);
            let sample = noised(cx.g, y, noise, log_level);
            let z = cx.g.concat(&[sample.seen, sample.noise], 1);
            let input = beside(cx, i, x, z);
            let pass = through(cx, Mode::Train, i, input, &mut learnt);
            let (found, head) = head(cx, i, pass.output);
            let far = cx.g.sub(found, sample.wanted);
            let far = cx.g.square(far);
            let error = cx.g.mean_all(far);
            signals.push(Signal { name: "denoising loss", stage: i + 1, value: error });
            let guess = cx.g.arg_max(*answer);
            let hit = cx.g.eq(guess, batch.labels);
            signals.push(Signal { name: "right along the flow", stage: i + 1, value: cx.g.mean_all(hit) });
            let objective = cx.penalised(error, &pass);
            updates.extend(cx.follow(objective, &[&pass.params[..], &head].concat(), 1.0));
        }
        let shape = cx.g.shape(labels).clone();
        let noise = cx.noise(&format!("label {}", hidden + 1), Distribution::Normal, shape);
        let noise = cx.g.scale(noise, cx.knobs.float("least") as f32);
        let z = cx.g.add(labels, noise);
        updates.extend(read_out(cx, z, batch.target, &mut learnt));
        Lesson { writes: learnt.writes, taps: learnt.taps, signals, ..shown.lesson(loss, logits, updates) }
    }
}

fn shared_out(knobs: &Knobs) -> bool {
    knobs.choice("samples") == "shared-out"
}

/// All levels, and how they are parted.
fn whole(knobs: &Knobs) -> (Band, Split) {
    let split = if knobs.choice("split") == "uniform" { Split::Uniform } else { Split::EqualMass };
    (Band { mean: knobs.float("centre"), low: knobs.float("least"), high: knobs.float("most") }, split)
}

/// The band in which each of `hidden` stages learns, the noisiest first.
fn bands(knobs: &Knobs, hidden: usize) -> Vec<Band> {
    let (whole, split) = whole(knobs);
    let levels = whole.levels(split, hidden);
    let own = levels.windows(2).map(|ends| Band { low: ends[1], high: ends[0], ..whole });
    own.map(|band| band.widened(knobs.float("overlap"), whole)).collect()
}

/// Rows `target [B, C]` with a 1 at the label, less their mean and scaled to the root mean square [`DATA`].
fn embedded(g: &mut Graph, target: Value) -> Value {
    let share = 1.0 / g.shape(target).last().max(2) as f64;
    let mean = g.constant(share as f32);
    let centred = g.sub(target, mean);
    g.scale(centred, (DATA / (share * (1.0 - share)).sqrt()) as f32)
}

/// The flow that `x [B, …]` steers through all stages, and the label `D [B, C]` that each stage last points to.
fn flow(cx: &mut Learn, mode: Mode, x: Value) -> (Forward, Vec<Value>) {
    let (hidden, rows) = (cx.net.stages.len() - 1, cx.g.shape(x)[0]);
    let (whole, split) = whole(cx.knobs);
    let steps = cx.knobs.size("steps");
    let mut levels = whole.levels(split, hidden * steps);
    if let Some(last) = levels.last_mut() {
        *last = 0.0;
    }
    let shape = Shape::from([rows, cx.task.outputs]);
    let mut z = if cx.knobs.choice("inference") == "sampled" {
        let noise = cx.noise("flow", Distribution::Normal, shape);
        cx.g.scale(noise, (1.0 / Scaling::at(whole.high).input) as f32)
    } else {
        let nothing = cx.g.constant(0.0);
        cx.g.broadcast(nothing, shape)
    };
    let (mut forward, mut answers) = (begun(), Vec::new());
    for i in 0..hidden {
        for step in i * steps..(i + 1) * steps {
            let (level, next) = (levels[step], levels[step + 1]);
            let c = Scaling::at(level);
            let seen = cx.g.scale(z, c.input as f32);
            let noise = cx.g.constant(c.noise as f32);
            let noise = cx.g.broadcast(noise, [rows, 1]);
            let seen = cx.g.concat(&[seen, noise], 1);
            let input = beside(cx, i, x, seen);
            let pass = through(cx, mode, i, input, &mut forward);
            let (found, _) = head(cx, i, pass.output);
            if step + 1 == (i + 1) * steps {
                answers.push(combined(cx.g, (c.skip, c.out), z, found));
                forward.passes.push(pass);
            }
            z = combined(cx.g, euler(level, next), z, found);
        }
    }
    let last = through(cx, mode, hidden, z, &mut forward);
    forward.passes.push(last);
    (forward, answers)
}

/// `a z + b found`.
fn combined(g: &mut Graph, (a, b): (f64, f64), z: Value, found: Value) -> Value {
    let kept = g.scale(z, a as f32);
    let moved = g.scale(found, b as f32);
    g.add(kept, moved)
}
