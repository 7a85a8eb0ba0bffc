//! A trained network to look at: what its blocks are given and give for training samples, run on the CPU.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::parts::Network;
use crate::ad;
use crate::check::check;
use crate::data::{Answer, Data};
use crate::diagnostic::Diagnostic;
use crate::exec::Executor;
use crate::exec::cpu::Cpu;
use crate::ir::{Graph, Init, Program, Role, Shape, Slot, SlotId, Stmt, Value};
use crate::lab::{MEMORY, rows, samples};
use crate::lesson::Learn;
use crate::net::{Clock, Mode, Picture};
use crate::plan::compile;
use crate::rules::Task;
use crate::spec::Spec;
use crate::spec::resolve::resolve;
use crate::weights::{Tensor, Weights, placed};

/// A network, what it learned from, and its weights by their registers' names. The stages are taken in series, whatever
/// the rule.
#[derive(Debug, Clone, Copy)]
pub struct Trained<'a> {
    pub spec: &'a Spec,
    pub data: &'a Data,
    pub weights: &'a Weights,
}

/// What answers are held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Against<'a> {
    /// The samples' own labels or numbers.
    Labels,
    /// One class for each sample.
    Classes(&'a [f32]),
}

/// What was seen of a block. Where it was built several times, once for each.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// `[N, …]`.
    pub input: Tensor,
    pub output: Tensor,
    /// Derivative of the sum of the samples' losses by the output.
    pub slope: Tensor,
}

/// What was seen of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    /// The blocks that were asked for, by path: `1/2.linear`.
    pub blocks: BTreeMap<String, Vec<Seen>>,
    /// `[N, …, outputs]`.
    pub logits: Tensor,
    /// Loss of each sample `[N]`.
    pub losses: Tensor,
    /// Share of the rows that each expert received `[E]`, by path of the route.
    pub loads: BTreeMap<String, Vec<Tensor>>,
    /// Shares of attention `[N, heads, queries, keys]`, by path of the block.
    pub attention: BTreeMap<String, Vec<Tensor>>,
}

impl Sight {
    /// Mean loss of the samples.
    pub fn loss(&self) -> f64 {
        self.losses.data.iter().map(|&l| f64::from(l)).sum::<f64>() / self.losses.data.len().max(1) as f64
    }
}

/// Registers that a look leaves its values in.
#[derive(Default)]
struct Notes {
    slots: Vec<SlotId>,
    writes: Vec<(SlotId, Value)>,
}

impl Notes {
    /// The number under which `value` will be read.
    fn note(&mut self, g: &mut Graph, value: Value) -> usize {
        let (name, shape) = (format!("look/{}", self.slots.len()), g.shape(value).clone());
        let slot = g.declare(Slot { name, role: Role::Metric, shape, init: Init::Constant(0.0) });
        self.slots.push(slot);
        self.writes.push((slot, value));
        self.slots.len() - 1
    }
}

impl Trained<'_> {
    /// The network taken apart.
    pub fn network(&self) -> Network {
        Network::apart(&self.spec.stages, self.weights)
    }

    /// Mean loss over `count` training samples of `network` in the place of this one.
    ///
    /// # Errors
    /// As [`Trained::look`].
    pub fn loss_of(&self, network: Network, count: usize) -> Result<f64, Diagnostic> {
        let (stages, weights) = network.together();
        let spec = Spec { stages, ..self.spec.clone() };
        Trained { spec: &spec, data: self.data, weights: &weights }.look(count, &[], Against::Labels).map(|s| s.loss())
    }

    /// Passes `count` training samples, spread over all of them, through the network as it answers, and notes the blocks
    /// of `paths`. A path at which no block was built is left out.
    ///
    /// # Errors
    /// Weights that do not fit the network, or more numbers than fit into memory.
    pub fn look(&self, count: usize, paths: &[String], against: Against) -> Result<Sight, Diagnostic> {
        let resolved = resolve(self.spec).map_err(first)?;
        let (net, task) = (resolved.net(self.data), resolved.task(self.data));
        let g = &mut Graph::new();
        let mut counter = |name: &str| {
            let (shape, init) = (Shape::from([2]), Init::Constant(0.0));
            let slot = g.declare(Slot { name: name.to_owned(), role: Role::State, shape, init });
            g.read(slot)
        };
        let clock = Clock { seed: counter("seed"), step: counter("step") };
        let from = samples(g, "train", self.data, &self.data.train);
        let count = count.min(from.len).max(1);
        let chosen = input(g, "look/chosen", &[count]);
        let index = g.read(chosen);
        let batch = rows(g, from, index, &task);
        let classes = input(g, "look/classes", &[count]);
        let target = match against {
            Against::Labels => batch.target,
            Against::Classes(_) => {
                let classes = g.read(classes);
                g.one_hot(classes, task.outputs)
            }
        };
        let mut b = net.build(g, Mode::Eval, clock);
        let passes = net.forward(&mut b, batch.x);
        let (made, given, taps) = (b.made, b.given, b.taps);
        let exhibits = b.exhibits;
        let Some(logits) = passes.last().map(|pass| pass.output) else {
            return Err(Diagnostic::new("stages", "the network has no stage", "add one"));
        };
        let losses = losses(g, &net, &task, clock, logits, target);
        let total = g.total(losses);

        let mut notes = Notes::default();
        let wanted = |place: &str| paths.iter().find(|p| **p == named(place)).cloned();
        let seen: Vec<(String, Value, Value)> = made
            .iter()
            .zip(&given)
            .filter_map(|((place, output), &input)| Some((wanted(place)?, input, *output)))
            .collect();
        let outputs: Vec<Value> = seen.iter().map(|s| s.2).collect();
        let slopes = if outputs.is_empty() { Vec::new() } else { ad::gradients(g, total, &outputs, &ad::Exact) };
        let answers = [logits, losses].map(|v| notes.note(g, v));
        let seen: Vec<(String, [usize; 3])> = seen
            .into_iter()
            .zip(slopes)
            .map(|((path, input, output), slope)| (path, [input, output, slope].map(|v| notes.note(g, v))))
            .collect();
        let loads: Vec<_> = taps.iter().map(|tap| (named(&tap.path), notes.note(g, tap.load))).collect();
        let attended = exhibits.iter().filter(|e| e.picture == Picture::Attention);
        let attended: Vec<_> = attended.map(|e| (named(&e.path), notes.note(g, e.value))).collect();

        let graph = Rc::new(std::mem::take(g));
        let program = Program::new(graph.clone(), "look", vec![Stmt::Tick(notes.writes)]);
        if let Some(fault) = check(&program).into_iter().next() {
            return Err(fault);
        }
        let plan = Rc::new(compile(&graph, std::slice::from_ref(&program)));
        if 4 * plan.size as u64 > MEMORY {
            let message = format!("looking at {count} samples needs {} MB", plan.size >> 18);
            return Err(Diagnostic::new("samples", message, "look at fewer samples"));
        }
        let mut cpu = Cpu::new(plan.clone());
        for id in graph.slot_ids() {
            if let Init::Constant(c) = graph.slot(id).init {
                cpu.write(plan.slot(id).start, &vec![c; graph.slot(id).shape.size()]);
            }
        }
        for (slot, values) in placed(&graph, self.weights)? {
            cpu.write(plan.slot(slot).start, values);
        }
        for (slot, values) in from.content(&self.data.train) {
            cpu.write(plan.slot(slot).start, &values);
        }
        let spread: Vec<f32> = (0..count).map(|i| (i * from.len / count) as f32).collect();
        cpu.write(plan.slot(chosen).start, &spread);
        match against {
            Against::Labels => {}
            Against::Classes(given) => cpu.write(plan.slot(classes).start, &given[..count.min(given.len())]),
        }
        cpu.run(0, 1);
        let read = |note: usize| {
            let slot = notes.slots[note];
            Tensor::new(&graph.slot(slot).shape.0, cpu.content(plan.slot(slot)).to_vec())
        };
        let mut blocks: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
        for (path, [input, output, slope]) in seen {
            let one = Seen { input: read(input), output: read(output), slope: read(slope) };
            blocks.entry(path).or_default().push(one);
        }
        let by_path = |all: Vec<(String, usize)>| {
            let mut out: BTreeMap<String, Vec<Tensor>> = BTreeMap::new();
            for (path, note) in all {
                out.entry(path).or_default().push(read(note));
            }
            out
        };
        let (logits, losses) = (read(answers[0]), read(answers[1]));
        Ok(Sight { blocks, logits, losses, loads: by_path(loads), attention: by_path(attended) })
    }

    /// The blocks of `paths`, as [`Trained::look`] sees them, given one class a sample is asked for.
    ///
    /// # Errors
    /// As [`Trained::look`], and where the data asks for anything else.
    pub fn look_at_classes(&self, count: usize, paths: &[String], against: Against) -> Result<Sight, Diagnostic> {
        match self.data.answer {
            Answer::Class => self.look(count, paths, against),
            Answer::ClassAtPlaces(_) | Answer::Numbers => {
                Err(Diagnostic::new("data", "it asks for more than one class a sample", "choose other data"))
            }
        }
    }
}

/// A place as people read it, as registers are named: `1 › 2.linear` to `1/2.linear`. Of a later round of a route, the
/// route.
fn named(place: &str) -> String {
    place.split(" (round ").next().unwrap_or_default().replace(" › ", "/")
}

fn first(faults: Vec<Diagnostic>) -> Diagnostic {
    faults.into_iter().next().unwrap_or_else(|| Diagnostic::new("", "it cannot be read", ""))
}

fn input(g: &mut Graph, name: &str, shape: &[usize]) -> SlotId {
    let (name, shape) = (name.to_owned(), Shape::from(shape));
    g.declare(Slot { name, role: Role::Input, shape, init: Init::Constant(0.0) })
}

fn losses(g: &mut Graph, net: &crate::net::Net, task: &Task, clock: Clock, logits: Value, target: Value) -> Value {
    let knobs = crate::registry::Knobs::default();
    Learn { g, net, task, knobs: &knobs, clock }.losses(logits, target)
}
