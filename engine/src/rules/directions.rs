//! Random directions, for the rules that learn from how the loss answers to them: where they move the network, what
//! they are drawn from, and the mean over many of them.
//!
//! Nothing is kept but the answers. A step has two ticks for each direction: the first asks what the loss answers, the
//! second draws the same direction again and makes an estimate of the gradient from direction and answer. Within a tick
//! only the stage at work needs room, so that memory does not grow with depth, and many directions cost the room of one.

use super::Needs;
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{SlotId, Stmt, Value};
use crate::lesson::{Forward, Learn, Lesson, Signal, Update};
use crate::net::{Mode, Net, Pass, Stage};
use crate::ops::random::Distribution;
use crate::registry::{Knob, KnobKind};

/// What the numbers of a direction are: mean 0 and variance 1 both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Normal,
    /// −1 or 1.
    Sign,
}

/// A value that directions move.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Of the noise: independent for each name.
    pub name: String,
    pub value: Value,
    /// The weights that are taught by what is found out here.
    pub slots: Vec<SlotId>,
}

/// What a rule asks for that tries directions and hears what the loss answers; how many passes that takes, it says itself.
pub const NEEDS: Needs = Needs {
    transposed_weights: false,
    global_error: true,
    stored_activities: false,
    labels_at_stages: false,
    derivatives: false,
    parallel_stages: true,
    passes: 1,
};

pub const DIRECTIONS: Knob = Knob {
    id: "directions",
    name: "Directions",
    help: "Over how many random directions each step takes the mean.",
    kind: KnobKind::Int { default: 1, min: 1, max: 4096 },
};

pub const READ_OUT: Knob = Knob {
    id: "read-out",
    name: "Read-out",
    help: "exact: the read-out follows its own gradient, which needs no way back; estimated: as all other stages do.",
    kind: KnobKind::Choice { default: "exact", options: &["exact", "estimated"] },
};

pub const DRAWN: Knob = Knob {
    id: "drawn",
    name: "Drawn from",
    help: "normal: every number of a direction from the normal distribution; sign: each is 1 or −1, which varies less.",
    kind: KnobKind::Choice { default: "normal", options: &["normal", "sign"] },
};

pub const ANTITHETIC: Knob = Knob {
    id: "antithetic",
    name: "Both ways",
    help: "Compares a step along each direction with one against it, rather than with none.",
    kind: KnobKind::Bool { default: true },
};

pub const fn sigma(default: f64, help: &'static str) -> Knob {
    Knob { id: "sigma", name: "Size", help, kind: KnobKind::Float { default, min: 1e-5, max: 10.0, live: true } }
}

/// How many stages directions are tried in: all but the read-out where that is taught exactly.
pub fn searched(cx: &Learn) -> usize {
    cx.net.stages.len() - usize::from(cx.knobs.choice("read-out") == "exact")
}

pub fn kind(cx: &Learn) -> Kind {
    if cx.knobs.choice("drawn") == "sign" { Kind::Sign } else { Kind::Normal }
}

/// Refuses stages in which one sample's answer depends on another's noise.
///
/// # Errors
/// The first such stage.
pub fn samples_apart(net: &Net) -> Result<(), Diagnostic> {
    match net.stages.iter().position(Stage::couples_samples) {
        None => Ok(()),
        Some(i) => Err(Diagnostic::new(
            (i + 1).to_string(),
            "its samples depend on each other, so that one's noise would show in another's loss",
            "use layer norm or no norm in the place of batch norm, or perturb the weights",
        )),
    }
}

/// Passes `x [B, …]` through all stages in series. `each` is called as soon as a stage is built, with its nodes: what
/// it builds lies between this stage and the next, so that a tick which runs in that order is done with a stage before
/// it begins the next.
pub fn trace(cx: &mut Learn, x: Value, mut each: impl FnMut(&mut Learn, usize, &Pass, Vec<Place>)) -> Forward {
    let net = cx.net;
    let mut forward = Forward::default();
    let mut at = x;
    for stage in 0..net.stages.len() {
        let mut build = cx.build(Mode::Train);
        let pass = net.stage(&mut build, stage, at);
        let made = std::mem::take(&mut build.made);
        forward.gather(build);
        at = pass.output;
        let nodes = nodes(cx, &pass, made);
        each(cx, stage, &pass, nodes);
        forward.passes.push(pass);
    }
    forward
}

/// Of the blocks that a stage `made`, those that stand in it directly and have weights: `2 › 1.linear`.
fn nodes(cx: &Learn, pass: &Pass, made: Vec<(String, Value)>) -> Vec<Place> {
    let mut nodes = Vec::new();
    for (name, value) in made.into_iter().filter(|(at, _)| at.matches(" › ").count() == 1) {
        let prefix = name.replace(" › ", "/") + "/";
        let own = pass.params.iter().filter(|id| cx.g.slot(**id).name.starts_with(&prefix));
        let slots: Vec<SlotId> = own.copied().collect();
        if !slots.is_empty() {
            nodes.push(Place { name, value, slots });
        }
    }
    nodes
}

/// Every weight of a stage as a place of its own.
fn weights(cx: &mut Learn, pass: &Pass) -> Vec<Place> {
    let place = |slot: SlotId| Place { name: cx.g.slot(slot).name.clone(), value: cx.g.read(slot), slots: vec![slot] };
    pass.params.iter().copied().map(place).collect()
}

/// Noise of the shape of `like`, of this name; another for each `draw []`.
pub fn noise(cx: &mut Learn, name: &str, kind: Kind, like: Value, draw: Option<Value>) -> Value {
    let distribution = match kind {
        Kind::Normal => Distribution::Normal,
        Kind::Sign => Distribution::Uniform,
    };
    let shape = cx.g.shape(like).clone();
    let numbers = match draw {
        None => cx.noise(name, distribution, shape),
        Some(draw) => cx.drawn(name, distribution, shape, draw),
    };
    match kind {
        Kind::Normal => numbers,
        Kind::Sign => {
            let (half, one) = (cx.g.constant(0.5), cx.g.constant(1.0));
            let low = cx.g.lt(numbers, half);
            let two = cx.g.scale(low, 2.0);
            cx.g.sub(one, two)
        }
    }
}

/// What directions move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// Every weight by a number of its own, the same for all samples; the loss answers with one number `[]`.
    Weights,
    /// Every node's value by a number of its own for each sample; each sample's loss answers for it: `[B]`.
    Nodes,
}

/// A search for the gradient in random directions.
pub struct Search {
    pub space: Space,
    pub kind: Kind,
    pub places: Vec<Place>,
    /// How many stages are searched, from the first on.
    pub stages: usize,
    /// The number of the direction at hand, where there are several: `[]`.
    pub draw: Option<SlotId>,
    /// By how much the objective grows along it: `[]`, or `[B]` for nodes.
    pub answer: SlotId,
    /// What the answer says about the gradients of [`Search::slots`]. Auxiliary losses, which no node answers for, teach
    /// their own stage by the chain rule.
    pub estimates: Vec<Value>,
}

impl Search {
    /// A pass of `x [B, …]` forward, with all weights of the first `stages` stages to be searched, or all nodes of them.
    pub fn new(cx: &mut Learn, space: Space, kind: Kind, x: Value, stages: usize) -> (Self, Forward) {
        let count = cx.knobs.size("directions");
        let draw = (count > 1).then(|| cx.scratch("draw", []));
        let batch = cx.task.batch;
        let answer = match space {
            Space::Weights => cx.scratch("answer", []),
            Space::Nodes => cx.scratch("answer", [batch]),
        };
        let mut search = Self { space, kind, places: Vec::new(), stages, draw, answer, estimates: Vec::new() };
        let forward = trace(cx, x, |cx, stage, pass, nodes| {
            if stage < stages {
                search.add(cx, pass, nodes);
            }
        });
        (search, forward)
    }

    /// Takes in a stage.
    fn add(&mut self, cx: &mut Learn, pass: &Pass, nodes: Vec<Place>) {
        let places = match self.space {
            Space::Weights => weights(cx, pass),
            Space::Nodes => nodes,
        };
        let answer = cx.g.read(self.answer);
        for place in places {
            let noise = self.noise(cx, &place);
            match self.space {
                Space::Weights => self.estimates.push(cx.g.mul(noise, answer)),
                Space::Nodes => {
                    let found = taught_by_node(cx, &place, noise, answer);
                    self.estimates.extend(with_penalties(cx, pass, &place.slots, found));
                }
            }
            self.places.push(place);
        }
    }

    /// What the direction at hand has for a place.
    pub fn noise(&self, cx: &mut Learn, place: &Place) -> Value {
        let draw = self.draw.map(|slot| cx.g.read(slot));
        noise(cx, &place.name, self.kind, place.value, draw)
    }

    /// Each place with what the direction at hand has for it.
    pub fn direction(&self, cx: &mut Learn) -> Vec<(Value, Value)> {
        self.places.iter().map(|place| (place.value, self.noise(cx, place))).collect()
    }

    /// The weights that are taught, in the order of the estimates.
    pub fn slots(&self) -> Vec<SlotId> {
        self.places.iter().flat_map(|p| p.slots.iter().copied()).collect()
    }

    /// What answers: the loss `[]` with the auxiliary losses of all stages, or the loss `[B]` of each sample.
    pub fn objective(&self, cx: &mut Learn, forward: &Forward, target: Value) -> Value {
        let rows = cx.losses(forward.logits(), target);
        match self.space {
            Space::Nodes => rows,
            Space::Weights => {
                let loss = cx.g.mean_all(rows);
                forward.passes.iter().fold(loss, |sum, pass| cx.penalised(sum, pass))
            }
        }
    }
}

/// `gradients` of `slots` with those of the stage's auxiliary losses added.
pub fn with_penalties(cx: &mut Learn, pass: &Pass, slots: &[SlotId], gradients: Vec<Value>) -> Vec<Value> {
    let Some((&first, others)) = pass.losses.split_first() else { return gradients };
    let penalty = others.iter().fold(first, |sum, &loss| cx.g.add(sum, loss));
    let weights: Vec<Value> = slots.iter().map(|&slot| cx.g.read(slot)).collect();
    let more = ad::gradients(cx.g, penalty, &weights, &ad::Exact);
    gradients.into_iter().zip(more).map(|(a, b)| cx.g.add(a, b)).collect()
}

/// The updates of the read-out by its exact gradient, which asks for nothing but its own input and the loss.
pub fn read_out(cx: &mut Learn, forward: &Forward, loss: Value) -> Vec<Update> {
    let Some(pass) = forward.passes.last() else { return Vec::new() };
    let objective = cx.penalised(loss, pass);
    cx.descend(objective, pass, 1.0)
}

/// By how much `y` changes as the places move along a direction; 0 where it does not depend on them.
pub fn slope(cx: &mut Learn, y: Value, direction: &[(Value, Value)]) -> Value {
    let found = ad::jvp(cx.g, y, direction, &ad::Exact);
    found.unwrap_or_else(|| {
        let zero = cx.g.constant(0.0);
        let shape = cx.g.shape(y).clone();
        cx.g.broadcast(zero, shape)
    })
}

/// `y` as it is when the places have moved `by []` along a direction.
pub fn moved(cx: &mut Learn, y: Value, direction: &[(Value, Value)], by: Value) -> Value {
    let moves: Vec<(Value, Value)> = direction.iter().map(|&(v, noise)| (v, cx.g.mul(noise, by))).collect();
    ad::moved(cx.g, y, &moves)
}

/// The mean of what differences say about the gradients: by how much the objective changes over the length `sigma` of a
/// direction, or over twice that from the other side, for each unit of length; [`slope`] is the limit of it. Each side
/// has a tick of its own, which draws the direction anew rather than keeping it for the other.
pub fn by_differences(cx: &mut Learn, search: &Search, forward: &Forward, target: Value) -> Mean {
    let objective = search.objective(cx, forward, target);
    let direction = search.direction(cx);
    let sigma = cx.live("sigma");
    let shape = cx.g.shape(objective).clone();
    let mut register = |name: &str| cx.scratch(name, shape.clone());
    let [ahead_slot, still_slot] = [register("ahead"), register("still")];
    let [ahead, still] = [ahead_slot, still_slot].map(|slot| cx.g.read(slot));
    let first = vec![(ahead_slot, moved(cx, objective, &direction, sigma))];
    if cx.knobs.bool("antithetic") {
        let back = cx.g.neg(sigma);
        let behind = moved(cx, objective, &direction, back);
        let change = cx.g.sub(ahead, behind);
        let length = cx.g.scale(sigma, 2.0);
        let answer = cx.g.div(change, length);
        return mean(cx, search, vec![first], answer);
    }
    let change = cx.g.sub(ahead, still);
    let answer = cx.g.div(change, sigma);
    let mut mean = mean(cx, search, vec![first], answer);
    // All directions start from one and the same point: what the loss is there is found out once.
    mean.before.insert(0, Stmt::Tick(vec![(still_slot, objective)]));
    mean
}

/// The lesson of a step whose search found `mean`: its estimates, at a rate of their own, and the read-out's exact
/// gradient where the read-out was not searched. `signal` names the size of the last answer.
pub fn lesson(
    cx: &mut Learn,
    search: &Search,
    mean: Mean,
    forward: Forward,
    target: Value,
    signal: &'static str,
) -> Lesson {
    let logits = forward.logits();
    let loss = cx.loss(logits, target);
    let rate = cx.knobs.float("rate") as f32;
    let estimated = search.slots().into_iter().zip(mean.gradients);
    let mut updates: Vec<Update> = estimated.map(|(slot, gradient)| Update { slot, gradient, rate }).collect();
    let searched = search.stages;
    if searched < forward.passes.len() {
        updates.extend(read_out(cx, &forward, loss));
    }
    let answer = cx.g.root_mean_square(mean.answer);
    let signals = (1..=searched).map(|stage| Signal { name: signal, stage, value: answer }).collect();
    Lesson { before: mean.before, signals, ..forward.lesson(loss, logits, updates) }
}

/// The gradients of a node's weights, when the loss of each sample grows by `slope [B]` as the node moves along `noise
/// [B, …]`: within the block by the chain rule.
pub fn taught_by_node(cx: &mut Learn, place: &Place, noise: Value, slope: Value) -> Vec<Value> {
    let shape = cx.g.shape(noise).clone();
    let batch = shape.first().copied().unwrap_or(1);
    let mut column = vec![1; shape.rank()];
    column[0] = batch;
    let share = cx.g.scale(slope, 1.0 / batch as f32);
    let share = cx.g.reshape(share, column);
    let sent = cx.g.mul(noise, share);
    let weights: Vec<Value> = place.slots.iter().map(|&slot| cx.g.read(slot)).collect();
    let pulled = ad::vjp(cx.g, &[(place.value, sent)], &weights, &ad::Exact);
    weights.iter().zip(pulled).map(|(&w, p)| p.unwrap_or_else(|| zeros(cx, w))).collect()
}

/// Zeros of the shape of `like`.
pub fn zeros(cx: &mut Learn, like: Value) -> Value {
    let zero = cx.g.constant(0.0);
    let shape = cx.g.shape(like).clone();
    cx.g.broadcast(zero, shape)
}

/// The register in which the estimates for a weight are summed up.
pub fn sum(cx: &mut Learn, slot: SlotId) -> SlotId {
    let (name, shape) = (cx.g.slot(slot).name.clone(), cx.g.slot(slot).shape.clone());
    cx.scratch(&format!("sum/{name}"), shape)
}

/// Statements that ask, and what they lead to.
pub struct Mean {
    pub before: Vec<Stmt>,
    /// The mean estimate for each of the search's slots.
    pub gradients: Vec<Value>,
    /// The last direction's answer.
    pub answer: Value,
}

/// What a tick writes.
pub type Writes = Vec<(SlotId, Value)>;

/// The mean of the search's estimates over all its directions, when the loss gives `answer` to the one at hand after the
/// ticks that write `first`.
pub fn mean(cx: &mut Learn, search: &Search, first: Vec<Writes>, answer: Value) -> Mean {
    let mut ask: Vec<Stmt> = first.into_iter().map(Stmt::Tick).collect();
    ask.push(Stmt::Tick(vec![(search.answer, answer)]));
    let answer = cx.g.read(search.answer);
    let Some(draw_slot) = search.draw else {
        return Mean { before: ask, gradients: search.estimates.clone(), answer };
    };
    let count = cx.knobs.size("directions");
    let draw = cx.g.read(draw_slot);
    let (zero, one) = (cx.g.constant(0.0), cx.g.constant(1.0));
    let mut start = vec![(draw_slot, zero)];
    let mut sum_up = vec![(draw_slot, cx.g.add(draw, one))];
    let mut gradients = Vec::new();
    for (slot, &estimate) in search.slots().into_iter().zip(&search.estimates) {
        let sum = sum(cx, slot);
        let so_far = cx.g.read(sum);
        start.push((sum, zeros(cx, so_far)));
        sum_up.push((sum, cx.g.add(so_far, estimate)));
        gradients.push(cx.g.scale(so_far, 1.0 / count as f32));
    }
    ask.push(Stmt::Tick(sum_up));
    let before = vec![Stmt::Tick(start), Stmt::Repeat { times: count as u32, body: ask }];
    Mean { before, gradients, answer }
}
