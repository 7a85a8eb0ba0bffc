//! How fast the workloads are: milliseconds of a training step, or of an evaluation, beside what the device can do at most.
//!
//! A step is all that a run does: fetching a batch, forward, backward, the optimizer's update. Steps are asked for in
//! series, each ended by reading the loss, as in a run; evaluations likewise.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use web_time::Instant;

use crate::cost;
use crate::data::Data;
use crate::diagnostic::Diagnostic;
use crate::exec::{Device, Executor, Fault};
use crate::lab::{Lab, STEP};
use crate::plan::Plan;
use crate::session::devices::{Devices, Unavailable};
use crate::workloads::{Part, Workload};

mod ceiling;

/// Series that are timed; their median counts.
const REPETITIONS: usize = 7;
/// How long one takes, about, in seconds; so does the warm-up.
const REPETITION: f64 = 0.3;

/// A device, and what it can do at most.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub device: Device,
    /// The executor's name for it.
    pub name: String,
    /// Floating-point operations a second in a product of matrices of 1024 rows and columns.
    pub ceiling: f64,
}

/// A workload measured on a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub workload: String,
    pub what: String,
    pub device: Device,
    pub name: String,
    /// Of one step or evaluation: the median of `repetitions`.
    pub milliseconds: f64,
    /// In ascending order.
    pub repetitions: Vec<f64>,
    /// Floating-point operations of it, counted.
    pub work: u64,
    /// Pieces of work that the device is given for it, counted.
    pub dispatches: u64,
    /// Operations a second in units of 10⁹: of the workload, and at most.
    pub gflops: f64,
    pub ceiling_gflops: f64,
    pub fraction_of_ceiling: f64,
}

/// All that was measured, as it is written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub version: u32,
    /// What it ran in: the browser's own words, or the system.
    pub host: String,
    pub results: Vec<Measured>,
    /// What could not be measured, and why.
    pub missing: Vec<Missing>,
}

/// A workload that could not be measured on a device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Missing {
    pub workload: String,
    pub device: Device,
    pub faults: Vec<Diagnostic>,
}

impl Report {
    pub fn new(host: String) -> Self {
        Self { version: 1, host, results: Vec::new(), missing: Vec::new() }
    }
}

impl Place {
    /// Opens `device` and measures its ceiling.
    ///
    /// # Errors
    /// There is no such device, or it was lost.
    pub async fn open(devices: &dyn Devices, device: Device) -> Result<Self, Vec<Diagnostic>> {
        let mut executor = open(devices, device, Rc::new(ceiling::product())).await?;
        let ceiling = ceiling::ceiling(executor.as_mut()).await.map_err(|f| lost(&f))?;
        Ok(Self { device, name: executor.name(), ceiling })
    }
}

/// Measures `workload`, whose dataset is `data`.
///
/// # Errors
/// The workload does not fit into the device, or the device was lost.
pub async fn measure(
    devices: &dyn Devices,
    place: &Place,
    workload: &Workload,
    data: &Data,
) -> Result<Measured, Vec<Diagnostic>> {
    let lab = Lab::new(&workload.spec, data)?;
    let mut executor = open(devices, place.device, lab.plan.clone()).await?;
    for id in lab.graph.slot_ids() {
        executor.write(lab.plan.slot(id).start, &lab.initial(id, workload.spec.seed));
    }
    for (id, values) in lab.inputs(data) {
        executor.write(lab.plan.slot(id).start, &values);
    }
    let programs = match workload.part {
        Part::Step => vec![STEP],
        Part::Evaluation => lab.evaluation.clone(),
    };
    let repetitions = repeat(executor.as_mut(), &lab, &programs).await.map_err(|f| lost(&f))?;
    let milliseconds = repetitions[REPETITIONS / 2];
    let work = programs.iter().map(|&p| cost::figures(&lab.programs[p]).work).sum();
    let gflops = 1e-6 * work as f64 / milliseconds;
    let ceiling_gflops = 1e-9 * place.ceiling;
    Ok(Measured {
        workload: workload.id.to_owned(),
        what: workload.what.to_owned(),
        device: place.device,
        name: place.name.clone(),
        milliseconds,
        repetitions,
        work,
        dispatches: programs.iter().map(|&p| executor.dispatches(p)).sum(),
        gflops,
        ceiling_gflops,
        fraction_of_ceiling: gflops / ceiling_gflops,
    })
}

/// Milliseconds of one replay of `programs` in each series, in ascending order.
async fn repeat(executor: &mut dyn Executor, lab: &Lab, programs: &[usize]) -> Result<Vec<f64>, Fault> {
    // The warm-up also finds how many replays fill a series.
    let (mut times, mut took) = (1, time(executor, lab, programs, 1).await?);
    while took < REPETITION {
        times = (f64::from(times) * (REPETITION / took).clamp(1.1, 10.0)).ceil() as u32;
        took = time(executor, lab, programs, times).await?;
    }
    let mut all = Vec::new();
    for _ in 0..REPETITIONS {
        all.push(1e3 * time(executor, lab, programs, times).await? / f64::from(times));
    }
    all.sort_by(f64::total_cmp);
    Ok(all)
}

/// Seconds of `times` replays of `programs`.
async fn time(executor: &mut dyn Executor, lab: &Lab, programs: &[usize], times: u32) -> Result<f64, Fault> {
    let begin = Instant::now();
    match *programs {
        [program] => executor.run(program, times),
        _ => (0..times).for_each(|_| programs.iter().for_each(|&program| executor.run(program, 1))),
    }
    executor.read(&[lab.plan.slot(lab.registers.loss)]).await?;
    Ok(begin.elapsed().as_secs_f64())
}

async fn open(devices: &dyn Devices, device: Device, plan: Rc<Plan>) -> Result<Box<dyn Executor>, Vec<Diagnostic>> {
    match device {
        Device::Cpu => Ok(devices.cpu(plan)),
        Device::Gpu => {
            let absent = |a: Unavailable| vec![Diagnostic::new("device", a.reason, a.advice)];
            devices.gpu(plan).await.map_err(absent)
        }
    }
}

fn lost(fault: &Fault) -> Vec<Diagnostic> {
    vec![Diagnostic::new("device", fault.to_string(), "measure again")]
}
