//! LLS (Apolinario, Roy and Roy 2025): every stage learns alone to swing in step with the wave of its class.
//!
//! A hidden stage's output, averaged over about 4 × 4 places when it is an image and laid out as `n` units, is brought to
//! length 1: `z [B, n]`. Each of the `C` classes has a wave over the units that is never learnt, and the stage follows
//!
//! ```text
//! loss_l = cross-entropy(softmax(z Vᵀ / τ), label)          V [C, n] fixed
//! sine:    V[c, t] = sin(π f_c (2t + 1) / 2n),   f_c = (c + 1) ⌊n / (C + 1)⌋
//! square:  the sign of it            random:  normal with the same mean square, 1/2
//! ```
//!
//! The frequencies `f_c` are spread evenly over those that `n` units can tell apart, so that the waves are orthogonal;
//! the authors' code takes `sin(f_c t)` with `f_c` from 50 to 512, which beyond half a turn a unit are aliases of slower
//! waves. `mixing` puts a gain for each class (LLS-M) or a whole matrix (LLS-MxM) behind the waves, both learnt, 1 and
//! the identity at first. The network's last stage learns the task from what the last hidden stage hands it.

use super::local::{self, Greedy, Head};
use super::{Task, outputs};
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Init, Shape, Value};
use crate::lesson::Learn;
use crate::net::{Net, Pass};
use crate::ops::windows::Windows;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Fixed waves over the units in the place of learnt classifiers.
pub struct Lls;

static META: Meta = Meta {
    id: "lls",
    name: "LLS",
    help: "Each stage learns alone to make its units swing like the wave of the true class, which is never learnt.",
    source: "Apolinario, Roy and Roy 2025",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "basis",
        name: "Basis",
        help: "What each class's pattern over the units is: a sine wave, a square wave, or random numbers.",
        kind: KnobKind::Choice { default: "sine", options: &["sine", "square", "random"] },
    },
    Knob {
        id: "mixing",
        name: "Mixing",
        help: "none: the patterns count as they are; gains: each has a learnt factor; matrix: they are mixed as learnt.",
        kind: KnobKind::Choice { default: "none", options: &["none", "gains", "matrix"] },
    },
    Knob {
        id: "temperature",
        name: "Temperature",
        help: "Divides the scores before the softmax: lower is content with less, higher asks for more agreement.",
        kind: KnobKind::Float { default: 0.3, min: 0.001, max: 100.0, live: true },
    },
];

impl Entry for Lls {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Greedy for Lls {
    fn published(&self) -> &'static str {
        "up to 300 times fewer multiply-accumulates than backpropagation's backward pass, in convolutional networks (its abstract)"
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        local::fits(self, net, task, knobs)?;
        let given = outputs(self, net, task, knobs)?;
        for (i, shape) in given[..given.len() - 1].iter().enumerate() {
            let units = pooled(shape).iter().skip(1).product::<usize>();
            if knobs.choice("basis") != "random" && units <= task.outputs {
                return Err(Diagnostic::new(
                    (i + 1).to_string(),
                    format!("{units} units cannot tell the waves of {} classes apart", task.outputs),
                    "give the stage more units than there are classes, or choose the random basis",
                ));
            }
        }
        Ok(())
    }

    /// Its scores are how far the stage swings with the wave of each class.
    fn head(&self, cx: &mut Learn, i: usize, pass: &Pass) -> Head {
        let z = units(cx, pass.output);
        let square = cx.g.square(z);
        let square = cx.g.sum(square, &[1]);
        // A stage that is silent throughout agrees with nothing.
        let least = cx.g.constant(1e-12);
        let safe = cx.g.add(square, least);
        let length = cx.g.sqrt(safe);
        let z = cx.g.div(z, length);
        let (classes, units) = (cx.task.outputs, cx.g.shape(z).last());
        let basis = match cx.knobs.choice("basis") {
            "random" => {
                let init = Init::Normal { std: std::f32::consts::FRAC_1_SQRT_2 };
                cx.feedback(&format!("basis {}", i + 1), [classes, units], init)
            }
            form => waves(cx.g, classes, units, form == "square"),
        };
        let mut scores = cx.g.matmul_t(z, basis, false, true);
        let mut weights = Vec::new();
        match cx.knobs.choice("mixing") {
            "gains" => {
                let slot = cx.own(&format!("gains {}", i + 1), [classes], Init::Constant(1.0));
                let gains = cx.g.read(slot);
                scores = cx.g.mul(scores, gains);
                weights.push(slot);
            }
            "matrix" => {
                let slot = cx.own(&format!("mixing {}", i + 1), [classes, classes], Init::Constant(0.0));
                let change = cx.g.read(slot);
                let mixed = cx.g.matmul(scores, change);
                scores = cx.g.add(scores, mixed);
                weights.push(slot);
            }
            _ => {}
        }
        let temperature = cx.live("temperature");
        Head::new(cx.g.div(scores, temperature), weights)
    }
}

/// Extents of the windows over which outputs of this shape are averaged: of an image, a quarter of its extents.
fn window(shape: &Shape) -> [usize; 2] {
    let quarter = |extent: usize| (extent / 4).max(1);
    if let [_, height, width, _] = *shape.0 { [quarter(height), quarter(width)] } else { [1, 1] }
}

/// What is left of `shape` by the averaging. What does not fill a window is left out.
fn pooled(shape: &Shape) -> Shape {
    let [rows, columns] = window(shape);
    let mut out = shape.clone();
    if let [_, height, width, _] = &mut out.0[..] {
        (*height, *width) = (*height / rows, *width / columns);
    }
    out
}

/// The units `[B, n]` of a hidden stage's output `h [B, …]`.
fn units(cx: &mut Learn, h: Value) -> Value {
    let kernel = window(cx.g.shape(h));
    if kernel == [1, 1] {
        return local::rows(cx, h);
    }
    let windows = cx.g.push(Windows { kernel, stride: kernel }, &[h]);
    let means = cx.g.mean(windows, &[3]);
    local::rows(cx, means)
}

/// The sine or square wave of each class over `units`: `[classes, units]`. Phases are whole numbers of quarters of
/// `units`, kept small, so that every executor finds the same.
fn waves(g: &mut Graph, classes: usize, units: usize, square: bool) -> Value {
    let turn = 4 * units;
    let stride = (units / (classes + 1)).max(1);
    let t = g.iota(units);
    let t = g.scale(t, 2.0);
    let one = g.constant(1.0);
    let t = g.add(t, one);
    let first = g.scale(t, stride as f32);
    let first = modulo(g, first, turn);
    let c = g.iota(classes);
    let c = g.add(c, one);
    let c = g.reshape(c, [classes, 1]);
    let phase = g.mul(c, first);
    let phase = modulo(g, phase, turn);
    if square {
        let half = g.constant(turn as f32 / 2.0);
        let (up, down) = (g.constant(1.0), g.constant(-1.0));
        let rising = g.lt(phase, half);
        return g.select(rising, up, down);
    }
    let angle = g.scale(phase, std::f32::consts::TAU / turn as f32);
    g.sin(angle)
}

/// The remainder of whole numbers `x` by `by`. Half a unit keeps the quotient away from whole numbers, where rounding
/// would count.
fn modulo(g: &mut Graph, x: Value, by: usize) -> Value {
    let half = g.constant(0.5);
    let middle = g.add(x, half);
    let turns = g.scale(middle, 1.0 / by as f32);
    let turns = g.floor(turns);
    let whole = g.scale(turns, by as f32);
    g.sub(x, whole)
}
