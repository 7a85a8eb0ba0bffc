//! NoProp in discrete time (Li, Teh and Pascanu 2025): each hidden stage is a block that learns alone to find the label
//! behind a noisy copy of it, and the answer is what all of them in turn make of pure noise.
//!
//! With `u [B, C]` the one-hot label, `T` hidden stages and `ᾱ_t = min(0.99, sin²(π t / 2T))`, block `t` sees the input
//! `x` beside a label that is the noisier the earlier the block, and a read-out of its own says what the label was:
//!
//! ```text
//! z_t     = √ᾱ_t u + √(1 − ᾱ_t) ε                       drawn anew at each step, from the label alone
//! û_t     = softmax(head_t(stage_t(x, z_{t−1})))         loss_t = mean Σ_c (û_t − u)²
//! loss of the last stage, the read-out:                  the task's, of stage(z_T)
//! ```
//!
//! Nothing passes from block to block while they learn. The answer to an `x` without a label comes from a chain:
//!
//! ```text
//! z_0 ~ N(0, 1)      z_t = a_t û_t(x, z_{t−1}) + b_t z_{t−1} + √c_t ε      α = ᾱ_{t−1} / ᾱ_t
//! a_t = √ᾱ_t (1 − α) / (1 − ᾱ_{t−1})   b_t = √α (1 − ᾱ_t) / (1 − ᾱ_{t−1})   c_t = (1 − ᾱ_t)(1 − α) / (1 − ᾱ_{t−1})
//! ```
//!
//! and with `inference = mean` without the noise, from `z_0 = 0`. The chain is also run at each step on the way, so that
//! people see the network's true answer and never one made of labels; its work is counted.
//!
//! The paper weighs `loss_t` by `(T / 2) η (SNR_t − SNR_{t−1})`. Since no two blocks share a weight, that is a factor on
//! the gradient of a block and nothing else: Adam, which the paper uses, cancels it, and under plain gradient descent it
//! would drive the last block thousands of times as fast as the first. It is left out. So is the learnt embedding: `u` is
//! one-hot.
//!
//! How a stage takes `[x, z]`: as rows, `z` after the flattened features; a stage that must have an image takes `z` as
//! `C` planes behind the image's channels. The read-out takes `z_T` alone, as rows.

use super::denoising::{begun, beside, head, read_out, through};
use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::{Shape, SlotId, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal};
use crate::net::{Mode, Net};
use crate::ops::random::Distribution;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Blocks that learn to denoise the label, each for itself.
pub struct NoProp;

static META: Meta = Meta {
    id: "noprop",
    name: "NoProp",
    help: "Each stage learns alone to find the label behind a noisy copy of it; from pure noise, all in turn answer.",
    source: "Li, Teh and Pascanu 2025",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "inference",
    name: "Inference",
    help: "mean: the chain of stages starts from nothing and adds no noise; sampled: it starts from noise and adds some.",
    kind: KnobKind::Choice { default: "mean", options: &["mean", "sampled"] },
}];

/// Largest share of the label in what a stage sees: beyond it there is nothing left to find.
const CLEAREST: f64 = 0.99;

/// What becomes of the label's noisy copy as block `t` of the chain adds its answer.
struct Link {
    /// Share `ᾱ_{t−1}` of the label in the square of what the block sees, and `ᾱ_t` of what the next one sees.
    seen: f64,
    left: f64,
    /// Factor of the block's answer, of what it saw, and of fresh noise.
    answer: f64,
    kept: f64,
    noise: f64,
}

/// The chain of `blocks` blocks.
fn links(blocks: usize) -> Vec<Link> {
    let share = |t: usize| (std::f64::consts::FRAC_PI_2 * t as f64 / blocks as f64).sin().powi(2).min(CLEAREST);
    (1..=blocks)
        .map(|t| {
            let (seen, left) = (share(t - 1), share(t));
            let alpha = seen / left;
            let rest = 1.0 - seen;
            Link {
                seen,
                left,
                answer: left.sqrt() * (1.0 - alpha) / rest,
                kept: alpha.sqrt() * (1.0 - left) / rest,
                noise: ((1.0 - left) * (1.0 - alpha) / rest).sqrt(),
            }
        })
        .collect()
}

impl Entry for NoProp {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for NoProp {
    fn credit(&self) -> Credit {
        Credit::Local
    }

    fn needs(&self, _: &Knobs) -> Needs {
        Needs {
            transposed_weights: false,
            global_error: false,
            stored_activities: false,
            labels_at_stages: true,
            derivatives: true,
            parallel_stages: true,
            passes: 3,
        }
    }

    fn published(&self) -> &'static str {
        "99.47 % on MNIST with ten convolutional blocks and one-hot labels (its Table 1)"
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        if net.stages.len() < 2 {
            return Err(Diagnostic::new(
                "",
                "NoProp needs at least one hidden stage before the read-out, to denoise the label",
                "add a stage, or choose backpropagation",
            ));
        }
        try_out(self, net, task, knobs)
    }

    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        chain(cx, mode, x).0
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let (shown, answers) = chain(cx, Mode::Eval, batch.x);
        let logits = shown.logits();
        let loss = cx.loss(logits, batch.target);
        let steps = links(answers.len());
        let (mut learnt, mut updates, mut signals) = (begun(), Vec::new(), Vec::new());
        for (i, link) in steps.iter().enumerate() {
            let z = noised(cx, i, batch.target, link.seen);
            let input = beside(cx, i, batch.x, z);
            let pass = through(cx, Mode::Train, i, input, &mut learnt);
            let (answer, head) = read(cx, i, pass.output);
            let far = cx.g.sub(answer, batch.target);
            let far = cx.g.square(far);
            let error = cx.g.sum(far, &[1]);
            let error = cx.g.mean_all(error);
            signals.push(Signal { name: "denoising error", stage: i + 1, value: error });
            let guess = cx.g.arg_max(answers[i]);
            let hit = cx.g.eq(guess, batch.labels);
            signals.push(Signal { name: "right along the chain", stage: i + 1, value: cx.g.mean_all(hit) });
            let objective = cx.penalised(error, &pass);
            updates.extend(cx.follow(objective, &[&pass.params[..], &head].concat(), 1.0));
        }
        let last = steps.len();
        let z = noised(cx, last, batch.target, steps.last().map_or(0.0, |s| s.left));
        updates.extend(read_out(cx, z, batch.target, &mut learnt));
        Lesson { writes: learnt.writes, taps: learnt.taps, signals, ..shown.lesson(loss, logits, updates) }
    }
}

/// The pass of `x [B, …]` through the chain, and what each block answers on the way: `[B, C]` each.
fn chain(cx: &mut Learn, mode: Mode, x: Value) -> (Forward, Vec<Value>) {
    let (net, classes, batch) = (cx.net, cx.task.outputs, cx.g.shape(x)[0]);
    let sampled = cx.knobs.choice("inference") == "sampled";
    let shape = Shape::from([batch, classes]);
    let mut z = if sampled {
        cx.noise("chain 0", Distribution::Normal, shape.clone())
    } else {
        let nothing = cx.g.constant(0.0);
        cx.g.broadcast(nothing, shape.clone())
    };
    let (mut forward, mut answers) = (begun(), Vec::new());
    for (i, link) in links(net.stages.len() - 1).iter().enumerate() {
        let input = beside(cx, i, x, z);
        let pass = through(cx, mode, i, input, &mut forward);
        forward.passes.push(pass.clone());
        let (answer, _) = read(cx, i, pass.output);
        answers.push(answer);
        let moved = cx.g.scale(answer, link.answer as f32);
        let kept = cx.g.scale(z, link.kept as f32);
        z = cx.g.add(moved, kept);
        if sampled {
            let noise = cx.noise(&format!("chain {}", i + 1), Distribution::Normal, shape.clone());
            let noise = cx.g.scale(noise, link.noise as f32);
            z = cx.g.add(z, noise);
        }
    }
    let last = through(cx, mode, net.stages.len() - 1, z, &mut forward);
    forward.passes.push(last);
    (forward, answers)
}

/// What stage `i` sees of the label while it learns: `share` of it in the square, the rest noise.
fn noised(cx: &mut Learn, i: usize, target: Value, share: f64) -> Value {
    let shape = cx.g.shape(target).clone();
    let noise = cx.noise(&format!("label {}", i + 1), Distribution::Normal, shape);
    let label = cx.g.scale(target, share.sqrt() as f32);
    let noise = cx.g.scale(noise, (1.0 - share).sqrt() as f32);
    cx.g.add(label, noise)
}

/// What hidden stage `i` takes the label for, by a linear read-out of its own: `[B, C]`, each row summing to 1; and the
/// read-out's weights.
fn read(cx: &mut Learn, i: usize, h: Value) -> (Value, [SlotId; 2]) {
    let (scores, weights) = head(cx, i, h);
    (cx.g.softmax(scores), weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If every block answered with the label, the chain would have the distribution that the blocks learnt from: means
    /// `a + b √ᾱ_{t−1} = √ᾱ_t`, and variances `b² (1 − ᾱ_{t−1}) + c = 1 − ᾱ_t`.
    #[test]
    fn the_chain_has_the_marginals_that_were_learnt() {
        for blocks in 1..=12 {
            let chain = links(blocks);
            assert_eq!((chain.len(), chain[0].seen, chain[blocks - 1].left), (blocks, 0.0, CLEAREST));
            for (i, l) in chain.iter().enumerate() {
                assert!(i == 0 || l.seen == chain[i - 1].left);
                assert!(l.left > l.seen, "the label comes out, block by block");
                assert!((l.answer + l.kept * l.seen.sqrt() - l.left.sqrt()).abs() < 1e-14);
                assert!((l.kept.powi(2) * (1.0 - l.seen) + l.noise.powi(2) - (1.0 - l.left)).abs() < 1e-14);
            }
        }
    }
}
