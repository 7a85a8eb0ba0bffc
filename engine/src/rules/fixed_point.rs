//! Fixed-point forward gradient, sign-m-SPSA (Stepping Forward on the Last Mile: Feng et al. 2024): weights that are
//! whole numbers of small steps learn from nothing but which of two losses is the lower.
//!
//! Each weight lies on a grid of `2^bits` points, `Δ = range / 2^(bits−1)` apart, with a range for each tensor that is a
//! power of two about four times the spread of its initial weights. With `m` directions `z` of signs and `ε` a whole
//! number of steps `Δ`, at least one:
//!
//! ```text
//! ĝ = 1/m Σ_i sign(L(w + ε z_i) − L(w − ε z_i)) z_i
//! w ← round(w − rate · ĝ)      to the grid, up or down at random so that the mean is exact
//! ```
//!
//! Weights, perturbations and updates are on the grid, exactly: powers of two and whole numbers below 2²⁴ are exact in
//! 32-bit floats. The activities and sums of the forward passes are 32-bit floats here, where the paper has whole numbers
//! of 8 bits too: what that rounding does is not shown. The paper fine-tunes networks that are already trained; from
//! scratch a sign a step is little to learn from. The rule sets the weights itself: an optimizer's step would leave the
//! grid, and its learning rate has no part in it.

use super::directions::{self, DIRECTIONS, Kind, Search, Space};
use super::{Credit, Needs, Rule, Task, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Init, SlotId, Value};
use crate::lesson::{Batch, Learn, Lesson, Signal};
use crate::net::Net;
use crate::ops::random::Distribution;
use crate::ops::scalar::Unary;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Signs of differences, for weights on a grid.
pub struct FixedPoint;

static META: Meta = Meta {
    id: "fixed-point-forward-gradient",
    name: "Fixed-point forward gradient",
    help: "Weights on a coarse grid take random steps along it, towards whichever side had the lower loss.",
    source: "Feng, Zhuo, Zhang, Ramakrishnan, Yuan and Li 2024",
};

static KNOBS: [Knob; 4] = [
    Knob { kind: KnobKind::Int { default: 3, min: 1, max: 4096 }, ..DIRECTIONS },
    Knob {
        id: "bits",
        name: "Bits",
        help: "How many bits a weight has.",
        kind: KnobKind::Int { default: 16, min: 4, max: 16 },
    },
    directions::sigma(0.003, "How far each weight is changed, rounded to the grid, and by one step of it at least."),
    Knob {
        id: "rate",
        name: "Rate",
        help: "How far a weight moves when all directions agree.",
        kind: KnobKind::Float { default: 0.003, min: 0.0, max: 10.0, live: true },
    },
];

impl Entry for FixedPoint {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for FixedPoint {
    fn credit(&self) -> Credit {
        Credit::Scalar
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        Needs {
            // Both sides of each direction, and once to answer.
            passes: 2 * knobs.size("directions") as u32 + 1,
            ..directions::NEEDS
        }
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let stages = cx.net.stages.len();
        let (search, forward) = Search::new(cx, Space::Weights, Kind::Sign, batch.x, stages);
        let objective = search.objective(cx, &forward, batch.target);
        let slots = search.slots();
        let grids: Vec<Grid> = slots.iter().map(|&slot| Grid::of(cx, slot)).collect();
        let rounded: Vec<Value> = slots.iter().zip(&grids).map(|(&slot, grid)| grid.nearest(cx, slot)).collect();
        let direction = search.direction(cx);
        let sides = [1.0, -1.0].map(|side| {
            let mut moves = Vec::new();
            for ((&(value, z), grid), &rounded) in direction.iter().zip(&grids).zip(&rounded) {
                let change = grid.change(cx);
                let change = cx.g.scale(change, side);
                let change = cx.g.mul(z, change);
                // What lies off the grid, as the initial weights do, is brought onto it by the way.
                let onto = cx.g.sub(rounded, value);
                moves.push((value, cx.g.add(onto, change)));
            }
            ad::moved(cx.g, objective, &moves)
        });
        let ahead = cx.scratch("ahead", []);
        let first = vec![(ahead, sides[0])];
        let ahead = cx.g.read(ahead);
        let difference = cx.g.sub(ahead, sides[1]);
        let sign = cx.g.unary(Unary::Sign, difference);
        let mean = directions::mean(cx, &search, vec![first], sign);
        let rate = cx.live("rate");
        let mut writes = Vec::new();
        for (((&slot, grid), &rounded), &estimate) in slots.iter().zip(&grids).zip(&rounded).zip(&mean.gradients) {
            let step = cx.g.mul(rate, estimate);
            let wanted = cx.g.sub(rounded, step);
            writes.push((slot, grid.either(cx, slot, wanted)));
        }
        let signals = vec![Signal { name: "last sign", stage: stages, value: mean.answer }];
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        let mut lesson = forward.lesson(loss, logits, Vec::new());
        lesson.writes.extend(writes);
        Lesson { before: mean.before, signals, ..lesson }
    }
}

/// The points that a tensor's weights may take.
#[derive(Debug, Clone, Copy)]
struct Grid {
    /// Between neighbours; a power of two.
    step: f32,
    /// Points on either side of 0.
    half: f32,
}

impl Grid {
    fn of(cx: &Learn, slot: SlotId) -> Self {
        let spread = match cx.g.slot(slot).init {
            Init::Constant(c) => c.abs().max(0.25),
            Init::Uniform { bound } => bound,
            Init::Normal { std } => 2.0 * std,
            Init::As(other) => return Self::of(cx, other),
        };
        let half = 2f32.powi(cx.knobs.int("bits") as i32 - 1);
        let range = 2f32.powi((4.0 * spread).max(1e-6).log2().ceil() as i32);
        Self { step: range / half, half }
    }

    /// The point of this number, where `number` is a whole one and on the grid; else the outermost.
    fn point(&self, cx: &mut Learn, number: Value) -> Value {
        let (lowest, highest) = (cx.g.constant(-self.half), cx.g.constant(self.half - 1.0));
        let number = cx.g.maximum(number, lowest);
        let number = cx.g.minimum(number, highest);
        cx.g.scale(number, self.step)
    }

    /// The point nearest to a weight.
    fn nearest(&self, cx: &mut Learn, slot: SlotId) -> Value {
        let weight = cx.g.read(slot);
        let number = cx.g.scale(weight, 1.0 / self.step);
        let half = cx.g.constant(0.5);
        let number = cx.g.add(number, half);
        let number = cx.g.floor(number);
        self.point(cx, number)
    }

    /// One of the two points next to `wanted`, at random so that the mean is `wanted`.
    fn either(&self, cx: &mut Learn, slot: SlotId, wanted: Value) -> Value {
        let (name, shape) = (cx.g.slot(slot).name.clone(), cx.g.slot(slot).shape.clone());
        let noise = cx.noise(&format!("rounding/{name}"), Distribution::Uniform, shape);
        let number = cx.g.scale(wanted, 1.0 / self.step);
        let number = cx.g.add(number, noise);
        let number = cx.g.floor(number);
        self.point(cx, number)
    }

    /// By how much a weight is changed to try it: a whole number of steps `[]`.
    fn change(&self, cx: &mut Learn) -> Value {
        let sigma = cx.live("sigma");
        let (half, one) = (cx.g.constant(0.5), cx.g.constant(1.0));
        let steps = cx.g.scale(sigma, 1.0 / self.step);
        let steps = cx.g.add(steps, half);
        let steps = cx.g.floor(steps);
        let steps = cx.g.maximum(steps, one);
        cx.g.scale(steps, self.step)
    }
}
