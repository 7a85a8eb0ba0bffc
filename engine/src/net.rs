//! A network: stages of blocks in a tree. Building it lays values into a graph and declares the weights it meets.

use std::collections::HashMap;
use std::rc::Rc;

use crate::blocks::Block;
use crate::ir::{Graph, Init, Role, Shape, Slot, SlotId, Value};
use crate::ops::grouped::GroupedMatMul;
use crate::ops::random::{Distribution, Noise};
use crate::ops::rows::Gather;
use crate::registry::Knobs;
use crate::routing::Routing;

mod among;
mod sharing;
mod weights;

/// A block with its settings and what it holds.
#[derive(Clone)]
pub struct Node {
    pub block: &'static dyn Block,
    pub knobs: Knobs,
    /// How inputs are assigned to experts; for `Route` alone.
    pub routing: Option<(&'static dyn Routing, Knobs)>,
    pub children: Vec<Node>,
}

/// The unit of credit assignment: within a stage credit travels by the chain rule, between stages as the learning rule
/// decides.
#[derive(Clone)]
pub struct Stage {
    pub blocks: Vec<Node>,
}

/// Stages in series. The last one reads out: its values are the logits.
#[derive(Clone)]
pub struct Net {
    pub stages: Vec<Stage>,
    /// Width of the read-out that the task asks for: a `Linear` of 0 units takes it.
    pub outputs: usize,
    /// How many different tokens the samples are made of; 0 where they are no tokens.
    pub vocabulary: usize,
    /// The share of each token in the training samples; empty where there are no tokens.
    pub frequencies: Rc<[f32]>,
    /// How often each token follows each other one there: `[vocabulary, vocabulary]`; empty where that is not counted.
    pub neighbours: Rc<[f32]>,
}

/// Whether the network is learning: dropout and batch statistics differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Train,
    Eval,
}

/// The two counters that noise depends on, each `[2]` (see [`crate::ops::random`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    pub seed: Value,
    pub step: Value,
}

/// What share of a step's rows each expert saw, and how sure the router was.
#[derive(Debug, Clone, PartialEq)]
pub struct Tap {
    /// Path of the `Route` block.
    pub path: String,
    /// Share of the assignments that each expert received, or of the weight where all received everything: `[E]`, summing
    /// to 1 where none is left out.
    pub load: Value,
    /// Mean entropy of the router's distribution over the experts, in nats: `[]`.
    pub entropy: Value,
    /// Share of the assignments that were left out for want of room, or of the rows that no expert chose: `[]`.
    pub dropped: Value,
}

/// Something inside a block that people may look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Exhibit {
    /// Path of the block.
    pub path: String,
    pub picture: Picture,
    pub value: Value,
}

/// How an [`Exhibit`] is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// Shares of attention `[B, heads, queries, keys]`.
    Attention,
    /// How far gates are open, 0 to 1: `[B, …]`.
    Gates,
    /// Number of the expert, out of so many, that the router likes best: `[B]`, or `[B, T]` for the places of sequences.
    Experts(usize),
    /// How much each expert counts in the sum of what they make of a row, 0 where it does not work on it: `[B, E]`, or
    /// `[B, T, E]`.
    Weights,
    /// The router's distribution over the experts, of the same shape.
    Chances,
    /// Hidden values that a rectifier let through or silenced: `[.., units]`.
    Rectified,
}

/// What one pass through a stage gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    pub input: Value,
    pub output: Value,
    /// Weights that the stage used, in order of use.
    pub params: Vec<SlotId>,
    /// Auxiliary losses of the stage, each `[]`, weighted and to be added to whatever it minimises.
    pub losses: Vec<Value>,
}

/// Rows sorted by expert, inside a `Route`.
#[derive(Debug, Clone, Copy)]
struct Group {
    experts: usize,
    /// Rows of each expert: `[E]`.
    sizes: Value,
    /// Expert of each row: `[T]`.
    of_row: Value,
}

/// What is being built: the graph, the place in the network, and what blocks leave behind for the step.
pub struct Build<'a> {
    pub g: &'a mut Graph,
    pub mode: Mode,
    pub clock: Clock,
    outputs: usize,
    vocabulary: usize,
    frequencies: Rc<[f32]>,
    neighbours: Rc<[f32]>,
    path: Vec<String>,
    /// Where the registers of shared blocks are kept, and how much of the path that stands for: see [`Build::shared`].
    home: Option<(String, usize)>,
    group: Option<Group>,
    /// Whether the weights that are met are the same for all experts.
    common: bool,
    /// Whether rows are some of the batch's, in another order: see [`Build::among`].
    apart: bool,
    /// Whether the weights that are met do not learn.
    frozen: bool,
    /// What makes the weights that are met: see [`Build::computed`].
    maker: Option<weights::Maker>,
    /// What stands in for the network's own weights: see [`Build::instead`].
    others: HashMap<SlotId, Value>,
    draws: u32,
    params: Vec<SlotId>,
    losses: Vec<Value>,
    /// Registers that the step must write: running statistics.
    pub writes: Vec<(SlotId, Value)>,
    pub taps: Vec<Tap>,
    /// The tokens `[B, T]` that the sequence was made of, once a block has read them.
    pub tokens: Option<Value>,
    pub exhibits: Vec<Exhibit>,
    /// Path and output of every block built, in order.
    pub made: Vec<(String, Value)>,
    /// What each of them was given.
    pub given: Vec<Value>,
}

impl Clock {
    /// The number of steps taken so far, as one float `[]`; exact below 2²⁴, rounded from there on.
    pub fn steps(&self, g: &mut Graph) -> Value {
        let low = g.slice(self.step, 0, 0, 1);
        let high = g.slice(self.step, 0, 1, 1);
        let high = g.scale(high, 65536.0);
        let sum = g.add(low, high);
        g.reshape(sum, Shape::default())
    }

    /// The step's number divided by `every`, 1 to 255: the whole part `[2]`, in halves as the step is, and the
    /// remainder `[]`. Exact on every executor, also where division is rounded carelessly: it goes by digits of 8 bits.
    pub fn turns(self, g: &mut Graph, every: u32) -> (Value, Value) {
        if every <= 1 {
            return (self.step, g.constant(0.0));
        }
        let (base, every) = (g.constant(256.0), g.constant(every as f32));
        let half = g.constant(0.5);
        let mut rest = g.constant(0.0);
        let mut halves = [rest; 2];
        for (start, whole) in [(1, 1), (0, 0)] {
            let word = g.slice(self.step, 0, start, 1);
            let high = g.scale(word, 1.0 / 256.0);
            let high = g.floor(high);
            let low = g.mul(high, base);
            let low = g.sub(word, low);
            let mut quotient = g.constant(0.0);
            for digit in [high, low] {
                let carried = g.mul(rest, base);
                let value = g.add(carried, digit);
                // Half a unit keeps the quotient away from whole numbers, where rounding would count.
                let middle = g.add(value, half);
                let q = g.div(middle, every);
                let q = g.floor(q);
                let taken = g.mul(q, every);
                rest = g.sub(value, taken);
                let shifted = g.mul(quotient, base);
                quotient = g.add(shifted, q);
            }
            halves[whole] = quotient;
        }
        (g.concat(&halves, 0), g.reshape(rest, Shape::default()))
    }
}

/// A name's 32-bit FNV-1a hash: the stream of its noise.
pub fn stream(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

impl Node {
    /// Whether `holds` is true of this block or of one inside it.
    pub fn any(&self, holds: &dyn Fn(&Node) -> bool) -> bool {
        holds(self) || self.children.iter().any(|c| c.any(holds))
    }
}

impl Stage {
    /// Whether what it gives for one sample depends on the other samples.
    pub fn couples_samples(&self) -> bool {
        self.blocks.iter().any(|node| node.any(&|n| n.block.couples_samples()))
    }
}

impl Net {
    /// What its blocks are built with, at this clock.
    pub fn build<'a>(&self, g: &'a mut Graph, mode: Mode, clock: Clock) -> Build<'a> {
        let build = Build::new(g, mode, clock, self.outputs).reading(self.vocabulary);
        build.hearing(self.frequencies.clone()).beside(self.neighbours.clone())
    }

    /// Passes `x [B, …]` through stage number `i`.
    pub fn stage(&self, build: &mut Build, i: usize, x: Value) -> Pass {
        let params = std::mem::take(&mut build.params);
        let losses = std::mem::take(&mut build.losses);
        let output = build.within(&(i + 1).to_string(), |b| b.chain(&self.stages[i].blocks, x));
        let params = std::mem::replace(&mut build.params, params);
        let losses = std::mem::replace(&mut build.losses, losses);
        Pass { input: x, output, params, losses }
    }

    /// Passes `x [B, …]` through all stages.
    pub fn forward(&self, build: &mut Build, x: Value) -> Vec<Pass> {
        let mut at = x;
        (0..self.stages.len())
            .map(|i| {
                let pass = self.stage(build, i, at);
                at = pass.output;
                pass
            })
            .collect()
    }
}

impl<'a> Build<'a> {
    pub fn new(g: &'a mut Graph, mode: Mode, clock: Clock, outputs: usize) -> Self {
        Self {
            g,
            mode,
            clock,
            outputs,
            vocabulary: 0,
            frequencies: Rc::default(),
            neighbours: Rc::default(),
            path: Vec::new(),
            home: None,
            group: None,
            common: false,
            apart: false,
            frozen: false,
            maker: None,
            others: HashMap::new(),
            draws: 0,
            params: Vec::new(),
            losses: Vec::new(),
            writes: Vec::new(),
            taps: Vec::new(),
            tokens: None,
            exhibits: Vec::new(),
            made: Vec::new(),
            given: Vec::new(),
        }
    }

    /// The same for samples made of `vocabulary` different tokens.
    pub fn reading(self, vocabulary: usize) -> Self {
        Self { vocabulary, ..self }
    }

    /// The same for tokens that have these shares in the training samples: `[vocabulary]`.
    pub fn hearing(self, frequencies: Rc<[f32]>) -> Self {
        Self { frequencies, ..self }
    }

    /// The same for tokens that follow each other so often in the training samples: `[vocabulary, vocabulary]`.
    pub fn beside(self, neighbours: Rc<[f32]>) -> Self {
        Self { neighbours, ..self }
    }

    /// Width of the read-out that the task asks for.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// How many different tokens the samples are made of; 0 where they are no tokens.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// The share of each token in the training samples; empty where nothing is known of it.
    pub fn frequencies(&self) -> Rc<[f32]> {
        self.frequencies.clone()
    }

    /// How often each token follows each other one in the training samples, rows by the one before; empty where nothing
    /// is known of it.
    pub fn neighbours(&self) -> Rc<[f32]> {
        self.neighbours.clone()
    }

    /// Whether rows are grouped by expert here: then only what works on rows `[T, features]` fits.
    pub fn in_experts(&self) -> bool {
        self.group.is_some()
    }

    /// `part`, under a name of its own inside the block being built.
    pub fn within<T>(&mut self, name: &str, build: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(name.to_owned());
        let outer = self.g.enter(name);
        let out = build(self);
        self.g.leave(outer);
        self.path.pop();
        out
    }

    /// Blocks one after the other.
    pub fn chain(&mut self, blocks: &[Node], x: Value) -> Value {
        blocks.iter().enumerate().fold(x, |x, (i, node)| self.node(i, node, x))
    }

    /// Child number `i` of the block being built.
    pub fn node(&mut self, i: usize, node: &Node, x: Value) -> Value {
        if self.g.is_poisoned(x) {
            return x;
        }
        let name = format!("{}.{}", i + 1, node.block.meta().id);
        self.within(&name, |b| {
            let output = node.block.build(node, b, x);
            b.made.push((b.place(), output));
            b.given.push(x);
            output
        })
    }

    /// `part`, with every weight and row of it belonging to one of `experts` experts: `sizes [E]` rows each, row `t`
    /// to expert `of_row[t]`.
    pub fn grouped<T>(&mut self, experts: usize, sizes: Value, of_row: Value, part: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.group.replace(Group { experts, sizes, of_row });
        let out = part(self);
        self.group = outer;
        out
    }

    /// `part`, whose weights are the same for all experts where it stands inside of them.
    pub fn in_common<T>(&mut self, part: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.common, true);
        let out = part(self);
        self.common = outer;
        out
    }

    /// `part`, whose weights stay as they are initialised: no rule learns them, and no derivative flows to them.
    pub fn frozen<T>(&mut self, part: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.frozen, true);
        let out = part(self);
        self.frozen = outer;
        out
    }

    /// `part`, built with other numbers in the place of the network's own weights: wherever it asks for one of `weights`
    /// it gets the value beside it, of the same shape. Such a copy leaves nothing behind for the step: no weight used,
    /// no running statistic, no auxiliary loss, no tap.
    pub fn instead<T>(&mut self, weights: &[(SlotId, Value)], part: impl FnOnce(&mut Self) -> T) -> T {
        let others = self.others.clone();
        self.others.extend(weights.iter().copied());
        let kept = (self.params.clone(), self.losses.len(), self.writes.clone(), self.taps.len(), self.made.len());
        let shown = self.exhibits.len();
        let out = part(self);
        self.others = others;
        (self.params, self.writes) = (kept.0, kept.2);
        self.losses.truncate(kept.1);
        self.taps.truncate(kept.3);
        self.made.truncate(kept.4);
        self.given.truncate(kept.4);
        self.exhibits.truncate(shown);
        out
    }

    /// The full name of a register of the block being built.
    pub fn name(&self, name: &str) -> String {
        match &self.home {
            None => format!("{}/{name}", self.path.join("/")),
            Some((home, from)) => {
                let own: String = self.path[*from..].iter().map(|part| format!("{part}/")).collect();
                format!("{home}/{own}{name}")
            }
        }
    }

    fn declare(&mut self, name: &str, role: Role, shape: Vec<usize>, init: Init) -> SlotId {
        let name = self.name(name);
        self.g.declare(Slot { name, role, shape: Shape(shape), init })
    }

    /// `x [B, …]` as rows `[B, features]`.
    pub fn flat(&mut self, x: Value) -> Value {
        if self.g.is_poisoned(x) {
            return x;
        }
        let shape = self.g.shape(x);
        let batch = shape.first().copied().unwrap_or(1);
        let features = shape.iter().skip(1).product();
        self.g.reshape(x, [batch, features])
    }

    /// A weight matrix `[inputs, units]` applied to `x [.., inputs]`: to each expert's rows its own. Initialised
    /// uniformly in ±√(gain · 3 / inputs), so that its variance is gain / inputs.
    pub fn matmul(&mut self, name: &str, x: Value, units: usize, gain: f32) -> Value {
        let init = Init::Uniform { bound: (gain * 3.0 / self.g.shape(x).last().max(1) as f32).sqrt() };
        self.matmul_by(name, x, units, init, |_, w| w)
    }

    /// The same with weights `made` of the numbers that are learned, which begin as `init` says.
    pub fn matmul_by(
        &mut self,
        name: &str,
        x: Value,
        units: usize,
        init: Init,
        made: impl FnOnce(&mut Graph, Value) -> Value,
    ) -> Value {
        let shape = self.g.shape(x).clone();
        let inputs = shape.last();
        let Some(group) = self.group.filter(|_| !self.common) else {
            let w = self.param(name, vec![inputs, units], init);
            let w = made(self.g, w);
            let rows = self.g.reshape(x, [shape.size() / inputs.max(1), inputs]);
            let y = self.g.matmul(rows, w);
            let mut out = shape;
            if let Some(last) = out.0.last_mut() {
                *last = units;
            }
            return self.g.reshape(y, out);
        };
        let w = self.param(name, vec![group.experts, inputs, units], init);
        let w = made(self.g, w);
        self.g.push(GroupedMatMul { transposed: false }, &[x, w, group.sizes])
    }

    /// The shape of a weight that each expert has of its own: `shape`, behind the number of experts where there are some.
    pub fn per_expert(&self, shape: &[usize]) -> Vec<usize> {
        self.group.iter().map(|group| group.experts).chain(shape.iter().copied()).collect()
    }

    /// A weight of its own for each of `features`, ready to broadcast over rows: `[features]`, or `[T, features]` with
    /// each row its expert's.
    pub fn per_feature(&mut self, name: &str, features: usize, init: Init) -> Value {
        match self.group.filter(|_| !self.common) {
            None => self.param(name, vec![features], init),
            Some(group) => {
                let table = self.param(name, vec![group.experts, features], init);
                self.g.push(Gather, &[table, group.of_row])
            }
        }
    }

    /// A weight of any shape, not split among experts.
    pub fn param(&mut self, name: &str, shape: Vec<usize>, init: Init) -> Value {
        if let (Some(make), false) = (self.maker.clone(), self.frozen) {
            return make(self.g, &self.name(name), &Shape(shape), init);
        }
        let slot = self.declare(name, Role::Param, shape.clone(), init);
        if self.g.slot(slot).shape.0 != shape {
            return self.g.poison();
        }
        if let Some(&other) = self.others.get(&slot) {
            return other;
        }
        if self.frozen {
            let fixed = self.g.read(slot);
            return self.g.detach(fixed);
        }
        if !self.params.contains(&slot) {
            self.params.push(slot);
        }
        self.g.read(slot)
    }

    /// A running statistic; [`Build::keep`] writes it.
    pub fn state(&mut self, name: &str, shape: Vec<usize>, init: Init) -> (SlotId, Value) {
        let slot = self.declare(name, Role::State, shape.clone(), init);
        if self.g.slot(slot).shape.0 != shape {
            return (slot, self.g.poison());
        }
        (slot, self.g.read(slot))
    }

    /// A register of `values [n]` that follow from the data and the settings, and never change.
    pub fn given(&mut self, name: &str, values: Vec<f32>) -> Value {
        let slot = self.declare(name, Role::Input, vec![values.len()], Init::Constant(0.0));
        self.g.give(slot, values);
        self.g.read(slot)
    }

    /// Has the step write a running statistic; the last word of a step counts. No derivative flows through it.
    pub fn keep(&mut self, slot: SlotId, value: Value) {
        let value = self.g.detach(value);
        self.writes.retain(|w| w.0 != slot);
        self.writes.push((slot, value));
    }

    /// Adds `loss []`, already weighted, to what this stage minimises. One and the same value counts once: what asks
    /// something of weights asks it once, however often the weights are met.
    pub fn penalise(&mut self, loss: Value) {
        if !self.losses.contains(&loss) {
            self.losses.push(loss);
        }
    }

    /// The auxiliary losses since the stage began.
    pub fn losses(&self) -> &[Value] {
        &self.losses
    }

    /// Leaves `value` for people to look at. What a place shows again, in a further round of a loop, is numbered.
    pub fn show(&mut self, picture: Picture, value: Value) {
        let place = self.place();
        let again =
            |path: &str| path.strip_prefix(&place).is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("));
        let before = self.exhibits.iter().filter(|e| e.picture == picture && again(&e.path)).count();
        let path = if before == 0 { place } else { format!("{place} ({})", before + 1) };
        self.exhibits.push(Exhibit { path, picture, value });
    }

    /// Uniform noise in [0, 1), different at every call, step and seed.
    pub fn uniform(&mut self, shape: &Shape) -> Value {
        self.noise(Distribution::Uniform, shape)
    }

    /// Normal noise of mean 0 and variance 1, different at every call, step and seed.
    pub fn normal(&mut self, shape: &Shape) -> Value {
        self.noise(Distribution::Normal, shape)
    }

    fn noise(&mut self, distribution: Distribution, shape: &Shape) -> Value {
        self.draws += 1;
        let name = format!("{}/noise {}", self.path.join("/"), self.draws);
        let noise = Noise { distribution, stream: stream(&name), shape: shape.clone() };
        self.g.push(noise, &[self.clock.seed, self.clock.step])
    }

    /// Notes a fault at the block being built.
    pub fn fault(&mut self, message: impl Into<String>, mend: impl Into<String>) -> Value {
        self.g.fault(message, mend)
    }

    /// The block's path as people read it.
    pub fn place(&self) -> String {
        self.path.join(" › ")
    }
}
