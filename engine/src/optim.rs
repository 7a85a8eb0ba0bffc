//! Optimizers: how far a weight moves along the direction that a learning rule gives it. One file each in `optim/`, one
//! line in [`OPTIMIZERS`]; schedules of the learning rate in [`SCHEDULES`].
//!
//! Both are pure: what they remember is declared in the graph. Every number that changes between steps is read from a
//! register: the learning rate and its like from knobs, corrections for the early steps from the step counter.

use crate::ir::{Graph, Init, Role, Shape, Slot, SlotId, Value};
use crate::lesson::Update;
use crate::net::Clock;
use crate::registry::{Entry, Knob, KnobKind, Knobs, registry};

mod adam;
mod schedule;
mod sgd;

/// A way to turn a direction into a step.
pub trait Optimizer: Entry {
    /// A learning rate to begin with.
    fn rate(&self) -> f64;

    /// What is written to move the weight `slot` against `gradient` (of the weight's shape) at the learning rate
    /// `rate []`: the weight's new value, and what the optimizer remembers.
    fn update(&self, cx: &mut Optim, slot: SlotId, gradient: Value, rate: Value) -> Vec<(SlotId, Value)>;
}

/// A factor on the learning rate that depends on the step.
pub trait Schedule: Entry {
    /// The factor `[]` at the step whose number is `step []`, counted from 0.
    fn factor(&self, knobs: &Knobs, g: &mut Graph, step: Value) -> Value;
}

registry! {
    OPTIMIZERS: Optimizer, OPTIMIZER_ENTRIES;
adam::Adam, adam::AdamW, sgd::Sgd
}

registry! {
    SCHEDULES: Schedule, SCHEDULE_ENTRIES;
schedule::Constant, schedule::WarmUp, schedule::Cosine, schedule::StepDown
}

const fn weight_decay(default: f64, help: &'static str) -> Knob {
    Knob {
        id: "weight-decay",
        name: "Weight decay",
        help,
        kind: KnobKind::Float { default, min: 0.0, max: 10.0, live: true },
    }
}

/// Name of the register that holds the learning rate before the schedule.
pub const RATE: &str = "optim/rate";

/// An optimizer and a schedule with their settings.
#[derive(Clone)]
pub struct Recipe {
    pub optimizer: &'static dyn Optimizer,
    pub knobs: Knobs,
    pub schedule: &'static dyn Schedule,
    pub schedule_knobs: Knobs,
    /// Learning rate before the schedule; a live register, [`RATE`].
    pub rate: f64,
    /// Largest norm of the whole gradient; 0 leaves it alone.
    pub clip: f64,
}

/// What an optimizer builds its updates with.
pub struct Optim<'a> {
    pub g: &'a mut Graph,
    pub knobs: &'a Knobs,
    /// Number of this step, counted from 1: `[]`, or of the weight's shape where its elements differ in age.
    pub count: Value,
    /// 1 where the weight's elements were set anew before this step, else 0; `None` where none ever is.
    fresh: Option<Value>,
}

fn knob_register(g: &mut Graph, name: String, value: f64) -> Value {
    let init = Init::Constant(value as f32);
    let slot = g.declare(Slot { name, role: Role::Knob, shape: Shape::default(), init });
    g.read(slot)
}

impl Optim<'_> {
    /// The value `[]` of a live knob.
    pub fn live(&mut self, knob: &str) -> Value {
        let value = self.knobs.float(knob);
        knob_register(self.g, format!("optim/{knob}"), value)
    }

    /// What is remembered under `name` for a weight, of its shape and 0 at first.
    pub fn memory(&mut self, name: &str, weight: SlotId) -> (SlotId, Value) {
        let Slot { name: of, shape, .. } = self.g.slot(weight).clone();
        let name = format!("optim/{name}/{of}");
        let slot = self.g.declare(Slot { name, role: Role::State, shape, init: Init::Constant(0.0) });
        let mut remembered = self.g.read(slot);
        if let Some(fresh) = self.fresh {
            let nothing = self.g.constant(0.0);
            remembered = self.g.select(fresh, nothing, remembered);
        }
        (slot, remembered)
    }

    /// `old + share · (new − old)`.
    fn blend(&mut self, old: Value, new: Value, share: Value) -> Value {
        let change = self.g.sub(new, old);
        let change = self.g.mul(share, change);
        self.g.add(old, change)
    }
}

impl Recipe {
    /// Everything a step writes to follow `updates`: at `base × schedule(step) × the update's own factor`.
    pub fn step(&self, g: &mut Graph, clock: Clock, updates: &[Update]) -> Vec<(SlotId, Value)> {
        self.step_aged(g, clock, updates, &[])
    }

    /// The same, where the elements of some weights have an age of their own: see [`crate::lesson::Lesson::ages`].
    pub fn step_aged(
        &self,
        g: &mut Graph,
        clock: Clock,
        updates: &[Update],
        ages: &[(SlotId, Value)],
    ) -> Vec<(SlotId, Value)> {
        let steps = clock.steps(g);
        let factor = self.schedule.factor(&self.schedule_knobs, g, steps);
        let one = g.constant(1.0);
        let count = g.add(steps, one);
        let clip = self.clipping(g, updates);
        let base = knob_register(g, RATE.to_owned(), self.rate);
        let rate = g.mul(base, factor);
        let mut cx = Optim { g, knobs: &self.knobs, count, fresh: None };
        let mut writes = Vec::new();
        for update in updates {
            let gradient = match clip {
                Some(clip) => cx.g.mul(update.gradient, clip),
                None => update.gradient,
            };
            let rate = cx.g.scale(rate, update.rate);
            let age = ages.iter().find(|a| a.0 == update.slot).map(|a| a.1);
            cx.count = age.map_or(count, |age| cx.g.add(age, one));
            cx.fresh = age.map(|age| cx.g.lt(age, one));
            writes.extend(self.optimizer.update(&mut cx, update.slot, gradient, rate));
        }
        writes
    }

    /// The factor `[]` that shortens the gradient of all weights together to the set length; `None` when it is off.
    fn clipping(&self, g: &mut Graph, updates: &[Update]) -> Option<Value> {
        let limit = self.clip as f32;
        if limit == 0.0 {
            return None;
        }
        let squares: Vec<Value> = updates.iter().map(|u| g.dot(u.gradient, u.gradient)).collect();
        let &first = squares.first()?;
        let total = squares[1..].iter().fold(first, |sum, &s| g.add(sum, s));
        let norm = g.sqrt(total);
        let limit = g.constant(limit);
        // Dividing by the larger of the two gives exactly 1 below the limit, and never divides by 0.
        let longest = g.maximum(norm, limit);
        Some(g.div(limit, longest))
    }
}
