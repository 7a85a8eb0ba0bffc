//! SoftHebb (Moraitis et al. 2022; Journé et al. 2023): soft competition between the units of a stage, with Oja's bound.
//!
//! With `u = Wx` the sums of a stage's units at one place, `w_i` the weights of unit `i`, and the temperature's inverse
//! `t`, in units of the length that the inputs are brought to:
//!
//! ```text
//! y = softmax(t u / √inputs)                dw_i = y_i (x − u_i w_i)
//! w_i ← w_i + η_i · dw_i / max |dw|         η_i = η √|‖w_i‖ − 1|
//! ```
//!
//! summed over the batch and the places of a filter. The lengths `‖w_i‖` go to 1, where the adaptive rate ends the
//! learning. With the anti-Hebbian form (the convolutional one of the second paper) only the winner of a sample keeps
//! the sign of its `y`; all others turn away from it.
//!
//! Left out: the winners' learnt prior, and the triangle activation; the stage's own activation stands in its place.

use super::hebbian_stages::{self, LOCAL, norms, step};
use super::linear_maps::LinearMap;
use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson};
use crate::net::{Mode, Net};
use crate::ops::scalar::Unary;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Units share each input among them, as softly as the temperature says, and learn their share.
pub struct SoftHebb;

static META: Meta = Meta {
    id: "soft-hebb",
    name: "SoftHebb",
    help: "The units of a stage compete softly for every input, and each learns its share; no error, no label, no feedback.",
    source: "Moraitis et al. 2022; Journé et al. 2023",
};

pub(super) const SHARPNESS: Knob = Knob {
    id: "sharpness",
    name: "Sharpness",
    help: "How much the strongest unit takes: at 0 all share alike, at large values one winner takes all.",
    kind: KnobKind::Float { default: 50.0, min: 0.0, max: 1000.0, live: true },
};

static KNOBS: [Knob; 4] = [
    SHARPNESS,
    hebbian_stages::RATE,
    Knob {
        id: "adaptive",
        name: "Rate by length",
        help: "Lets a unit's rate fall as the length of its weights nears 1, where it stops.",
        kind: KnobKind::Bool { default: true },
    },
    Knob {
        id: "anti-hebbian",
        name: "Anti-Hebbian losers",
        help: "Lets all units but the strongest turn away from the input instead of towards it.",
        kind: KnobKind::Bool { default: false },
    },
];

impl Entry for SoftHebb {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for SoftHebb {
    fn credit(&self) -> Credit {
        Credit::None
    }

    fn needs(&self, _: &Knobs) -> Needs {
        LOCAL
    }

    fn published(&self) -> &'static str {
        "99.4 % on MNIST with a convolutional network, 60,000 digits"
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        hebbian_stages::fits(net)?;
        try_out(self, net, task, knobs)
    }

    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        hebbian_stages::forward(cx, mode, x)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = self.forward(cx, Mode::Train, batch.x);
        let (sharpness, rate) = (cx.live("sharpness"), cx.live("rate"));
        let (adaptive, anti) = (cx.knobs.bool("adaptive"), cx.knobs.bool("anti-hebbian"));
        hebbian_stages::lesson(cx, batch, forward, &mut |cx, map| {
            let mut share = shares(cx.g, map, sharpness);
            if anti {
                share = turned(cx.g, map, share);
            }
            let change = change(cx.g, map, share);
            let rate = if adaptive { by_length(cx.g, map, rate) } else { rate };
            step(cx.g, map, change, rate)
        })
    }
}

/// What each unit takes of each input, of the shape of the sums: 1 for all units together.
pub(super) fn shares(g: &mut Graph, map: &LinearMap, sharpness: Value) -> Value {
    let sharpness = g.scale(sharpness, 1.0 / (map.fan_in(g) as f32).sqrt());
    let scaled = g.mul(map.sums, sharpness);
    g.softmax(scaled)
}

/// `share` with its sign turned for all units but the strongest.
fn turned(g: &mut Graph, map: &LinearMap, share: Value) -> Value {
    let units = map.units(g);
    let best = g.arg_max(map.sums);
    let won = g.one_hot(best, units);
    let lost = g.neg(share);
    g.select(won, share, lost)
}

/// `Σ share (x − u w)` over all rows, of the weights' shape.
pub(super) fn change(g: &mut Graph, map: &LinearMap, share: Value) -> Value {
    let towards = map.correlate(g, share);
    let strength = g.mul(share, map.sums);
    let strength = map.per_unit(g, strength);
    let weight = g.read(map.weight);
    let forgotten = g.mul(weight, strength);
    g.sub(towards, forgotten)
}

/// `rate √|‖w‖ − 1|` for each unit: `[units]`.
fn by_length(g: &mut Graph, map: &LinearMap, rate: Value) -> Value {
    let length = norms(g, map);
    let one = g.constant(1.0);
    let far = g.sub(length, one);
    let far = g.unary(Unary::Abs, far);
    let root = g.sqrt(far);
    g.mul(rate, root)
}
