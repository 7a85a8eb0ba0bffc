//! What rules share whose hidden stages denoise the label: a stage that sees the input beside numbers of another kind, a
//! read-out of its own, and a pass that goes through the stages one by one.

use super::Task;
use crate::ir::{Graph, Init, Shape, SlotId, Value};
use crate::lesson::{Forward, Learn, Update};
use crate::net::{Clock, Mode, Net, Pass};

/// A pass in which no stage has been yet.
pub fn begun() -> Forward {
    Forward::default()
}

/// Passes `input [B, …]` through stage `i` and adds to `forward` what that leaves behind, but not the pass.
pub fn through(cx: &mut Learn, mode: Mode, i: usize, input: Value, forward: &mut Forward) -> Pass {
    let net = cx.net;
    let mut build = cx.build(mode);
    let pass = net.stage(&mut build, i, input);
    forward.gather(build);
    pass
}

/// What the last stage learns from `z [B, C]` with the task's loss.
pub fn read_out(cx: &mut Learn, z: Value, target: Value, forward: &mut Forward) -> Vec<Update> {
    let pass = through(cx, Mode::Train, cx.net.stages.len() - 1, z, forward);
    let objective = cx.loss(pass.output, target);
    let objective = cx.penalised(objective, &pass);
    cx.descend(objective, &pass, 1.0)
}

/// `x [B, …]` and `z [B, K]` as hidden stage `i` takes them: side by side as rows, or `z` as planes behind the channels
/// of a stage that must have an image.
pub fn beside(cx: &mut Learn, i: usize, x: Value, z: Value) -> Value {
    let planes = cx.g.shape(z).last();
    if let [n, h, w, _] = **cx.g.shape(x)
        && wants_image(cx.net, cx.task, i, planes)
    {
        let z = cx.g.reshape(z, [n, 1, 1, planes]);
        let planes = cx.g.broadcast(z, [n, h, w, planes]);
        return cx.g.concat(&[x, planes], 3);
    }
    let flat = cx.build(Mode::Train).flat(x);
    cx.g.concat(&[flat, z], 1)
}

/// Whether stage `i` cannot be built on rows.
fn wants_image(net: &Net, task: &Task, i: usize, more: usize) -> bool {
    let mut g = Graph::new();
    let (seed, step) = (g.symbol(Shape::from([2])), g.symbol(Shape::from([2])));
    let rows = g.symbol(Shape::from([task.batch, task.input.size() + more]));
    let mut build = net.build(&mut g, Mode::Train, Clock { seed, step });
    net.stage(&mut build, i, rows);
    !g.faults().is_empty()
}

/// A linear read-out of hidden stage `i`'s own, of what it gave: `[B, C]`; and its weights.
pub fn head(cx: &mut Learn, i: usize, h: Value) -> (Value, [SlotId; 2]) {
    let h = cx.build(Mode::Train).flat(h);
    let (width, classes) = (cx.g.shape(h).last(), cx.task.outputs);
    let bound = (3.0 / width.max(1) as f32).sqrt();
    let weight = cx.own(&format!("head {}/weight", i + 1), [width, classes], Init::Uniform { bound });
    let bias = cx.own(&format!("head {}/bias", i + 1), [classes], Init::Constant(0.0));
    let (w, b) = (cx.g.read(weight), cx.g.read(bias));
    let scores = cx.g.matmul(h, w);
    (cx.g.add(scores, b), [weight, bias])
}
