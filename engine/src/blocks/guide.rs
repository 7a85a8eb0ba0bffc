//! Self-guided training of a structured layer by a dense one (Wei et al. 2024, "Building on Efficient Foundations").
//!
//! ```text
//! o = α W x + (1 − α) s(x)      α = (1 + cos(π t / T)) / 2 until step T, then exactly 0      W(0) = that of s
//! ```
//!
//! A dense `W` that begins as the structured layer's product of factors carries most of the answer at first, while the
//! factors, which train badly from scratch, take over. `W` is kept as `D + s₀`: `D` is learned from 0, and `s₀` is the
//! structured layer with the factors that it began with. After step T the dense part still stands in the program, with
//! no say and no gradient. (The authors also skip it at random to save work: not done here.)

use std::f32::consts::PI;

use crate::ir::{Graph, Init, SlotId, Value};
use crate::net::{Build, Node};
use crate::ops::scalar::Unary;
use crate::registry::{Knob, KnobKind};

pub const KNOB: Knob = Knob {
    id: "guide-steps",
    name: "Guided steps",
    help: "For how many steps a dense layer, fading out, carries part of the answer; 0 is never.",
    kind: KnobKind::Int { default: 0, min: 0, max: 1_000_000 },
};

/// `(1 + cos(π t / steps)) / 2` at step `t []`, and 0 from `steps` on.
pub fn fading(g: &mut Graph, t: Value, steps: usize) -> Value {
    let turn = g.scale(t, PI / steps.max(1) as f32);
    let wave = g.unary(Unary::Cos, turn);
    let one = g.constant(1.0);
    let up = g.add(wave, one);
    let half = g.scale(up, 0.5);
    let end = g.constant(steps as f32);
    let early = g.lt(t, end);
    let none = g.constant(0.0);
    g.select(early, half, none)
}

/// What `structured` makes of `x [.., F]`, guided as the knob says. It declares the weights `factors`.
pub fn guided(
    node: &Node,
    b: &mut Build,
    x: Value,
    factors: &[String],
    structured: impl Fn(&mut Build, Value) -> Value,
) -> Value {
    let own = structured(b, x);
    let steps = node.knobs.size("guide-steps");
    if steps == 0 || b.g.is_poisoned(own) {
        return own;
    }
    let units = b.g.shape(own).last();
    let learned = b.matmul("dense", x, units, 0.0);
    let first: Vec<(SlotId, Value)> = factors.iter().filter_map(|name| at_first(b, name)).collect();
    let began = b.instead(&first, |b| structured(b, x));
    let dense = b.g.add(learned, began);
    let now = b.clock.steps(b.g);
    let share = fading(b.g, now, steps);
    let apart = b.g.sub(dense, own);
    let apart = b.g.mul(apart, share);
    b.g.add(own, apart)
}

/// The weight `name` of the block being built, and what it was before the first step.
fn at_first(b: &mut Build, name: &str) -> Option<(SlotId, Value)> {
    let weight = b.g.find_slot(&b.name(name))?;
    let shape = b.g.slot(weight).shape.0.clone();
    let (_, first) = b.state(&format!("{name} at first"), shape, Init::As(weight));
    Some((weight, first))
}
