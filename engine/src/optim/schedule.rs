//! Schedules: how the learning rate changes over the steps.

use std::f32::consts::PI;

use super::Schedule;
use crate::ir::{Graph, Value};
use crate::ops::scalar::Unary;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Always 1.
pub struct Constant;

/// `min(1, (t + 1) / steps)`.
pub struct WarmUp;

/// `floor + (1 − floor) (1 + cos(π min(1, t / steps))) / 2`.
pub struct Cosine;

/// `factor^⌊t / every⌋`.
pub struct StepDown;

macro_rules! entry {
    ($name:ident $id:literal $text:literal, $help:literal, $source:literal, $knobs:expr) => {
        impl Entry for $name {
            fn meta(&self) -> &'static Meta {
                static META: Meta = Meta { id: $id, name: $text, help: $help, source: $source };
                &META
            }
            fn knobs(&self) -> &'static [Knob] {
                static KNOBS: &[Knob] = $knobs;
                KNOBS
            }
        }
    };
}

const fn steps(id: &'static str, name: &'static str, help: &'static str, default: i64) -> Knob {
    Knob { id, name, help, kind: KnobKind::Int { default, min: 1, max: 10_000_000 } }
}

entry!(Constant "constant" "Constant", "The learning rate stays as it is.", "Robbins and Monro 1951", &[]);
entry!(WarmUp "warm-up" "Warm-up", "The learning rate rises evenly over the first steps.", "Goyal et al. 2017",
    &[steps("steps", "Steps", "How many steps the rise takes.", 200)]);
entry!(Cosine "cosine" "Cosine", "The learning rate falls along half a cosine wave.", "Loshchilov and Hutter 2017", &[
    steps("steps", "Steps", "How many steps the fall takes.", 5000),
    Knob {
        id: "floor",
        name: "Floor",
        help: "Share of the learning rate that is left at the end.",
        kind: KnobKind::Float { default: 0.0, min: 0.0, max: 1.0, live: false },
    },
]);
entry!(StepDown "step" "Steps", "The learning rate falls by a factor every so many steps.", "He et al. 2016", &[
    steps("every", "Every", "How many steps there are from one fall to the next.", 2000),
    Knob {
        id: "factor",
        name: "Factor",
        help: "What the learning rate is multiplied by at each fall.",
        kind: KnobKind::Float { default: 0.5, min: 0.01, max: 1.0, live: false },
    },
]);

impl Schedule for Constant {
    fn factor(&self, _: &Knobs, g: &mut Graph, _: Value) -> Value {
        g.constant(1.0)
    }
}

impl Schedule for WarmUp {
    fn factor(&self, knobs: &Knobs, g: &mut Graph, step: Value) -> Value {
        let one = g.constant(1.0);
        let count = g.add(step, one);
        let share = g.scale(count, 1.0 / knobs.int("steps") as f32);
        g.minimum(share, one)
    }
}

impl Schedule for Cosine {
    fn factor(&self, knobs: &Knobs, g: &mut Graph, step: Value) -> Value {
        let one = g.constant(1.0);
        let share = g.scale(step, 1.0 / knobs.int("steps") as f32);
        let share = g.minimum(share, one);
        let angle = g.scale(share, PI);
        let wave = g.unary(Unary::Cos, angle);
        let floor = knobs.float("floor") as f32;
        let wave = g.scale(wave, (1.0 - floor) / 2.0);
        let middle = g.constant((1.0 + floor) / 2.0);
        g.add(wave, middle)
    }
}

impl Schedule for StepDown {
    fn factor(&self, knobs: &Knobs, g: &mut Graph, step: Value) -> Value {
        // Half a step keeps clear of a device's inexact arithmetic.
        let half = g.constant(0.5);
        let middle = g.add(step, half);
        let falls = g.scale(middle, 1.0 / knobs.int("every") as f32);
        let falls = g.floor(falls);
        let power = g.scale(falls, (knobs.float("factor") as f32).ln());
        g.exp(power)
    }
}
