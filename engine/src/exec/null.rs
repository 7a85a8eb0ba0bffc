//! A device that does nothing but count: plans and sessions can be tested anywhere.

use std::ops::Range;
use std::rc::Rc;

use super::{Device, Executor, Ticket};
use crate::plan::Plan;

/// Holds what was written, runs nothing, counts what it would have run.
#[derive(Debug, Clone)]
pub struct Null {
    plan: Rc<Plan>,
    arena: Vec<f32>,
    /// Commands that an executor would have run so far.
    pub dispatches: u64,
}

impl Null {
    pub fn new(plan: Rc<Plan>) -> Self {
        Self { arena: vec![0.0; plan.size], plan, dispatches: 0 }
    }
}

impl Executor for Null {
    fn device(&self) -> Device {
        Device::Cpu
    }
    fn name(&self) -> String {
        "nothing".to_owned()
    }
    fn plan(&self) -> &Rc<Plan> {
        &self.plan
    }
    fn write(&mut self, offset: usize, data: &[f32]) {
        self.arena[offset..offset + data.len()].copy_from_slice(data);
    }
    fn run(&mut self, program: usize, times: u32) {
        self.dispatches += u64::from(times) * self.plan.programs[program].dispatches();
    }
    fn read(&mut self, ranges: &[Range<usize>]) -> Ticket {
        let out = ranges.iter().map(|r| self.arena[r.clone()].to_vec()).collect();
        Box::pin(std::future::ready(Ok(out)))
    }
}
