//! An experiment made ready to run: spec and data to programs and plan.
//!
//! What every run has, whatever its rule, is built here: fetching a batch, the optimizer's writes, the counters, the
//! evaluation on both splits, the probes. The rule says only what a step learns.

use std::rc::Rc;

use crate::check::check;
use crate::cost;
use crate::data::{Answer, Data, Split, UNCOUNTED, Window};
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Init, Program, Role, Shape, Slot, SlotId, Stmt, Value};
use crate::lesson::{Batch, Learn};
use crate::net::{Clock, Net, Tap, stream};
use crate::noise::Stream;
use crate::ops::random::{Shuffle, halves};
use crate::ops::rows::Gather;
use crate::plan::{Plan, compile};
use crate::probes::{Measure, PROBES};
use crate::protocol::CostInfo;
use crate::rules::{Rule, Task, fits};
use crate::spec::Spec;
use crate::spec::resolve::{Resolved, resolve};

mod evaluate;
pub mod summary;

/// Bytes an experiment may take: what a 32-bit page and a school laptop can give.
pub const MEMORY: u64 = 1 << 30;

/// Registers that every run has.
#[derive(Debug, Clone, Copy)]
pub struct Registers {
    pub seed: SlotId,
    pub step: SlotId,
    pub loss: SlotId,
    pub accuracy: SlotId,
    pub train: Samples,
    pub test: Samples,
}

/// Where a split's samples lie.
#[derive(Debug, Clone, Copy)]
pub struct Samples {
    /// `[N, …]`, or the series `[L]` over which samples are windows.
    pub x: SlotId,
    /// Answers: `[N]`, `[N, places]`, `[N, outputs]`; the series where samples are windows.
    pub y: SlotId,
    /// How many samples there are.
    pub len: usize,
    pub window: Option<Window>,
}

impl Samples {
    /// The registers with their content, which is `split`.
    pub fn content(&self, split: &Split) -> Vec<(SlotId, Vec<f32>)> {
        let mut all = vec![(self.x, split.x.clone())];
        all.extend((self.y != self.x).then(|| (self.y, split.y.clone())));
        all
    }
}

/// A measurement that a run can make: its program, and the registers it leaves its tensors in.
#[derive(Debug, Clone)]
pub struct Measurement {
    pub probe: &'static str,
    /// Number of its program in the plan.
    pub program: usize,
    pub tensors: Vec<(String, SlotId)>,
    /// Measured when a run is loaded, and not again.
    pub once: bool,
    /// Reads what the last evaluation left.
    pub after_evaluation: bool,
}

/// An experiment ready to run.
pub struct Lab {
    pub graph: Rc<Graph>,
    pub programs: Vec<Program>,
    pub plan: Rc<Plan>,
    pub registers: Registers,
    pub measurements: Vec<Measurement>,
    /// Programs that make up an evaluation, in the order in which they are to run; other steps may not come between.
    pub evaluation: Vec<usize>,
    /// Registers in which an evaluation leaves `loss []` and `accuracy []` of the training and the test split.
    pub scores: [[SlotId; 2]; 2],
    pub net: Net,
    pub task: Task,
    /// What a step costs under this rule, and under backpropagation.
    pub cost: CostInfo,
    pub backprop: CostInfo,
    pub by_stage: std::collections::BTreeMap<String, u64>,
}

/// Number of the program that every run has first.
pub const STEP: usize = 0;

impl Lab {
    /// Builds `spec` on `data`.
    ///
    /// # Errors
    /// Every fault of the spec, with its place.
    pub fn new(spec: &Spec, data: &Data) -> Result<Self, Vec<Diagnostic>> {
        let resolved = resolve(spec)?;
        let (net, task) = (resolved.net(data), resolved.task(data));
        let rule = resolved.rule.entry;
        fits(rule, &net, &task, &resolved.rule.knobs).map_err(|f| vec![placed(f)])?;

        let mut builder = Builder::new(&resolved, &net, &task, data);
        let (step, taps) = builder.step(rule, &resolved.rule.knobs);
        let mut bodies = vec![("step".to_owned(), step)];
        let evaluate::Evaluation { parts, sequence, scores, confusion } =
            builder.evaluate(rule, &resolved.rule.knobs, bodies.len());
        bodies.extend(parts);
        let recipe = resolved.recipe();
        let mut measurements = Vec::new();
        for probe in PROBES {
            let mut cx = Measure {
                learn: Learn {
                    g: &mut builder.g,
                    net: &net,
                    task: &task,
                    knobs: &resolved.rule.knobs,
                    clock: builder.clock,
                },
                rule,
                data,
                recipe: &recipe,
                registers: builder.registers,
                taps: &taps,
                confusion,
            };
            let Some(recording) = probe.measure(&mut cx) else { continue };
            let values = recording.tensors;
            let id = probe.meta().id;
            let writes: Vec<(SlotId, Value)> = values
                .iter()
                .map(|(name, v)| (builder.metric(&format!("probe/{id}/{name}"), builder.g.shape(*v).clone()), *v))
                .collect();
            let tensors: Vec<(String, SlotId)> =
                values.into_iter().zip(&writes).map(|((name, _), (slot, _))| (name, *slot)).collect();
            let mut body = recording.before;
            body.push(Stmt::Tick(writes));
            body.extend(tensors.iter().map(|(_, slot)| Stmt::Emit { probe: id.to_owned(), slot: *slot }));
            measurements.push(Measurement {
                probe: id,
                program: bodies.len(),
                tensors,
                once: probe.once(),
                after_evaluation: probe.after_evaluation(),
            });
            bodies.push((id.to_owned(), body));
        }

        let registers = builder.registers;
        let graph = Rc::new(builder.g);
        if !graph.faults().is_empty() {
            return Err(graph.faults().iter().cloned().map(placed).collect());
        }
        let programs: Vec<Program> =
            bodies.into_iter().map(|(name, body)| Program::new(graph.clone(), name, body)).collect();
        let faults: Vec<Diagnostic> = programs.iter().flat_map(check).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let plan = Rc::new(compile(&graph, &programs));
        let needed = 4 * plan.size as u64;
        if needed > MEMORY {
            let message =
                format!("the experiment needs {} MB of memory, the limit is {} MB", needed >> 20, MEMORY >> 20);
            return Err(vec![Diagnostic::new("stages", message, "use fewer units, a smaller batch, or less data")]);
        }
        let figures = cost::figures(&programs[STEP]);
        let cost = summary::cost(&graph, &programs[STEP], &plan, task.batch);
        let backprop = summary::backprop(spec, data).unwrap_or_else(|| cost.clone());
        let by_stage = figures.by_stage;
        Ok(Self {
            graph,
            programs,
            plan,
            registers,
            measurements,
            evaluation: sequence,
            scores,
            net,
            task,
            cost,
            backprop,
            by_stage,
        })
    }

    /// What register `id` holds before the first step of a run of this seed.
    pub fn initial(&self, id: SlotId, seed: u32) -> Vec<f32> {
        let slot = self.graph.slot(id);
        let noise = Stream { seed, stream: stream(&slot.name) };
        let size = slot.shape.size() as u32;
        if id == self.registers.seed {
            return halves(seed).to_vec();
        }
        match slot.init {
            Init::Constant(c) => vec![c; size as usize],
            Init::Uniform { bound } => (0..size).map(|i| (2.0 * noise.uniform(0, i) - 1.0) * bound).collect(),
            Init::As(other) => self.initial(other, seed),
            Init::Normal { std } => (0..size).map(|i| noise.normal(0, i) * std).collect(),
        }
    }

    /// The data registers with their content.
    pub fn inputs(&self, data: &Data) -> Vec<(SlotId, Vec<f32>)> {
        let Registers { train, test, .. } = self.registers;
        let mut all = [train.content(&data.train), test.content(&data.test)].concat();
        all.extend(self.graph.given().iter().cloned());
        all
    }

    /// Steps in one pass over the training samples.
    pub fn steps_per_epoch(&self) -> f64 {
        self.registers.train.len as f64 / self.task.batch as f64
    }
}

/// A fault met in the network, with the place it has in the spec.
fn placed(fault: Diagnostic) -> Diagnostic {
    if fault.path.is_empty() {
        fault.within("rule")
    } else if fault.path.starts_with(|c: char| c.is_ascii_digit()) {
        fault.within("stages")
    } else {
        fault
    }
}

/// What the programs of one run are built with.
struct Builder<'a> {
    g: Graph,
    clock: Clock,
    registers: Registers,
    resolved: &'a Resolved,
    net: &'a Net,
    task: &'a Task,
    /// Variance of the numbers that are to be told, over the training samples; 1 for classes.
    spread: f32,
}

impl<'a> Builder<'a> {
    fn new(resolved: &'a Resolved, net: &'a Net, task: &'a Task, data: &Data) -> Self {
        let mut g = Graph::new();
        let (train, test) = (samples(&mut g, "train", data, &data.train), samples(&mut g, "test", data, &data.test));
        let mut declare = |name: &str, role, shape: Vec<usize>, init: f32| {
            g.declare(Slot { name: name.to_owned(), role, shape: Shape(shape), init: Init::Constant(init) })
        };
        let registers = Registers {
            seed: declare("seed", Role::Knob, vec![2], 0.0),
            step: declare("step", Role::State, vec![2], 0.0),
            loss: declare("loss", Role::Metric, Vec::new(), 0.0),
            accuracy: declare("accuracy", Role::Metric, Vec::new(), 0.0),
            train,
            test,
        };
        let clock = Clock { seed: g.read(registers.seed), step: g.read(registers.step) };
        Self { g, clock, registers, resolved, net, task, spread: spread(data) }
    }

    fn metric(&mut self, name: &str, shape: Shape) -> SlotId {
        self.g.declare(Slot { name: name.to_owned(), role: Role::Metric, shape, init: Init::Constant(0.0) })
    }

    /// How good each answer of `logits` is, `[B]`: 1 where the largest element stands at the label, else 0, and the mean
    /// of that over the places that count; for numbers, what is left of the spread of the training samples' numbers is
    /// taken from 1, so that the mean over the samples is the coefficient of determination R².
    fn marks(&mut self, logits: Value, labels: Value) -> Value {
        let (spread, g) = (self.spread, &mut self.g);
        let batch = g.shape(logits).first().copied().unwrap_or(1);
        match self.task.answer {
            Answer::Class => {
                let answer = g.arg_max(logits);
                g.eq(answer, labels)
            }
            Answer::ClassAtPlaces(_) => {
                let answer = g.arg_max(logits);
                let hit = g.eq(answer, labels);
                let least = g.constant(UNCOUNTED);
                let counts = g.lt(least, labels);
                let (hits, places) = (g.sum(hit, &[1]), g.sum(counts, &[1]));
                let one = g.constant(1.0);
                let places = g.maximum(places, one);
                let share = g.div(hits, places);
                g.reshape(share, [batch])
            }
            Answer::Numbers => {
                let off = g.sub(logits, labels);
                let square = g.square(off);
                let mean = g.mean(square, &[1]);
                let rest = g.scale(mean, 1.0 / spread);
                let one = g.constant(1.0);
                let mark = g.sub(one, rest);
                g.reshape(mark, [batch])
            }
        }
    }

    fn learn<'b>(&'b mut self, knobs: &'b crate::registry::Knobs) -> Learn<'b> {
        Learn { g: &mut self.g, net: self.net, task: self.task, knobs, clock: self.clock }
    }

    /// One step: a batch, what the rule learns from it, the optimizer's writes, the counters.
    fn step(&mut self, rule: &dyn Rule, knobs: &crate::registry::Knobs) -> (Vec<Stmt>, Vec<(Tap, [SlotId; 3])>) {
        let batch = batch(&mut self.g, self.clock, self.registers.train, self.task, rule.hold(knobs));
        let lesson = rule.learn(&mut self.learn(knobs), batch);
        let recipe = self.resolved.recipe();
        let mut writes = recipe.step_aged(&mut self.g, self.clock, &lesson.updates, &lesson.ages);
        writes.extend(&lesson.writes);
        writes.push((self.registers.step, advanced(&mut self.g, self.clock.step)));
        writes.push((self.registers.loss, lesson.loss));
        let (logits, labels) = lesson.seen.unwrap_or((lesson.logits, batch.labels));
        let marks = self.marks(logits, labels);
        let accuracy = self.g.mean_all(marks);
        writes.push((self.registers.accuracy, accuracy));
        let mut taps = Vec::new();
        for tap in lesson.taps {
            let load = self.metric(&format!("route/{}/load", tap.path), self.g.shape(tap.load).clone());
            let entropy = self.metric(&format!("route/{}/entropy", tap.path), Shape::default());
            let dropped = self.metric(&format!("route/{}/dropped", tap.path), Shape::default());
            writes.extend([(load, tap.load), (entropy, tap.entropy), (dropped, tap.dropped)]);
            taps.push((tap, [load, entropy, dropped]));
        }
        let emit = |probe: &str, slot| Stmt::Emit { probe: probe.to_owned(), slot };
        let mut body = lesson.before;
        body.push(Stmt::Tick(writes));
        body.extend(lesson.after);
        body.extend([emit("loss", self.registers.loss), emit("accuracy", self.registers.accuracy)]);
        (body, taps)
    }
}

/// Variance of the numbers that the training samples ask for, each output about its own mean; 1 for classes, and where
/// nothing varies.
fn spread(data: &Data) -> f32 {
    if data.answer != Answer::Numbers {
        return 1.0;
    }
    let (numbers, outputs) = match data.window {
        Some(_) => (&data.train.x, 1),
        None => (&data.train.y, data.outputs.len().max(1)),
    };
    let variance = |output: usize| {
        let all = || numbers.iter().skip(output).step_by(outputs).map(|&v| f64::from(v));
        let n = all().count().max(1) as f64;
        let mean = all().sum::<f64>() / n;
        all().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n
    };
    let mean = (0..outputs).map(variance).sum::<f64>() / outputs as f64;
    if mean > 0.0 { mean as f32 } else { 1.0 }
}

/// The batch that the step of this clock looks at, when each batch stays for `hold` steps.
pub fn batch(g: &mut Graph, clock: Clock, from: Samples, task: &Task, hold: u32) -> Batch {
    let shuffle = Shuffle { rows: from.len, batch: task.batch, stream: stream("batch") };
    let (turn, _) = clock.turns(g, hold);
    let index = g.push(shuffle, &[clock.seed, turn]);
    rows(g, from, index, task)
}

/// Declares the registers, named after `name`, in which the samples of `split` lie.
pub fn samples(g: &mut Graph, name: &str, data: &Data, split: &Split) -> Samples {
    let mut declare = |name: String, shape: Vec<usize>| {
        g.declare(Slot { name, role: Role::Input, shape: Shape(shape), init: Init::Constant(0.0) })
    };
    let (len, window) = (data.samples(split), data.window);
    let x_name = format!("{name}/x");
    if window.is_some() {
        let x = declare(x_name, vec![split.x.len()]);
        return Samples { x, y: x, len, window };
    }
    let answer = match data.answer {
        Answer::Class => vec![len],
        Answer::ClassAtPlaces(places) => vec![len, places],
        Answer::Numbers => vec![len, data.outputs.len()],
    };
    let x = declare(x_name, [&[len], data.input.as_slice()].concat());
    Samples { x, y: declare(format!("{name}/y"), answer), len, window }
}

/// The samples of a split that `index [B]` names.
pub fn rows(g: &mut Graph, from: Samples, index: Value, task: &Task) -> Batch {
    let (x, y) = (g.read(from.x), g.read(from.y));
    let (x, labels) = match from.window {
        None => (g.push(Gather, &[x, index]), g.push(Gather, &[y, index])),
        Some(Window { length, offset, answer, stride }) => {
            let begin = g.scale(index, stride as f32);
            let batch = g.shape(index).size();
            let begin = g.reshape(begin, [batch, 1]);
            let mut from = |start: usize, len: usize| {
                let places = g.iota(len);
                let start = g.constant(start as f32);
                let places = g.add(places, start);
                let places = g.add(begin, places);
                g.push(Gather, &[x, places])
            };
            (from(0, length), from(offset, answer))
        }
    };
    let target = match task.answer {
        Answer::Class | Answer::ClassAtPlaces(_) => g.one_hot(labels, task.outputs),
        Answer::Numbers => labels,
    };
    Batch { x, labels, target }
}

/// The step counter one step on: 32 bits in two halves of 16, low half first.
fn advanced(g: &mut Graph, step: Value) -> Value {
    let low = g.slice(step, 0, 0, 1);
    let high = g.slice(step, 0, 1, 1);
    let one = g.constant(1.0);
    let next = g.add(low, one);
    let full = g.constant(65535.5);
    let carry = g.lt(full, next);
    let zero = g.constant(0.0);
    // Chosen by position rather than put side by side: one command instead of three.
    let half = g.iota(2);
    let low = g.select(carry, zero, next);
    let high = g.add(high, carry);
    g.select(half, high, low)
}
