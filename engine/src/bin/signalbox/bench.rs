//! Milliseconds of a training step on each executor there is, beside the ceiling measured in the same run.

use std::rc::Rc;
use std::time::Instant;

use clap::Args as Arguments;
use engine::diagnostic::Diagnostic;
use engine::exec::Device;
use engine::session::devices::Machine;
use engine::workloads::{Workload, workloads};
use serde_json::{Value, json};

use crate::ceiling::{ceiling, product};
use crate::device::{called, open};
use crate::table::{grouped, table};
use crate::trainer::Trainer;
use crate::{Answer, Outcome, files, report};

/// Repetitions of a measurement; the median counts.
const REPETITIONS: usize = 7;
/// How long one takes, about, in seconds; so does the warm-up.
const REPETITION: f64 = 0.3;

#[derive(Debug, Arguments)]
pub struct Args {
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// A workload on an executor.
struct Measured {
    workload: &'static str,
    what: &'static str,
    place: String,
    /// Of one step, each repetition, in milliseconds, in ascending order.
    times: Vec<f64>,
    /// Floating-point operations of a step, counted.
    work: u64,
    dispatches: u64,
    ceiling: f64,
}

impl Measured {
    fn median(&self) -> f64 {
        self.times[self.times.len() / 2]
    }

    fn rate(&self) -> f64 {
        self.work as f64 / (1e-3 * self.median())
    }

    fn row(&self) -> Vec<String> {
        vec![
            format!("{} {}", self.workload, self.what),
            self.place.clone(),
            format!("{:.4}", self.median()),
            format!("{:.1}", self.rate() / 1e9),
            format!("{:.0} %", 100.0 * self.rate() / self.ceiling),
            grouped(self.dispatches),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "workload": self.workload,
            "what": self.what,
            "device": self.place,
            "milliseconds": self.median(),
            "repetitions": self.times,
            "work": self.work,
            "gflops": self.rate() / 1e9,
            "fraction_of_ceiling": self.rate() / self.ceiling,
            "dispatches": self.dispatches,
        })
    }
}

pub fn bench(args: &Args) -> Answer {
    let mut ceilings = Vec::new();
    let mut all = Vec::new();
    let machine = Machine::default();
    for device in [Device::Cpu, Device::Gpu] {
        let mut executor = match open(&machine, device, Rc::new(product())) {
            Ok(executor) => executor,
            Err(absent) => {
                absent.iter().for_each(|a| eprintln!("{a}"));
                continue;
            }
        };
        let place = called(device, &executor.name());
        let ceiling = ceiling(executor.as_mut())?;
        drop(executor);
        for workload in workloads() {
            eprintln!("{} on {place} …", workload.id);
            all.push(measure(&workload, &machine, device, &place, ceiling)?);
        }
        ceilings.push((place, ceiling));
    }
    if args.json {
        let ceilings: Vec<_> = ceilings.iter().map(|c| json!({ "device": c.0, "gflops": c.1 / 1e9 })).collect();
        let results: Vec<_> = all.iter().map(Measured::json).collect();
        println!("{}", report::pretty(&json!({ "version": 1, "ceilings": ceilings, "results": results })));
        return Ok(Outcome::Done);
    }
    for (name, ceiling) in ceilings {
        println!("{name}: {:.1} GFLOP/s in a product of 1024×1024 matrices", ceiling / 1e9);
    }
    let mut rows =
        vec![["workload", "device", "ms a step", "GFLOP/s", "of ceiling", "dispatches"].map(str::to_owned).to_vec()];
    rows.extend(all.iter().map(Measured::row));
    print!("{}", table(&rows));
    Ok(Outcome::Done)
}

fn measure(
    workload: &Workload,
    machine: &Machine,
    device: Device,
    place: &str,
    ceiling: f64,
) -> Result<Measured, Vec<Diagnostic>> {
    let data = files::data(&workload.spec, &files::Own::default())?;
    let mut trainer = Trainer::new(&workload.spec, data)?;
    let executor = open(machine, device, trainer.lab.plan.clone())?;
    trainer.move_to(executor);
    let mut time = |steps: u32| {
        let begin = Instant::now();
        trainer.step(steps);
        trainer.last()?;
        Ok::<_, Vec<Diagnostic>>(begin.elapsed().as_secs_f64())
    };
    // The warm-up also finds how many steps fill a repetition.
    let (mut steps, mut took) = (1, time(1)?);
    while took < REPETITION {
        steps = (f64::from(steps) * (REPETITION / took).clamp(1.1, 10.0)).ceil() as u32;
        took = time(steps)?;
    }
    let mut times = Vec::new();
    for _ in 0..REPETITIONS {
        times.push(1e3 * time(steps)? / f64::from(steps));
    }
    times.sort_by(f64::total_cmp);
    let Workload { id, what, .. } = *workload;
    let cost = &trainer.lab.cost;
    let (work, dispatches) = (cost.work, cost.dispatches);
    Ok(Measured { workload: id, what, place: place.to_owned(), times, work, dispatches, ceiling })
}
