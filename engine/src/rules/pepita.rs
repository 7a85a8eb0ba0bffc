//! PEPITA (Dellaferrera and Kreiman 2022), and forward learning with top-down feedback that adapts (Srinivasan et al.
//! 2024): a second pass forward in the place of one backward.
//!
//! The first pass gives activities `h_l` and the error `e = B ∂loss/∂logits [B, C]`, row by row (`p − target` for
//! cross-entropy). It is projected into the input, and a second pass gives `h'_l`:
//!
//! ```text
//! x' = x ± scale · e F                            F [C, inputs]
//! dW_1 = x'ᵀ (h_1 − h'_1) / B
//! dW_l = h'_{l−1}ᵀ (h_l − h'_l) / B
//! dW_L = h'_{L−1}ᵀ ∂loss/∂logits
//! ```
//!
//! To first order `h_l − h'_l = ∓ scale · J_l Fᵀ e`, where `J_l` is the derivative of `h_l` by the input: feedback through
//! `J_l Fᵀ`, which the weights on the way forward shape as they learn. Under `subtract` `F` comes to align with the
//! derivative of the logits by the input, under `add` with its opposite; both learn.
//!
//! `h_l − h'_l` is taken for the cotangent of what the last activation of a stage is applied to (of the stage's output,
//! where it does not end in one), and within the stage the chain rule holds: for a linear layer with its activation that
//! is the rule above, which differentiates nothing. Both passes drop out the same units. A stage's auxiliary losses, of
//! the second pass, reach that stage alone.
//!
//! `feedback` says what `F` is:
//!
//! ```text
//! fixed     uniform in ±√(6 / inputs)
//! mirrored  B_L ⋯ B_1, brought to root mean square √8 / inputs;   B_l ← B_l + 0.01 (yᵀ ξ / B − B_l)
//! ```
//!
//! where `y` is stage `l`'s response to white noise `ξ`, less its mean: weight mirroring (Akrout et al. 2019). `yᵀ ξ / B` is on
//! average the stage's mean derivative (Stein's lemma), so `F` follows the network without being told a weight; the optimizer has no part in it. What is aligned moves the
//! answer up to `√inputs` times as far as a random change of its size: that is why it is by `2 / √inputs` smaller than the
//! fixed one, or the second pass would leave the first order, in which alone it teaches.

use super::{Credit, Needs, Rule, Task, way_back};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Init, SlotId, Value};
use crate::lesson::{Batch, Learn, Lesson, Signal, Update};
use crate::net::{Mode, Net, Pass};
use crate::ops::random::Distribution;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// The input changed by the error, and passed forward once more.
pub struct Pepita;

/// Share of what a stage last answered to noise in what is remembered of it: an average over some hundred batches, or
/// the noise of one would outweigh the weights.
const MIRRORING: f32 = 0.01;

static META: Meta = Meta {
    id: "pepita",
    name: "PEPITA",
    help: "The error is mixed into the input, and each stage learns from how its answer to that differs.",
    source: "Dellaferrera and Kreiman 2022; Srinivasan et al. 2024",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "feedback",
        name: "Feedback",
        help: "fixed: random weights from output to input; mirrored: weights learnt from the stages' answers to noise.",
        kind: KnobKind::Choice { default: "fixed", options: &["fixed", "mirrored"] },
    },
    Knob {
        id: "sign",
        name: "Sign",
        help: "Whether the projected error is subtracted from the input or added to it.",
        kind: KnobKind::Choice { default: "subtract", options: &["subtract", "add"] },
    },
    Knob {
        id: "scale",
        name: "Scale",
        help: "Size of the projected error beside the input: too small teaches slowly, too large spoils the input.",
        kind: KnobKind::Float { default: 0.05, min: 0.0, max: 10.0, live: true },
    },
    Knob {
        id: "hidden-rate",
        name: "Hidden stages' rate",
        help: "Factor on the learning rate for the hidden stages.",
        kind: KnobKind::Float { default: 0.1, min: 0.0, max: 100.0, live: false },
    },
];

impl Entry for Pepita {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for Pepita {
    fn credit(&self) -> Credit {
        Credit::Input
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        Needs {
            transposed_weights: false,
            global_error: true,
            // Those of the first pass, until the second has come as far.
            stored_activities: true,
            labels_at_stages: false,
            derivatives: false,
            parallel_stages: false,
            passes: if knobs.choice("feedback") == "mirrored" { 3 } else { 2 },
        }
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        way_back::fits(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = cx.series(Mode::Train, batch.x);
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        let one = cx.g.constant(1.0);
        let error = ad::vjp(cx.g, &[(loss, one)], &[logits], &ad::Exact)[0].unwrap_or(logits);
        let (matrix, mirror) = feedback(cx, &forward.passes);
        let x = modulated(cx, batch.x, error, matrix);
        let mut updates = Vec::new();
        let mut signals = vec![alignment(cx, loss, batch.x, error, matrix)];
        let again = again(cx, x);
        let last = again.len() - 1;
        let rate = cx.knobs.float("hidden-rate") as f32;
        for (i, (first, (second, inner))) in forward.passes.iter().zip(&again).enumerate() {
            let seed = if i < last {
                let change = cx.g.sub(first.output, second.output);
                let [moved, size] = [change, first.output].map(|v| cx.g.root_mean_square(v));
                signals.push(Signal { name: "relative change", stage: i + 1, value: cx.g.div(moved, size) });
                let rows = cx.g.shape(change)[0];
                (*inner, cx.g.scale(change, 1.0 / rows.max(1) as f32))
            } else {
                (second.output, error)
            };
            let mut seeds = vec![seed];
            seeds.extend(second.losses.iter().map(|&loss| (loss, one)));
            let weights: Vec<Value> = second.params.iter().map(|&slot| cx.g.read(slot)).collect();
            let gradients = ad::vjp(cx.g, &seeds, &weights, &ad::Exact);
            let rate = if i < last { rate } else { 1.0 };
            let known = second.params.iter().zip(gradients);
            updates.extend(known.filter_map(|(&slot, gradient)| Some(Update { slot, gradient: gradient?, rate })));
        }
        let mut lesson = Lesson { signals, ..forward.lesson(loss, logits, updates) };
        lesson.writes.extend(mirror);
        lesson
    }
}

/// The weights `F [C, inputs]` from the logits to the input, and the registers behind them with their next values.
fn feedback(cx: &mut Learn, passes: &[Pass]) -> (Value, Vec<(SlotId, Value)>) {
    let width = |cx: &Learn, v: Value| cx.g.shape(v)[1..].iter().product::<usize>();
    let inputs = width(cx, passes[0].input);
    if cx.knobs.choice("feedback") != "mirrored" {
        let bound = (6.0 / inputs.max(1) as f32).sqrt();
        return (cx.feedback("feedback", [cx.task.outputs, inputs], Init::Uniform { bound }), Vec::new());
    }
    let mut product: Option<Value> = None;
    let mut writes = Vec::new();
    for (i, pass) in passes.iter().enumerate().rev() {
        let (from, to) = (width(cx, pass.output), width(cx, pass.input));
        let name = format!("feedback {}", i + 1);
        let slot = cx.own(&name, [from, to], Init::Uniform { bound: (3.0 / to.max(1) as f32).sqrt() });
        let matrix = cx.g.read(slot);
        let response = response(cx, i, pass, [from, to]);
        let apart = cx.g.sub(response, matrix);
        let step = cx.g.scale(apart, MIRRORING);
        writes.push((slot, cx.g.add(matrix, step)));
        product = Some(product.map_or(matrix, |p| cx.g.matmul(p, matrix)));
    }
    let product = product.unwrap_or(passes[0].input);
    let size = cx.g.root_mean_square(product);
    let least = cx.g.constant(1e-12);
    let size = cx.g.maximum(size, least);
    let unit = cx.g.div(product, size);
    (cx.g.scale(unit, 8f32.sqrt() / inputs.max(1) as f32), writes)
}

/// How stage number `i` answers white noise: the correlation `[from, to]` of its output with its input.
fn response(cx: &mut Learn, i: usize, pass: &Pass, [from, to]: [usize; 2]) -> Value {
    let shape = cx.g.shape(pass.input).clone();
    let rows = shape[0];
    let noise = cx.noise(&format!("mirror {}", i + 1), Distribution::Normal, shape);
    let net = cx.net;
    let answer = net.stage(&mut cx.build(Mode::Eval), i, noise).output;
    let (noise, answer) = (cx.g.reshape(noise, [rows, to]), cx.g.reshape(answer, [rows, from]));
    let mean = cx.g.mean(answer, &[0]);
    let answer = cx.g.sub(answer, mean);
    let sum = cx.g.matmul_t(answer, noise, true, false);
    cx.g.scale(sum, 1.0 / rows.max(1) as f32)
}

/// The input `x [B, …]` of the second pass, given the `error [B, C]` of the mean loss.
fn modulated(cx: &mut Learn, x: Value, error: Value, matrix: Value) -> Value {
    let shape = cx.g.shape(x).clone();
    let scale = cx.live("scale");
    let each = cx.g.scale(error, shape[0] as f32);
    let sent = cx.g.matmul(each, matrix);
    let sent = cx.g.mul(sent, scale);
    let sent = cx.g.reshape(sent, shape);
    if cx.knobs.choice("sign") == "add" { cx.g.add(x, sent) } else { cx.g.sub(x, sent) }
}

/// The second pass: each stage, and the value in it that its change is the cotangent of.
fn again(cx: &mut Learn, x: Value) -> Vec<(Pass, Value)> {
    let net = cx.net;
    let mut build = cx.build(Mode::Train);
    let mut at = x;
    let mut passes = Vec::new();
    for (i, stage) in net.stages.iter().enumerate() {
        // What comes into a stage is given: that it depends on the weights, through the error too, is not its concern.
        at = build.g.detach(at);
        let pass = net.stage(&mut build, i, at);
        at = pass.output;
        let before = match &stage.blocks[..] {
            [.., before, last] if last.block.meta().id == "activation" => {
                let place = format!("{} › {}.{}", i + 1, stage.blocks.len() - 1, before.block.meta().id);
                build.made.iter().find(|(made, _)| *made == place).map(|(_, value)| *value)
            }
            _ => None,
        };
        passes.push((pass, before.unwrap_or(at)));
    }
    passes
}

/// The cosine between what is sent into the input and the gradient of the loss by the input.
fn alignment(cx: &mut Learn, loss: Value, x: Value, error: Value, matrix: Value) -> Signal {
    let exact = ad::gradients(cx.g, loss, &[x], &ad::Exact)[0];
    let sent = cx.g.matmul(error, matrix);
    let shape = cx.g.shape(exact).clone();
    let sent = cx.g.reshape(sent, shape);
    let value = way_back::cosine(cx.g, &[(sent, exact)]);
    Signal { name: "feedback's alignment with the gradient", stage: 1, value }
}
