//! Inputs that hold a label, true or wrong: what rules share that learn by telling the two apart.
//!
//! Where the label stands: in an image of at least twice as many values as classes it replaces the first values, row
//! by row; elsewhere as many values are put before the features, since these are too few to give any up. True and
//! wrong labels are one-hot, the neutral one is `1/classes` throughout.

use super::Task;
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Shape, Value};
use crate::lesson::Learn;
use crate::net::{Build, Mode, Net, Pass};
use crate::registry::{Knob, KnobKind};

/// How wrong labels are drawn.
pub const NEGATIVES: Knob = Knob {
    id: "negatives",
    name: "Wrong labels",
    help: "random: any wrong label; hard: those that the read-out itself takes for likely.",
    kind: KnobKind::Choice { default: "random", options: &["random", "hard"] },
};

/// Who answers when the network is asked.
pub const fn answer(default: &'static str) -> Knob {
    Knob {
        id: "answer",
        name: "Answer",
        help: "read-out: one pass with a neutral label; goodness: a pass with each label, and the one that suits best.",
        kind: KnobKind::Choice { default, options: &["read-out", "goodness"] },
    }
}

/// That the hidden stages of `net` can tell true labels from wrong ones.
///
/// # Errors
/// The reason why they cannot; `rule` is its name in a sentence.
pub fn fits(rule: &str, net: &Net, task: &Task) -> Result<(), Diagnostic> {
    let Some((_, hidden)) = net.stages.split_last().filter(|(_, hidden)| !hidden.is_empty()) else {
        return Err(Diagnostic::new(
            "",
            format!("{rule} needs at least one hidden stage before the read-out"),
            "add a stage, or choose backpropagation",
        ));
    };
    for (i, stage) in hidden.iter().enumerate() {
        if stage.couples_samples() {
            return Err(Diagnostic::new(
                (i + 1).to_string(),
                "its samples depend on each other, so that true and wrong labels would mix",
                "use layer norm or no norm in the place of batch norm",
            ));
        }
    }
    if task.outputs < 2 {
        return Err(Diagnostic::new("", "with fewer than two classes there is no wrong label", "add a class"));
    }
    Ok(())
}

/// `x [B, …]` with a label code `[B, C]` in it.
fn labelled(g: &mut Graph, task: &Task, x: Value, code: Value) -> Value {
    let (batch, features) = (g.shape(x)[0], task.input.size());
    let flat = g.reshape(x, [batch, features]);
    if task.input.rank() != 3 || features < 2 * task.outputs {
        return g.concat(&[code, flat], 1);
    }
    let rest = g.slice(flat, 1, task.outputs, features - task.outputs);
    let joined = g.concat(&[code, rest], 1);
    g.reshape(joined, Shape([&[batch], &task.input[..]].concat()))
}

/// `x [B, …]` with a label that says nothing.
pub fn neutral(cx: &mut Learn, x: Value) -> Value {
    let classes = cx.task.outputs;
    let share = cx.g.constant(1.0 / classes as f32);
    let batch = cx.g.shape(x)[0];
    let code = cx.g.broadcast(share, [batch, classes]);
    labelled(cx.g, cx.task, x, code)
}

/// `x [B, …]` twice, with the labels `target [B, C]` and with wrong ones: `[2B, …]`. Wrong labels are drawn as the knob
/// of that name has it, evenly or as likely as `logits` say.
pub fn pairs(cx: &mut Learn, x: Value, target: Value, logits: Value) -> Value {
    let wrong = wrong_labels(cx, target, logits);
    let (yes, no) = (labelled(cx.g, cx.task, x, target), labelled(cx.g, cx.task, x, wrong));
    cx.g.concat(&[yes, no], 0)
}

/// `x [B, …]` with each label in turn: `[C · B, …]`.
pub fn candidates(cx: &mut Learn, x: Value) -> Value {
    let classes = cx.task.outputs;
    let shape = cx.g.shape(x).clone();
    let (batch, features) = (shape[0], shape[1..].iter().product::<usize>());
    let each = cx.g.iota(classes);
    let code = cx.g.one_hot(each, classes);
    let code = cx.g.reshape(code, [classes, 1, classes]);
    let code = cx.g.broadcast(code, [classes, batch, classes]);
    let code = cx.g.reshape(code, [classes * batch, classes]);
    let x = cx.g.reshape(x, [1, batch, features]);
    let x = cx.g.broadcast(x, [classes, batch, features]);
    let x = cx.g.reshape(x, Shape([&[classes * batch], &shape[1..]].concat()));
    labelled(cx.g, cx.task, x, code)
}

/// The sum over stages of what each has for every row of [`candidates`], `[C · B]` each, as scores `[B, C]`.
pub fn elected(cx: &mut Learn, goodness: &[Value]) -> Value {
    let (sum, rest) = goodness.split_first().map_or_else(|| (cx.g.constant(0.0), goodness), |(&f, rest)| (f, rest));
    let sum = rest.iter().fold(sum, |sum, &v| cx.g.add(sum, v));
    let (classes, all) = (cx.task.outputs, cx.g.shape(sum).size());
    let table = cx.g.reshape(sum, [classes, all / classes.max(1)]);
    cx.g.transpose(table, &[1, 0])
}

/// One-hot labels `[B, C]` other than the `target`: drawn evenly, or as likely as the `logits` say. Adding Gumbel noise
/// to the logarithms of the probabilities and taking the largest draws from them (Gumbel 1954).
fn wrong_labels(cx: &mut Learn, target: Value, logits: Value) -> Value {
    let shape = cx.g.shape(target).clone();
    let noise = cx.build(Mode::Train).uniform(&shape);
    let g = &mut *cx.g;
    let least = g.constant(1e-7);
    let noise = g.maximum(noise, least);
    let noise = g.ln(noise);
    let noise = g.neg(noise);
    let noise = g.ln(noise);
    let mut score = g.neg(noise);
    if cx.knobs.choice("negatives") == "hard" {
        let likely = g.log_softmax(logits);
        let likely = g.detach(likely);
        score = g.add(score, likely);
    }
    let never = g.constant(-1e30);
    let score = g.select(target, never, score);
    let drawn = g.arg_max(score);
    g.one_hot(drawn, shape.last())
}

/// What the next stage sees of `h [B, …]`: each sample brought to mean square 1.
pub fn pattern(b: &mut Build, h: Value) -> Value {
    if b.g.is_poisoned(h) {
        return h;
    }
    let axes: Vec<usize> = (1..b.g.shape(h).rank()).collect();
    let square = b.g.square(h);
    let mean = b.g.mean(square, &axes);
    // A stage that is silent throughout hands on silence.
    let least = b.g.constant(1e-8);
    let safe = b.g.add(mean, least);
    let root = b.g.sqrt(safe);
    b.g.div(h, root)
}

/// The pass through the last stage, which sees what `hand` makes of the outputs of all `hidden` stages but the first (of
/// the only one, when there is but one), side by side. The first sees the label itself.
pub fn read_out(b: &mut Build, net: &Net, hidden: &[Pass], hand: impl Fn(&mut Build, Value) -> Value) -> Pass {
    let mut read = Vec::new();
    for pass in hidden.iter().skip(usize::from(hidden.len() > 1)) {
        let handed = hand(b, pass.output);
        let flat = b.flat(handed);
        read.push(b.g.detach(flat));
    }
    let read = b.g.concat(&read, 1);
    net.stage(b, hidden.len(), read)
}
