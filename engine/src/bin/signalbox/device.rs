//! The devices there are, and to which of them a run goes.

use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use engine::diagnostic::Diagnostic;
use engine::exec::{Device, Executor};
use engine::plan::Plan;
use engine::session::devices::{Devices, Machine};
use serde_json::{Value, json};

use crate::trainer::Trainer;

/// Below this many milliseconds a step stays on the CPU untried: starting a graphics processor's kernels takes longer.
const TINY_STEP: f64 = 0.1;

/// Where a run is asked to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Where {
    Cpu,
    Gpu,
    /// The faster of both, by a short measurement
    Auto,
}

/// Where a run is, and why there.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub device: Device,
    pub name: String,
    pub reason: String,
    /// Milliseconds a step, of each device that was tried.
    pub measured: Vec<(Device, f64)>,
}

impl Place {
    pub fn json(&self) -> Value {
        let measured: Vec<_> = self.measured.iter().map(|m| json!({ "device": m.0, "milliseconds": m.1 })).collect();
        json!({ "device": self.device, "name": self.name, "reason": self.reason, "measured": measured })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "on {}: {}", called(self.device, &self.name), self.reason)
    }
}

/// A device as people read it: `cpu (2 threads)`.
pub fn called(device: Device, name: &str) -> String {
    format!("{} ({name})", word(device))
}

/// A device as it is asked for.
pub fn word(device: Device) -> &'static str {
    match device {
        Device::Cpu => "cpu",
        Device::Gpu => "gpu",
    }
}

/// Loads `plan` on `device`.
///
/// # Errors
/// There is no such device, or the plan does not fit into it.
pub fn open(machine: &Machine, device: Device, plan: Rc<Plan>) -> Result<Box<dyn Executor>, Vec<Diagnostic>> {
    match device {
        Device::Cpu => Ok(machine.cpu(plan)),
        Device::Gpu => pollster::block_on(machine.gpu(plan))
            .map_err(|absent| vec![Diagnostic::new("device", absent.reason, absent.advice)]),
    }
}

/// Puts the trainer, which is on the CPU, where it is asked to be; it then stands at its first step.
pub fn settle(trainer: &mut Trainer, machine: &Machine, asked: Where) -> Result<Place, Vec<Diagnostic>> {
    let asked_for = |trainer: &Trainer, measured| Place {
        device: trainer.executor.device(),
        name: trainer.executor.name(),
        reason: "asked for".to_owned(),
        measured,
    };
    match asked {
        Where::Cpu => Ok(asked_for(trainer, Vec::new())),
        Where::Gpu => {
            let executor = open(machine, Device::Gpu, trainer.lab.plan.clone())?;
            trainer.move_to(executor);
            Ok(asked_for(trainer, Vec::new()))
        }
        Where::Auto => faster(trainer, machine),
    }
}

fn faster(trainer: &mut Trainer, machine: &Machine) -> Result<Place, Vec<Diagnostic>> {
    let here = timed(trainer)?;
    let mut measured = vec![(Device::Cpu, here)];
    let reason = if here < TINY_STEP {
        format!("a step takes {here:.3} ms")
    } else {
        match open(machine, Device::Gpu, trainer.lab.plan.clone()) {
            Err(absent) => absent.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
            Ok(executor) => {
                let cpu = trainer.move_to(executor);
                let there = timed(trainer)?;
                measured.push((Device::Gpu, there));
                if here <= there {
                    trainer.move_to(cpu);
                }
                format!("measured {here:.2} ms a step on the cpu, {there:.2} ms on the gpu")
            }
        }
    };
    trainer.restart();
    let (device, name) = (trainer.executor.device(), trainer.executor.name());
    Ok(Place { device, name, reason, measured })
}

/// Milliseconds of a step: the best of a few tries after the first, which starts things up.
fn timed(trainer: &mut Trainer) -> Result<f64, Vec<Diagnostic>> {
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    trainer.step(1);
    trainer.last()?;
    for tried in 0..20 {
        let start = Instant::now();
        trainer.step(1);
        trainer.last()?;
        best = best.min(1e3 * start.elapsed().as_secs_f64());
        if tried > 0 && begin.elapsed() > Duration::from_millis(200) {
            break;
        }
    }
    Ok(best)
}
