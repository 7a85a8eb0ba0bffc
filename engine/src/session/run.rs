//! One run: an experiment on an executor, with the checkpoints it can go back to.

use std::rc::Rc;

use crate::data::Data;
use crate::exec::{Executor, Fault, Ticket};
use crate::ir::{Role, Slot, SlotId};
use crate::lab::{Lab, Measurement, STEP};
use crate::optim::RATE;
use crate::protocol::{Score, TensorInfo, finite};
use crate::sorting::collected;
use crate::spec::Spec;
use crate::touch::{Touch, What};
use crate::weights::{self, Weights, belongs, placed};

/// The persistent registers at one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub step: u64,
    pub memory: Vec<f32>,
}

/// Loss and accuracy of the last step's batch, and the number of steps taken by then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    pub step: u64,
    pub loss: f32,
    pub accuracy: f32,
}

/// Steps that have been asked for and not answered yet.
struct InFlight {
    step: u64,
    ticket: Ticket,
}

/// See the head of this file.
pub struct Run {
    pub number: u32,
    pub spec: Spec,
    pub data: Rc<Data>,
    pub lab: Rc<Lab>,
    pub executor: Box<dyn Executor>,
    /// Steps asked for so far.
    pub step: u64,
    /// What was done to it that its spec does not tell.
    pub touches: Vec<Touch>,
    /// Knobs turned since the run was loaded, by register.
    turned: Vec<(SlotId, f32)>,
    in_flight: Option<InFlight>,
    /// The weights it begins with; empty for the initial ones of its seed.
    origin: Weights,
}

/// One tensor of a measurement.
pub type Tensor = (TensorInfo, Vec<f32>);

impl Run {
    /// The experiment on `executor`, whose arena holds nothing yet, at the weights of `origin`, which fit it, or at its
    /// initial ones where that is empty.
    pub fn new(
        number: u32,
        spec: Spec,
        data: Rc<Data>,
        lab: Rc<Lab>,
        executor: Box<dyn Executor>,
        origin: Weights,
    ) -> Self {
        let (touches, turned, in_flight) = (Vec::new(), Vec::new(), None);
        let mut run = Self { number, spec, data, lab, executor, step: 0, touches, turned, in_flight, origin };
        run.fill();
        run
    }

    /// Writes every register: the data, the initial values, and the knobs as they were turned.
    fn fill(&mut self) {
        for (slot, values) in self.lab.inputs(&self.data) {
            self.executor.write(self.lab.plan.slot(slot).start, &values);
        }
        self.reset();
        for &(slot, value) in &self.turned {
            self.executor.write(self.lab.plan.slot(slot).start, &[value]);
        }
    }

    /// Back to the weights it began with. Knobs stay as they are turned.
    pub fn reset(&mut self) {
        let role = |id: SlotId| self.lab.graph.slot(id).role;
        let turned = |id: SlotId| self.turned.iter().any(|t| t.0 == id);
        for id in self.lab.graph.slot_ids().filter(|&id| role(id) != Role::Input && !turned(id)) {
            let values = self.lab.initial(id, self.spec.seed);
            self.executor.write(self.lab.plan.slot(id).start, &values);
        }
        for (id, values) in placed(&self.lab.graph, &self.origin).unwrap_or_default() {
            self.executor.write(self.lab.plan.slot(id).start, values);
        }
        self.step = 0;
        self.in_flight = None;
    }

    /// Forgets what was done to it since its beginning, to which it has gone back.
    pub fn untouch(&mut self) {
        if self.origin.is_empty() {
            self.touches.clear();
        }
        while self.touches.last().is_some_and(|t| matches!(t.what, What::Hand { .. })) {
            self.touches.pop();
        }
    }

    /// Sets a live knob by its register's name; whether there is one.
    pub fn turn(&mut self, name: &str, value: f32) -> bool {
        let Some(slot) = self.lab.graph.find_slot(name) else { return false };
        if self.lab.graph.slot(slot).role != Role::Knob || slot == self.lab.registers.seed {
            return false;
        }
        self.turned.retain(|t| t.0 != slot);
        self.turned.push((slot, value));
        self.executor.write(self.lab.plan.slot(slot).start, &[value]);
        true
    }

    /// The learning rate before its schedule, as it is turned now.
    pub fn rate(&self) -> f64 {
        let slot = self.lab.graph.find_slot(RATE);
        let turned = self.turned.iter().find(|t| Some(t.0) == slot);
        turned.map_or(self.spec.rate, |t| f64::from(t.1))
    }

    /// Moves to another executor, whose arena holds nothing yet, and goes on from `from` there.
    pub fn moved(&mut self, executor: Box<dyn Executor>, from: &Checkpoint) {
        self.executor = executor;
        self.fill();
        self.restore(from);
    }

    pub fn restore(&mut self, from: &Checkpoint) {
        self.in_flight = None;
        self.executor.write(self.lab.plan.checkpoint().start, &from.memory);
        self.step = from.step;
    }

    /// The state after every step asked for so far.
    pub async fn checkpoint(&mut self) -> Result<Checkpoint, Fault> {
        let step = self.step;
        let mut read = self.executor.read(&[self.lab.plan.checkpoint()]).await?;
        Ok(Checkpoint { step, memory: read.pop().unwrap_or_default() })
    }

    /// Asks for `times` more steps, and answers with what the ones asked for before have come to, if any.
    pub async fn steps(&mut self, times: u32) -> Result<Option<Reading>, Fault> {
        self.executor.run(STEP, times);
        self.step += u64::from(times);
        let plan = &self.lab.plan;
        let registers = self.lab.registers;
        let ticket = self.executor.read(&[plan.slot(registers.loss), plan.slot(registers.accuracy)]);
        match self.in_flight.replace(InFlight { step: self.step, ticket }) {
            Some(before) => Ok(Some(read(before).await?)),
            None => Ok(None),
        }
    }

    /// What the last steps asked for came to; `None` when that is known already.
    pub async fn settle(&mut self) -> Result<Option<Reading>, Fault> {
        match self.in_flight.take() {
            Some(last) => Ok(Some(read(last).await?)),
            None => Ok(None),
        }
    }

    /// Part number `part` of an evaluation; returns when it is done.
    pub async fn evaluate(&mut self, part: usize) -> Result<(), Fault> {
        self.executor.run(self.lab.evaluation[part], 1);
        self.read(&[self.lab.scores[0][0]]).await?;
        Ok(())
    }

    /// Loss and accuracy on the training and the test split, once all parts of an evaluation are done.
    pub async fn scores(&mut self) -> Result<[Score; 2], Fault> {
        let read = self.read(&self.lab.scores.concat()).await?;
        let score = |i: usize| Score { loss: finite(first(&read, i)), accuracy: first(&read, i + 1) };
        Ok([score(0), score(2)])
    }

    /// Runs a probe and reads its tensors.
    pub async fn measure(&mut self, measurement: &Measurement) -> Result<Vec<Tensor>, Fault> {
        self.executor.run(measurement.program, 1);
        let slots: Vec<SlotId> = measurement.tensors.iter().map(|t| t.1).collect();
        let read = self.read(&slots).await?;
        Ok(measurement.tensors.iter().zip(read).map(|(t, v)| (self.info(&t.0, t.1), v)).collect())
    }

    /// Every weight.
    pub async fn weights(&mut self) -> Result<Weights, Fault> {
        self.registers(belongs).await
    }

    /// What the registers that are wanted hold.
    pub async fn registers(&mut self, wanted: impl Fn(&Slot) -> bool) -> Result<Weights, Fault> {
        let graph = self.lab.graph.clone();
        let slots: Vec<SlotId> = graph.slot_ids().filter(|&id| wanted(graph.slot(id))).collect();
        let read = self.read(&slots).await?;
        let tensor = |(id, data): (SlotId, Vec<f32>)| {
            let slot = graph.slot(id);
            (slot.name.clone(), weights::Tensor::new(&slot.shape.0, data))
        };
        Ok(collected(slots.into_iter().zip(read).map(tensor)))
    }

    fn read(&mut self, slots: &[SlotId]) -> Ticket {
        let ranges: Vec<_> = slots.iter().map(|&slot| self.lab.plan.slot(slot)).collect();
        self.executor.read(&ranges)
    }

    fn info(&self, name: &str, slot: SlotId) -> TensorInfo {
        TensorInfo { name: name.to_owned(), shape: self.lab.graph.slot(slot).shape.0.clone() }
    }

    /// From the good state `from`, the number of the first step whose loss is not finite, at most `until`. The run is
    /// left at `from`.
    pub async fn first_bad_step(&mut self, from: &Checkpoint, until: u64) -> Result<u64, Fault> {
        const STRIDE: u64 = 64;
        let mut good = from.clone();
        self.restore(&good);
        let mut stride = STRIDE;
        while self.step < until {
            let times = stride.min(until - self.step);
            self.steps(times as u32).await?;
            let fine = self.settle().await?.is_none_or(|r| r.loss.is_finite());
            match (fine, stride) {
                (true, STRIDE) => good = self.checkpoint().await?,
                (true, _) => {}
                (false, STRIDE) => {
                    self.restore(&good);
                    stride = 1;
                }
                (false, _) => {
                    let bad = self.step;
                    self.restore(from);
                    return Ok(bad);
                }
            }
        }
        self.restore(from);
        Ok(until)
    }
}

async fn read(last: InFlight) -> Result<Reading, Fault> {
    let read = last.ticket.await?;
    Ok(Reading { step: last.step, loss: first(&read, 0), accuracy: first(&read, 1) })
}

fn first(read: &[Vec<f32>], i: usize) -> f32 {
    read.get(i).and_then(|v| v.first()).copied().unwrap_or(f32::NAN)
}
