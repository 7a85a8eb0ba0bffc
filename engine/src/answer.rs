//! What the network answers, apart from any run: the rule's own `predict`, by which the run's accuracy is measured, on
//! samples that are given. Weights and memory are read, and none is written.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::check::check;
use crate::data::{Answer, Data};
use crate::diagnostic::Diagnostic;
use crate::exec::{Executor, Fault};
use crate::ir::{Graph, Init, Program, Role, Shape, Slot, SlotId, Stmt, Value};
use crate::lesson::Learn;
use crate::net::Clock;
use crate::ops::Op;
use crate::plan::{Plan, compile};
use crate::sorting::collected;
use crate::spec::Spec;
use crate::spec::resolve::{Resolved, resolve};
use crate::weights::{Tensor, Weights};

const INPUT: &str = "input";

/// The answer to so many samples, as a graph.
pub struct Prediction {
    pub g: Graph,
    /// The samples, `[samples, …]`.
    pub input: SlotId,
    /// `[samples, outputs]`, or `[samples, places, outputs]`.
    pub logits: Value,
}

impl Prediction {
    /// # Errors
    /// The network cannot be built for so many samples.
    pub fn new(resolved: &Resolved, data: &Data, samples: usize) -> Result<Self, Vec<Diagnostic>> {
        let (net, mut task) = (resolved.net(data), resolved.task(data));
        task.batch = samples;
        let mut g = Graph::new();
        let mut declare = |name: &str, role, shape: Vec<usize>| {
            g.declare(Slot { name: name.to_owned(), role, shape: Shape(shape), init: Init::Constant(0.0) })
        };
        let input = declare(INPUT, Role::Input, [&[samples], data.input.as_slice()].concat());
        let (seed, step) = (declare("seed", Role::Knob, vec![2]), declare("step", Role::State, vec![2]));
        let clock = Clock { seed: g.read(seed), step: g.read(step) };
        let x = g.read(input);
        let mut cx = Learn { g: &mut g, net: &net, task: &task, knobs: &resolved.rule.knobs, clock };
        let logits = resolved.rule.entry.predict(&mut cx, x);
        if g.faults().is_empty() { Ok(Self { g, input, logits }) } else { Err(g.faults().to_vec()) }
    }

    /// The registers of the run that it reads.
    pub fn reads(&self) -> Vec<SlotId> {
        let live = self.g.live(&[self.logits]);
        let read = |v: Value| if let Op::Read(read) = &self.g.node(v).op { Some(read.slot) } else { None };
        live.into_iter().filter_map(read).filter(|slot| *slot != self.input).collect()
    }

    /// What the registers hold that it reads, out of those of a run.
    ///
    /// # Errors
    /// The run lacks one of them, or has it in another shape.
    pub fn filled(&self, registers: &Weights) -> Result<Weights, Vec<Diagnostic>> {
        let g = &self.g;
        let given: BTreeMap<SlotId, &Vec<f32>> = collected(g.given().iter().map(|(id, v)| (*id, v)));
        let mut all = Weights::new();
        for id in self.reads() {
            let slot = g.slot(id);
            let held = registers.get(&slot.name).filter(|t| t.shape == slot.shape.0);
            let given = given.get(&id).map(|data| Tensor::new(&slot.shape, (*data).clone()));
            let Some(tensor) = held.cloned().or(given) else {
                let mend = "load the experiment anew";
                return Err(vec![Diagnostic::new(&slot.name, "the run does not have this register", mend)]);
            };
            all.insert(slot.name.clone(), tensor);
        }
        Ok(all)
    }
}

/// Why there is no answer.
pub enum Mute {
    Lost(Fault),
    Faults(Vec<Diagnostic>),
}

impl From<Diagnostic> for Mute {
    fn from(fault: Diagnostic) -> Self {
        Mute::Faults(vec![fault])
    }
}

/// One experiment's network, ready to answer one sample after another.
pub struct Answerer {
    prediction: Prediction,
    plan: Rc<Plan>,
    answer: SlotId,
    /// Shape of the answer to one sample.
    shape: Vec<usize>,
    /// Shape of one sample, and how many tokens there are where it is made of them.
    input: Vec<usize>,
    tokens: usize,
}

impl Answerer {
    /// # Errors
    /// What keeps the network from answering one sample alone.
    pub fn new(spec: &Spec, data: &Data) -> Result<Self, Vec<Diagnostic>> {
        let mut prediction = Prediction::new(&resolve(spec)?, data, 1)?;
        let g = &mut prediction.g;
        let value = match data.answer {
            Answer::Class | Answer::ClassAtPlaces(_) => g.softmax(prediction.logits),
            Answer::Numbers => prediction.logits,
        };
        let shape = g.shape(value).clone();
        let answer = Slot { name: "answer".into(), role: Role::Metric, shape, init: Init::Constant(0.0) };
        let shape = answer.shape.iter().skip(1).copied().collect();
        let answer = g.declare(answer);
        let graph = Rc::new(g.clone());
        let program = Program::new(graph.clone(), "answer".to_owned(), vec![Stmt::Tick(vec![(answer, value)])]);
        let faults = check(&program);
        if !faults.is_empty() {
            return Err(faults);
        }
        let plan = Rc::new(compile(&graph, &[program]));
        Ok(Self { prediction, plan, answer, shape, input: data.input.clone(), tokens: data.tokens.len() })
    }

    pub fn plan(&self) -> Rc<Plan> {
        self.plan.clone()
    }

    /// Names of the run's registers that an answer takes.
    pub fn wants(&self) -> impl Iterator<Item = &str> {
        self.prediction.reads().into_iter().map(|id| self.prediction.g.slot(id).name.as_str())
    }

    /// Shape of the answer to one sample: `[outputs]`, or `[places, outputs]`.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The answer to `sample`, row by row, of a run with these registers: probabilities of the classes, or numbers.
    /// `executor` has this one's plan.
    ///
    /// # Errors
    /// The sample is none of this data, the registers are of another run, or the device was lost.
    pub async fn answer(
        &self,
        executor: &mut dyn Executor,
        registers: &Weights,
        sample: &[f32],
    ) -> Result<Vec<f32>, Mute> {
        self.judge(sample)?;
        let g = &self.prediction.g;
        let held = self.prediction.filled(registers).map_err(Mute::Faults)?;
        for id in g.slot_ids() {
            if let Some(tensor) = held.get(&g.slot(id).name) {
                executor.write(self.plan.slot(id).start, &tensor.data);
            }
        }
        executor.write(self.plan.slot(self.prediction.input).start, sample);
        executor.run(0, 1);
        let read = executor.read(&[self.plan.slot(self.answer)]).await.map_err(Mute::Lost)?;
        Ok(read.into_iter().next().unwrap_or_default())
    }

    /// Whether it can be a sample of this data.
    fn judge(&self, sample: &[f32]) -> Result<(), Diagnostic> {
        let fault = |message: String, mend: String| Err(Diagnostic::new("sample", message, mend));
        let (given, wanted) = (sample.len(), self.input.iter().product::<usize>());
        if given != wanted {
            let sides: Vec<_> = self.input.iter().map(usize::to_string).collect();
            let message = format!("{given} numbers were given, and a sample has {wanted}");
            return fault(message, format!("give {} numbers, row by row", sides.join(" × ")));
        }
        if let Some(i) = sample.iter().position(|v| !v.is_finite()) {
            return fault(format!("number {i} is {}", sample[i]), "give finite numbers".to_owned());
        }
        let token = |v: &f32| v.fract() == 0.0 && *v >= 0.0 && (*v as usize) < self.tokens;
        match sample.iter().position(|v| self.tokens > 0 && !token(v)) {
            Some(i) => {
                let mend = format!("give whole numbers from 0 to {}", self.tokens.saturating_sub(1));
                fault(format!("number {i} is {}, which is no token", sample[i]), mend)
            }
            None => Ok(()),
        }
    }
}
