//! A run at the command line: an experiment, its data, and the executor that it is on.

use engine::data::Data;
use engine::diagnostic::Diagnostic;
use engine::exec::cpu::Cpu;
use engine::exec::{Executor, Fault};
use engine::ir::{Slot, SlotId};
use engine::lab::{Lab, STEP};
use engine::spec::Spec;
use engine::weights::{Tensor, Weights, belongs, placed};

/// Loss and accuracy of the last step's batch, or of a split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    pub loss: f32,
    pub accuracy: f32,
}

pub struct Trainer {
    pub lab: Lab,
    pub executor: Box<dyn Executor>,
    pub data: Data,
    seed: u32,
    /// The weights of the first step; empty for the initial ones of the seed.
    origin: Weights,
}

fn lost(fault: &Fault) -> Vec<Diagnostic> {
    vec![Diagnostic::new("device", fault.to_string(), "try --device cpu")]
}

impl Trainer {
    /// Loads the experiment on the CPU, with the initial weights of its seed.
    pub fn new(spec: &Spec, data: Data) -> Result<Self, Vec<Diagnostic>> {
        Self::begun(spec, data, Weights::new())
    }

    /// Loads the experiment on the CPU, with the weights of `origin`; with its initial ones where that is empty.
    pub fn begun(spec: &Spec, data: Data, origin: Weights) -> Result<Self, Vec<Diagnostic>> {
        let lab = Lab::new(spec, &data)?;
        placed(&lab.graph, &origin).map_err(|fault| vec![fault.within("weights")])?;
        let executor = Box::new(Cpu::new(lab.plan.clone()));
        let mut trainer = Self { lab, executor, data, seed: spec.seed, origin };
        trainer.restart();
        Ok(trainer)
    }

    /// Back to the first step.
    pub fn restart(&mut self) {
        let Self { lab, executor, data, seed, origin } = self;
        for id in lab.graph.slot_ids() {
            executor.write(lab.plan.slot(id).start, &lab.initial(id, *seed));
        }
        for (id, values) in placed(&lab.graph, origin).unwrap_or_default() {
            executor.write(lab.plan.slot(id).start, values);
        }
        for (id, values) in lab.inputs(data) {
            executor.write(lab.plan.slot(id).start, &values);
        }
    }

    /// The weights after everything asked for so far.
    pub fn weights(&mut self) -> Result<Weights, Vec<Diagnostic>> {
        self.held(belongs)
    }

    /// Every register after everything asked for so far.
    pub fn registers(&mut self) -> Result<Weights, Vec<Diagnostic>> {
        self.held(|_| true)
    }

    fn held(&mut self, wanted: impl Fn(&Slot) -> bool) -> Result<Weights, Vec<Diagnostic>> {
        let graph = self.lab.graph.clone();
        let mut all = Weights::new();
        for id in graph.slot_ids().filter(|&id| wanted(graph.slot(id))) {
            let slot = graph.slot(id);
            all.insert(slot.name.clone(), Tensor::new(&slot.shape.0, self.read(&[id])?));
        }
        Ok(all)
    }

    /// Begins anew on `executor`, which holds the same plan, and returns the former one.
    pub fn move_to(&mut self, executor: Box<dyn Executor>) -> Box<dyn Executor> {
        let former = std::mem::replace(&mut self.executor, executor);
        self.restart();
        former
    }

    /// Goes on by `steps`.
    pub fn step(&mut self, steps: u32) {
        self.executor.run(STEP, steps);
    }

    /// The contents of registers, one after the other, as they are after everything asked for so far.
    pub fn read(&mut self, slots: &[SlotId]) -> Result<Vec<f32>, Vec<Diagnostic>> {
        let ranges: Vec<_> = slots.iter().map(|&s| self.lab.plan.slot(s)).collect();
        let values = pollster::block_on(self.executor.read(&ranges)).map_err(|f| lost(&f))?;
        Ok(values.concat())
    }

    /// Of the batch of the last step.
    pub fn last(&mut self) -> Result<Figures, Vec<Diagnostic>> {
        let v = self.read(&[self.lab.registers.loss, self.lab.registers.accuracy])?;
        Ok(Figures { loss: v[0], accuracy: v[1] })
    }

    /// Of the training and the test split.
    pub fn evaluate(&mut self) -> Result<[Figures; 2], Vec<Diagnostic>> {
        for &part in &self.lab.evaluation {
            self.executor.run(part, 1);
        }
        let v = self.read(&self.lab.scores.concat())?;
        Ok([Figures { loss: v[0], accuracy: v[1] }, Figures { loss: v[2], accuracy: v[3] }])
    }
}
