//! The CPU executor: every command prepared when the plan is loaded, nothing allocated while it runs.
//!
//! The loops over numbers are those of [`kernels`]: products, convolutions, blocks of elementwise programs ([`elementwise`]);
//! both native cores share what is large enough ([`kernels::pool`]). In the browser it is one thread with
//! 128-bit vectors. Apart from products, whose kernels may fuse multiplication and addition, native and WebAssembly run
//! the same arithmetic in the same order and give the same bits.

mod commands;
pub mod elementwise;
mod reduction;
mod routine;

use std::ops::Range;
use std::rc::Rc;

use commands::{PreparedMap, PreparedOutput};
use elementwise::Arena;
use reduction::PreparedReduce;

use super::{Device, Executor, Ticket};
use crate::ops::Op;
use crate::plan::{Command, Plan, Step, View};

enum Prepared {
    Map(PreparedMap),
    Reduce(PreparedReduce),
    Routine { op: Op, inputs: Vec<View>, shape: Vec<usize>, output: PreparedOutput },
}

enum Act {
    Tick(Vec<Prepared>),
    Repeat { times: u32, body: Vec<Act> },
    When { flag: usize, body: Vec<Act> },
}

/// The arena in main memory.
pub struct Cpu {
    plan: Rc<Plan>,
    memory: Vec<f32>,
    programs: Vec<Vec<Act>>,
}

fn prepare(body: &[Step]) -> Vec<Act> {
    let command = |c: &Command| match c {
        Command::Map(m) => Prepared::Map(PreparedMap::new(m)),
        Command::Reduce(r) => Prepared::Reduce(PreparedReduce::new(r)),
        Command::Routine { op, inputs, shape, output } => Prepared::Routine {
            op: op.clone(),
            inputs: inputs.clone(),
            shape: shape.clone(),
            output: PreparedOutput::new(output),
        },
    };
    body.iter()
        .map(|step| match step {
            Step::Tick(commands) => Act::Tick(commands.iter().map(command).collect()),
            Step::Repeat { times, body } => Act::Repeat { times: *times, body: prepare(body) },
            Step::When { flag, body } => Act::When { flag: *flag, body: prepare(body) },
        })
        .collect()
}

fn run(body: &[Act], arena: &Arena) {
    for act in body {
        match act {
            Act::Tick(commands) => {
                for command in commands {
                    match command {
                        Prepared::Map(m) => m.run(arena),
                        Prepared::Reduce(r) => r.run(arena),
                        Prepared::Routine { op, inputs, shape, output } => {
                            routine::run(op, inputs, shape, output, arena);
                        }
                    }
                }
            }
            Act::Repeat { times, body } => (0..*times).for_each(|_| run(body, arena)),
            Act::When { flag, body } => {
                if arena.read(*flag, 1)[0] != 0.0 {
                    run(body, arena);
                }
            }
        }
    }
}

impl Cpu {
    pub fn new(plan: Rc<Plan>) -> Self {
        let mut memory = vec![0.0; plan.size];
        let (offset, constants) = &plan.constants;
        memory[*offset..offset + constants.len()].copy_from_slice(constants);
        let programs = plan.programs.iter().map(|p| prepare(&p.body)).collect();
        Self { plan, memory, programs }
    }

    /// What stands in a range of the arena now.
    pub fn content(&self, range: Range<usize>) -> &[f32] {
        &self.memory[range]
    }
}

impl Executor for Cpu {
    fn device(&self) -> Device {
        Device::Cpu
    }

    fn name(&self) -> String {
        match kernels::pool::threads() {
            1 => "one thread".to_owned(),
            n => format!("{n} threads"),
        }
    }

    fn plan(&self) -> &Rc<Plan> {
        &self.plan
    }

    fn write(&mut self, offset: usize, data: &[f32]) {
        self.memory[offset..offset + data.len()].copy_from_slice(data);
    }

    fn run(&mut self, program: usize, times: u32) {
        let arena = Arena::new(&mut self.memory);
        for _ in 0..times {
            run(&self.programs[program], &arena);
        }
    }

    fn read(&mut self, ranges: &[Range<usize>]) -> Ticket {
        let out = ranges.iter().map(|r| self.memory[r.clone()].to_vec()).collect();
        Box::pin(std::future::ready(Ok(out)))
    }
}
