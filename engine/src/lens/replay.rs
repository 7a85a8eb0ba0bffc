//! A lens put over a run: the run's registers and samples in, a value out.

use super::build::{At, Item};
use super::{Lens, Subject, ValueInfo};
use crate::data::Data;
use crate::data::take::samples;
use crate::diagnostic::Diagnostic;
use crate::exec::{Executor, Fault};
use crate::ir::{Role, SlotId};
use crate::net::stream;
use crate::ops::random::{Shuffle, halves};
use crate::weights::Weights;

/// A run as it stands.
pub struct Standing<'a> {
    pub seed: u32,
    pub step: u64,
    pub data: &'a Data,
    /// Its registers by name.
    pub registers: &'a Weights,
}

/// Why a value cannot be shown.
pub enum Blind {
    Lost(Fault),
    Fault(Diagnostic),
}

impl From<Fault> for Blind {
    fn from(fault: Fault) -> Self {
        Blind::Lost(fault)
    }
}

impl Lens {
    /// The value called `name`, if there is one.
    pub fn find(&self, name: &str) -> Option<&ValueInfo> {
        self.item(name).map(|i| &i.info)
    }

    fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|i| i.info.name == name)
    }

    /// The numbers of the value called `name` for `subject`, computed by `executor`, which has this lens's plan.
    ///
    /// # Errors
    /// Why it cannot be shown.
    pub async fn look(
        &self,
        executor: &mut dyn Executor,
        name: &str,
        subject: Subject,
        run: &Standing<'_>,
    ) -> Result<Vec<f32>, Blind> {
        let missing = || Diagnostic::new(name, "is not to be seen in this run", "search for it");
        let item = self.item(name).ok_or_else(|| Blind::Fault(missing()))?;
        self.fill(executor, subject, run).map_err(Blind::Fault)?;
        let all: u64 = self.phases.iter().map(|p| u64::from(p.info.times)).sum();
        let before: u64 = self.phases[..self.before].iter().map(|p| u64::from(p.info.times)).sum();
        let asked = subject.phase.map(u64::from);
        match item.at {
            At::Register(slot) => {
                let between = if self.graph.slot(slot).role == Role::Metric { before } else { 0 };
                self.run(executor, asked.unwrap_or(between).min(all));
                self.read(executor, slot).await
            }
            At::Made { program, slot } => {
                self.run(executor, asked.unwrap_or(before).min(before));
                executor.run(program, 1);
                self.read(executor, slot).await
            }
            At::Change(slot) => {
                let was = self.read(executor, slot).await?;
                self.run(executor, asked.unwrap_or(all).min(all));
                let now = self.read(executor, slot).await?;
                Ok(now.iter().zip(was).map(|(now, was)| now - was).collect())
            }
        }
    }

    /// Brings the executor to where the run stands.
    fn fill(&self, executor: &mut dyn Executor, subject: Subject, run: &Standing) -> Result<(), Diagnostic> {
        for id in self.graph.slot_ids() {
            let slot = self.graph.slot(id);
            let range = self.plan.slot(id);
            match run.registers.get(&slot.name) {
                Some(held) if held.shape == slot.shape.0 => executor.write(range.start, &held.data),
                Some(_) => {
                    let message =
                        format!("`{}` remembers a whole batch, so one sample alone has no such step", slot.name);
                    return Err(Diagnostic::new("sample", message, "look at the batch"));
                }
                None if slot.name == "seed" => executor.write(range.start, &halves(run.seed)),
                None if slot.role == Role::Input => {}
                None => executor.write(range.start, &vec![0.0; range.len()]),
            }
        }
        for (slot, values) in self.graph.given() {
            executor.write(self.plan.slot(*slot).start, values);
        }
        let split = &run.data.train;
        let len = run.data.samples(split);
        let rows: Vec<usize> = match subject.sample {
            Some(sample) if (sample as usize) < len => vec![sample as usize],
            Some(sample) => {
                let message = format!("there is no training sample {sample}");
                return Err(Diagnostic::new(
                    "sample",
                    message,
                    format!("choose one from 0 to {}", len.saturating_sub(1)),
                ));
            }
            None => {
                let shuffle = Shuffle { rows: len, batch: self.batch, stream: stream("batch") };
                let turn = run.step as u32 / self.hold.max(1);
                (0..self.batch).map(|j| shuffle.row(j, turn, run.seed) as usize).collect()
            }
        };
        for (slot, values) in self.samples.into_iter().zip(samples(run.data, split, &rows)) {
            executor.write(self.plan.slot(slot).start, &values);
        }
        Ok(())
    }

    /// Runs the first `count` phases, each iteration of a relaxation being one.
    fn run(&self, executor: &mut dyn Executor, count: u64) {
        let mut left = count;
        for phase in &self.phases {
            let times = left.min(u64::from(phase.info.times));
            left -= times;
            if let (Some(program), Ok(times @ 1..)) = (phase.program, u32::try_from(times)) {
                executor.run(program, times);
            }
        }
    }

    async fn read(&self, executor: &mut dyn Executor, slot: SlotId) -> Result<Vec<f32>, Blind> {
        Ok(executor.read(&[self.plan.slot(slot)]).await?.pop().unwrap_or_default())
    }
}
