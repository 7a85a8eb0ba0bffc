//! Where plans run: the only place that does anything.
//!
//! An executor holds one arena laid out by a [`Plan`] and replays its programs on it. Reading is asynchronous, since a
//! graphics processor answers later; nothing else waits.

use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::plan::Plan;

pub mod cpu;
pub mod gpu;
pub mod null;
pub mod oracle;

/// Where an executor runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    Cpu,
    Gpu,
}

/// Why an executor can go no further. The run goes on elsewhere from the last checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The device is gone: reset, removed, destroyed, or its process crashed.
    Lost(String),
    /// The arena does not fit into what the device allows, in bytes.
    TooLarge { needed: u64, allowed: u64 },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Lost(why) => write!(f, "the device was lost: {why}"),
            Fault::TooLarge { needed, allowed } => {
                write!(
                    f,
                    "the experiment needs {:.1} MB, the device allows {:.1} MB",
                    *needed as f64 / 1e6,
                    *allowed as f64 / 1e6
                )
            }
        }
    }
}

/// The content of some ranges of the arena, when it arrives.
pub type Ticket = Pin<Box<dyn Future<Output = Result<Vec<Vec<f32>>, Fault>>>>;

/// One arena and the programs that run on it. Calls take effect in the order in which they are made.
pub trait Executor {
    fn device(&self) -> Device;
    /// The device's own name: "llvmpipe", "Apple M2", "2 cores".
    fn name(&self) -> String;
    fn plan(&self) -> &Rc<Plan>;
    /// Puts `data` at `offset` of the arena.
    fn write(&mut self, offset: usize, data: &[f32]);
    /// Pieces of work that the device is given in one replay of a program, while every flag is set.
    fn dispatches(&self, program: usize) -> u64 {
        self.plan().programs[program].dispatches()
    }
    /// Replays program number `program` of the plan `times` times.
    fn run(&mut self, program: usize, times: u32);
    /// The ranges as they are after everything asked for so far.
    fn read(&mut self, ranges: &[Range<usize>]) -> Ticket;
}
