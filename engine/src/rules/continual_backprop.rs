//! Continual backpropagation (Dohare et al. 2024): backpropagation that now and then sets the least useful units of each
//! hidden layer anew, so that a network that has learnt for long can still learn.
//!
//! After each step of the optimizer, for unit `i` of a hidden layer with activity `h`, ingoing weights `w_in`, outgoing
//! weights `w_out` and age `a` in steps:
//!
//! ```text
//! h̄ ← 0.99 h̄ + 0.01 mean h                     ĥ = h̄ / (1 − 0.99ᵃ)
//! u ← 0.99 u + 0.01 mean|h − ĥ| · mean|w_out| / mean|w_in|        û = u / (1 − 0.99ᵃ)
//! debt ← debt + rate · (number of units with a > maturity)
//! ```
//!
//! and of those with `a > maturity` the `⌊debt⌋` with the least `û` are replaced: what they give on the mean goes into the
//! biases behind them, `b ← b + w_out ĥ`; then `w_out = 0`, `w_in` is drawn as at first, bias, age, `h̄` and `u` are 0, and
//! the optimizer forgets what it remembers of these weights, its count of steps included. A new unit thus changes nothing
//! when it comes.
//!
//! A layer is a `linear` or `conv2d` block, its units what it gives along the last axis (channels of an image). `h` is
//! taken where the next layer sees it, behind activation and pooling, since that is what its bias is to make up for; near
//! the border of a padded image it makes up for too much. A next layer without bias gets nothing.

use super::{Credit, Needs, Rule, Task, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Init, Shape, SlotId, Stmt, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson, Signal, Update};
use crate::net::{Mode, Net};
use crate::ops::random::Distribution;
use crate::ops::rows::ScatterAdd;
use crate::ops::sort::ArgSort;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Backpropagation that renews its least useful units.
pub struct ContinualBackprop;

static META: Meta = Meta {
    id: "continual-backprop",
    name: "Continual backpropagation",
    help: "Backpropagation that keeps setting a few of its least useful units anew, so that it never stops learning.",
    source: "Dohare, Hernandez-Garcia, Lan, Rahman, Mahmood and Sutton 2024",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "replacement-rate",
        name: "Replacement rate",
        help: "Share of the mature units that is set anew at each step.",
        kind: KnobKind::Float { default: 1e-4, min: 0.0, max: 0.1, live: true },
    },
    Knob {
        id: "maturity",
        name: "Maturity",
        help: "Steps for which a new unit is safe.",
        kind: KnobKind::Float { default: 100.0, min: 0.0, max: 1e6, live: true },
    },
];

/// What is kept of utility and mean activity from step to step.
const KEPT: f32 = 0.99;

/// Blocks whose units are replaced.
const LAYERS: [&str; 2] = ["linear", "conv2d"];
/// Blocks that hand each unit on by itself, along the last axis.
const BETWEEN: [&str; 5] = ["activation", "dropout", "flatten", "max-pool", "avg-pool"];

impl Entry for ContinualBackprop {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for ContinualBackprop {
    fn credit(&self) -> Credit {
        Credit::Chain
    }

    fn needs(&self, _: &Knobs) -> Needs {
        Needs {
            transposed_weights: true,
            global_error: true,
            stored_activities: true,
            labels_at_stages: false,
            derivatives: true,
            parallel_stages: false,
            passes: 2,
        }
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)?;
        for (i, stage) in net.stages.iter().enumerate() {
            for node in &stage.blocks {
                let id = node.block.meta().id;
                let grouped = id == "conv2d" && node.knobs.int("groups") != 1;
                if grouped || !(LAYERS.contains(&id) || BETWEEN.contains(&id)) {
                    let known = [&LAYERS[..], &BETWEEN[..]].concat().join(", ");
                    return Err(Diagnostic::new(
                        (i + 1).to_string(),
                        format!("in `{id}` it is not plain which weights come out of a unit"),
                        format!("build the stages of {known}, convolutions in one group; or choose backpropagation"),
                    ));
                }
            }
        }
        Ok(())
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let (forward, layers) = layered(cx, batch.x);
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        let slots: Vec<SlotId> = forward.passes.iter().flat_map(|p| p.params.iter().copied()).collect();
        let weights: Vec<Value> = slots.iter().map(|&slot| cx.g.read(slot)).collect();
        let gradients = ad::gradients(cx.g, loss, &weights, &ad::Exact);
        let updates = slots.iter().zip(gradients).map(|(&slot, gradient)| Update { slot, gradient, rate: 1.0 });
        let updates = updates.collect();
        let mut lesson = forward.lesson(loss, logits, updates);

        let units: Vec<Units> = (1..layers.len()).map(|i| Units::new(cx, i, &layers[i - 1])).collect();
        for (units, next) in units.iter().zip(&layers[1..]) {
            lesson.writes.extend(units.observe(cx.g, next.input));
        }
        let ages: Vec<Value> = units.iter().map(|u| cx.g.read(u.age)).collect();
        for (i, layer) in layers.iter().enumerate() {
            lesson.ages.extend(layer.ages(cx.g, i.checked_sub(1).map(|i| ages[i]), ages.get(i).copied()));
        }
        let mut after = Vec::new();
        let chosen: Vec<Chosen> =
            units.iter().zip(layers.windows(2)).map(|(u, pair)| u.choose(cx, pair, &mut after)).collect();
        for (i, layer) in layers.iter().enumerate() {
            after.extend(layer.renewed(cx, i.checked_sub(1).map(|i| &chosen[i]), chosen.get(i)));
        }
        lesson.after = vec![Stmt::Tick(after)];
        for stage in 1..=cx.net.stages.len() {
            let counts: Vec<SlotId> =
                units.iter().zip(&layers).filter(|(_, l)| l.stage == stage).map(|(u, _)| u.replaced).collect();
            let counts: Vec<Value> = counts.into_iter().map(|slot| cx.g.read(slot)).collect();
            if let Some(value) = counts.into_iter().reduce(|a, b| cx.g.add(a, b)) {
                lesson.signals.push(Signal { name: "units replaced", stage, value });
            }
        }
        lesson
    }
}

/// A block of weights from units to units.
struct Layer {
    /// Number of its stage, from 1.
    stage: usize,
    /// `[…, inputs, units]`, or `[places · inputs, units]` behind an image.
    weight: SlotId,
    bias: Option<SlotId>,
    /// What it sees.
    input: Value,
    units: usize,
}

/// Passes `x [B, …]` through the network, noting its layers in order.
fn layered(cx: &mut Learn, x: Value) -> (Forward, Vec<Layer>) {
    let net = cx.net;
    let mut build = cx.build(Mode::Train);
    let passes = net.forward(&mut build, x);
    let made = std::mem::take(&mut build.made);
    let forward = Forward::of(passes, build);
    let kinds =
        net.stages.iter().enumerate().flat_map(|(i, s)| s.blocks.iter().map(move |n| (i + 1, n.block.meta().id)));
    let mut input = x;
    let mut layers = Vec::new();
    for ((stage, kind), (place, output)) in kinds.zip(made) {
        let name = place.replace(" › ", "/");
        if let (true, Some(weight)) = (LAYERS.contains(&kind), cx.g.find_slot(&format!("{name}/weight"))) {
            let (bias, units) = (cx.g.find_slot(&format!("{name}/bias")), cx.g.slot(weight).shape.last());
            layers.push(Layer { stage, weight, bias, input, units });
        }
        input = output;
    }
    (forward, layers)
}

/// What is remembered of a hidden layer's units; all `[n]` but the last two.
struct Units {
    count: usize,
    mean: SlotId,
    utility: SlotId,
    age: SlotId,
    /// How far the activity of the step is from its mean.
    spread: SlotId,
    /// Replacements due, and made so far.
    debt: SlotId,
    replaced: SlotId,
}

/// Units to be replaced.
struct Chosen {
    /// 1 for those, else 0: `[n]`.
    fresh: Value,
    /// What each gives on the mean: `[n]`.
    mean: Value,
}

impl Units {
    fn new(cx: &mut Learn, number: usize, layer: &Layer) -> Self {
        let count = layer.units;
        let name = |what: &str| format!("layer {number}/{what}");
        let mut remembered = |what: &str, shape: Shape| cx.memory(&name(what), shape, Init::Constant(0.0));
        Self {
            mean: remembered("mean", [count].into()),
            utility: remembered("utility", [count].into()),
            age: remembered("age", [count].into()),
            debt: remembered("debt", Shape::default()),
            replaced: remembered("replaced", Shape::default()),
            spread: cx.scratch(&name("spread"), [count]),
            count,
        }
    }

    /// What a step notes of the units' activities, as the next layer sees them.
    fn observe(&self, g: &mut Graph, activity: Value) -> Vec<(SlotId, Value)> {
        let rows = g.shape(activity).size() / self.count.max(1);
        let h = g.reshape(activity, [rows, self.count]);
        let one = g.constant(1.0);
        let (age, old) = (g.read(self.age), g.read(self.mean));
        let age = g.add(age, one);
        let now = g.mean(h, &[0]);
        let now = g.reshape(now, [self.count]);
        let mean = blended(g, old, now);
        let usual = corrected(g, mean, age);
        let far = g.sub(h, usual);
        let far = g.abs(far);
        let spread = g.mean(far, &[0]);
        let spread = g.reshape(spread, [self.count]);
        vec![(self.age, age), (self.mean, mean), (self.spread, spread)]
    }

    /// The units to be replaced between two layers; what is remembered of all is put into `writes`.
    fn choose(&self, cx: &mut Learn, pair: &[Layer], writes: &mut Vec<(SlotId, Value)>) -> Chosen {
        let (rate, maturity) = (cx.live("replacement-rate"), cx.live("maturity"));
        let g = &mut *cx.g;
        let (zero, n) = (g.constant(0.0), self.count);
        let ingoing = {
            let w = g.read(pair[0].weight);
            let rows = g.shape(w).size() / n.max(1);
            let w = g.reshape(w, [rows, n]);
            let size = g.abs(w);
            let size = g.mean(size, &[0]);
            g.reshape(size, [n])
        };
        let outgoing = {
            let w = pair[1].by_input(g, n);
            let size = g.abs(w);
            let size = g.mean(size, &[0, 2]);
            g.reshape(size, [n])
        };
        let (spread, age, mean) = (g.read(self.spread), g.read(self.age), g.read(self.mean));
        let least = g.constant(1e-12);
        let ingoing = g.maximum(ingoing, least);
        let now = g.mul(spread, outgoing);
        let now = g.div(now, ingoing);
        let old = g.read(self.utility);
        let utility = blended(g, old, now);
        let worth = corrected(g, utility, age);
        let mature = g.lt(maturity, age);
        let number = g.total(mature);
        let due = g.mul(rate, number);
        let debt = g.read(self.debt);
        let debt = g.add(debt, due);
        let whole = g.floor(debt);
        let beyond = g.constant(1e30);
        let worth = g.select(mature, worth, beyond);
        let order = g.push(ArgSort { descending: false }, &[worth]);
        let ranks = g.iota(n);
        let rank = g.push(ScatterAdd { rows: n }, &[order, ranks]);
        let low = g.lt(rank, whole);
        let fresh = g.mul(mature, low);
        let made = g.total(fresh);
        let so_far = g.read(self.replaced);
        let usual = corrected(g, mean, age);
        for (slot, value) in [(self.mean, mean), (self.utility, utility), (self.age, age)] {
            writes.push((slot, g.select(fresh, zero, value)));
        }
        writes.push((self.debt, g.sub(debt, made)));
        writes.push((self.replaced, g.add(so_far, made)));
        Chosen { fresh, mean: usual }
    }
}

impl Layer {
    /// Its weights by the unit before it that they come from: `[places, n, units]`.
    fn by_input(&self, g: &mut Graph, n: usize) -> Value {
        let w = g.read(self.weight);
        let places = g.shape(w).size() / (n * self.units).max(1);
        g.reshape(w, [places, n, self.units])
    }

    /// How many steps its weights have lived: as long as the younger of the two units that each joins.
    fn ages(&self, g: &mut Graph, before: Option<Value>, own: Option<Value>) -> Vec<(SlotId, Value)> {
        let shape = g.slot(self.weight).shape.clone();
        let from = before.map(|age| {
            let n = g.shape(age).size();
            let age = g.reshape(age, [1, n, 1]);
            let age = g.broadcast(age, [shape.size() / (n * self.units).max(1), n, self.units]);
            g.reshape(age, shape.clone())
        });
        let to = own.map(|age| g.broadcast(age, shape.clone()));
        let youngest = match (from, to) {
            (Some(a), Some(b)) => Some(g.minimum(a, b)),
            (a, b) => a.or(b),
        };
        let weight = youngest.map(|age| (self.weight, age));
        weight.into_iter().chain(self.bias.zip(own)).collect()
    }

    /// Its weights and bias, when units before it and its own are replaced.
    fn renewed(&self, cx: &mut Learn, before: Option<&Chosen>, own: Option<&Chosen>) -> Vec<(SlotId, Value)> {
        let slot = cx.g.slot(self.weight).clone();
        let first = own.map(|_| drawn(cx, &slot.name, slot.init, &slot.shape));
        let g = &mut *cx.g;
        let zero = g.constant(0.0);
        let mut weight = g.read(self.weight);
        let mut bias = self.bias.map(|slot| g.read(slot));
        if let (Some(own), Some(first)) = (own, first) {
            weight = g.select(own.fresh, first, weight);
        }
        if let Some(before) = before {
            let n = g.shape(before.fresh).size();
            let gone = g.reshape(before.fresh, [1, n, 1]);
            let places = slot.shape.size() / (n * self.units).max(1);
            let by_input = g.reshape(weight, [places, n, self.units]);
            let by_input = g.select(gone, zero, by_input);
            weight = g.reshape(by_input, slot.shape.clone());
            bias = bias.map(|bias| {
                let lost = g.mul(before.fresh, before.mean);
                let lost = g.reshape(lost, [1, n, 1]);
                let old = self.by_input(g, n);
                let lost = g.mul(lost, old);
                let lost = g.sum(lost, &[0, 1]);
                let lost = g.reshape(lost, [self.units]);
                g.add(bias, lost)
            });
        }
        if let Some(own) = own {
            bias = bias.map(|bias| g.select(own.fresh, zero, bias));
        }
        [(self.weight, weight)].into_iter().chain(self.bias.zip(bias)).collect()
    }
}

/// `0.99 old + 0.01 new`.
fn blended(g: &mut Graph, old: Value, new: Value) -> Value {
    let old = g.scale(old, KEPT);
    let new = g.scale(new, 1.0 - KEPT);
    g.add(old, new)
}

/// A mean that began at 0, `age` steps ago, without what it lacks for that: `mean / (1 − 0.99ᵃᵍᵉ)`.
fn corrected(g: &mut Graph, mean: Value, age: Value) -> Value {
    let power = g.scale(age, KEPT.ln());
    let power = g.exp(power);
    let one = g.constant(1.0);
    let share = g.sub(one, power);
    g.div(mean, share)
}

/// Values such as a register of this name has at first, new at every step.
fn drawn(cx: &mut Learn, name: &str, init: Init, shape: &Shape) -> Value {
    match init {
        Init::As(other) => drawn(cx, name, cx.g.slot(other).init, shape),
        Init::Constant(c) => cx.g.constant(c),
        Init::Uniform { bound } => {
            let noise = cx.noise(&format!("fresh/{name}"), Distribution::Uniform, shape.clone());
            let noise = cx.g.scale(noise, 2.0 * bound);
            let bound = cx.g.constant(bound);
            cx.g.sub(noise, bound)
        }
        Init::Normal { std } => {
            let noise = cx.noise(&format!("fresh/{name}"), Distribution::Normal, shape.clone());
            cx.g.scale(noise, std)
        }
    }
}
