//! Learning to skip the middle layers (Lawson and Aitchison 2025).
//!
//! Its `L` blocks are the layers. Before layer `l` of the first half each row decides how much closer it is to having had
//! enough, and layer `L − 1 − l` of the second half shares the gate of layer `l`:
//!
//! ```text
//! s_l = relu(w_l · h + b_l)      S_l = Σ_{i ≤ l} s_i      g_l = 1 − min(S_l, 1)      h ← h + g_l · layer_l(h)
//! ```
//!
//! so that what is skipped grows from the middle outwards. A row whose gate is shut needs no layer: with room for the share
//! `room` of the rows under the innermost gate, and for more towards the ends as the targets have it, layers work on the
//! rows of the widest gates alone. As long as no more gates than that are open nothing changes but the work. Gates are nearly open at first. A control loss moves the mean of
//! gate `l` to its target `μ_l`, which falls linearly from 1 to `target` at the middle, and its variance to `μ (1 − μ)`;
//! the coefficients are registers that follow the violation:
//!
//! ```text
//! loss = Σ_l a_l mean(g_l) + c_l var(g_l)
//! a_l ← a_l + γ (mean(g_l) − μ_l)      c_l ← c_l + γ (var(g_l) − μ_l (1 − μ_l))
//! ```

use super::skip_saturated::{ROOM, room};
use super::{Block, Holds};
use crate::ir::{Init, Value};
use crate::net::{Build, Mode, Node, Picture};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Layers on the last axis, added to their input as far as each row's gates are open.
pub struct SkipMiddle;

static META: Meta = Meta {
    id: "skip-middle",
    name: "Skip the middle",
    help: "Each row learns how many of the middle ones among its blocks to leave out. The gates weigh what the blocks give; \
           work is saved where there is room for some of the rows only.",
    source: "Lawson and Aitchison 2025",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "target",
        name: "Target",
        help: "How far the innermost gates are to be open on average.",
        kind: KnobKind::Float { default: 0.5, min: 0.0, max: 1.0, live: false },
    },
    Knob {
        id: "control",
        name: "Control",
        help: "How fast the weights of the control loss follow the gates' distance from their targets; 0 lets the task \
               alone decide.",
        kind: KnobKind::Float { default: 0.01, min: 0.0, max: 1.0, live: false },
    },
    Knob {
        help: "For which share of the rows the innermost blocks have room; towards the ends it is more. The rows of the widest \
               gates are let in, and who they are depends on the whole batch. Below 1 its blocks must work on each row by \
               itself.",
        ..ROOM
    },
];

impl Entry for SkipMiddle {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
    fn holds(&self) -> Holds {
        Holds::Blocks
    }
    fn dials(&self) -> &'static [&'static str] {
        &["room"]
    }
}

impl Block for SkipMiddle {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let layers = node.children.len();
        let halves = layers.div_ceil(2);
        let mut gates: Vec<Value> = Vec::new();
        let (mut h, mut sum) = (x, None);
        for (l, layer) in node.children.iter().enumerate() {
            if l < halves {
                // Not 0, where the rectifier has no slope.
                let s = b.matmul(&format!("gate {}", l + 1), h, 1, 0.01);
                let bias = b.per_feature(&format!("gate bias {}", l + 1), 1, Init::Constant(0.0));
                let s = b.g.add(s, bias);
                let s = b.g.relu(s);
                let so_far = sum.map_or(s, |sum| b.g.add(sum, s));
                sum = Some(so_far);
                let one = b.g.constant(1.0);
                let enough = b.g.minimum(so_far, one);
                gates.push(b.g.sub(one, enough));
            }
            let depth = l.min(layers - 1 - l);
            let share = along(node.knobs.float("room") as f32, depth, halves);
            let y = match room(b, x, share) {
                Some(0) => continue,
                Some(room) => match super::outside_experts(b) {
                    Some(fault) => fault,
                    None => b.among(h, gates[depth], room, |b, rows| super::alike(b, l, layer, rows)).0,
                },
                None => super::alike(b, l, layer, h),
            };
            if b.g.is_poisoned(y) {
                return y;
            }
            let part = b.g.mul(y, gates[depth]);
            h = b.g.add(h, part);
        }
        if b.mode == Mode::Train && node.knobs.float("control") > 0.0 {
            control(node, b, &gates);
        }
        if let Some(&gate) = gates.last() {
            b.show(Picture::Gates, gate);
        }
        h
    }
}

/// From 1 to `end` at the innermost of `count` gates, at gate `l`.
fn along(end: f32, l: usize, count: usize) -> f32 {
    1.0 - (1.0 - end) * (l + 1) as f32 / count as f32
}

/// The control loss, and how its coefficients move.
fn control(node: &Node, b: &mut Build, gates: &[Value]) {
    let (target, rate) = (node.knobs.float("target") as f32, node.knobs.float("control") as f32);
    for (l, &gate) in gates.iter().enumerate() {
        let aim = along(target, l, gates.len());
        let mean = b.g.mean_all(gate);
        let off = b.g.sub(gate, mean);
        let square = b.g.square(off);
        let variance = b.g.mean_all(square);
        for (name, figure, aim) in [("mean", mean, aim), ("variance", variance, aim * (1.0 - aim))] {
            let (slot, weight) = b.state(&format!("{name} {}", l + 1), vec![1], Init::Constant(0.0));
            let scalar = b.g.reshape(weight, []);
            let loss = b.g.mul(scalar, figure);
            b.penalise(loss);
            let aim = b.g.constant(aim);
            let far = b.g.sub(figure, aim);
            let change = b.g.scale(far, rate);
            let next = b.g.add(weight, change);
            b.keep(slot, next);
        }
    }
}
