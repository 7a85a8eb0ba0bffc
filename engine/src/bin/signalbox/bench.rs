//! Milliseconds of a training step or an evaluation on each executor there is, beside the ceiling measured in the same run.

use clap::{Args as Arguments, ValueEnum};
use engine::bench::{Measured, Missing, Place, Report, measure};
use engine::diagnostic::{Diagnostic, instead};
use engine::exec::Device;
use engine::session::devices::Machine;
use engine::workloads::{Workload, workloads};
use serde_json::json;

use crate::device::{called, word};
use crate::say::say;
use crate::table::{grouped, table};
use crate::{Answer, Outcome, files, report};

#[derive(Debug, Arguments)]
pub struct Args {
    /// The workloads to measure: W1 W2 …; all of them when none is named
    workloads: Vec<String>,
    /// The only device to measure on
    #[arg(long, value_enum)]
    device: Option<Only>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    Cpu,
    Gpu,
}

pub fn bench(args: &Args) -> Answer {
    let chosen = chosen(&args.workloads)?;
    let devices: &[Device] = match args.device {
        None => &[Device::Cpu, Device::Gpu],
        Some(Only::Cpu) => &[Device::Cpu],
        Some(Only::Gpu) => &[Device::Gpu],
    };
    let machine = Machine::default();
    let mut report = Report::new(format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    for &device in devices {
        let place = pollster::block_on(Place::open(&machine, device));
        for workload in &chosen {
            eprintln!("{} on the {} …", workload.id, word(device));
            let measured = place.clone().and_then(|place| {
                let data = files::data(&workload.spec, &files::Own::default())?;
                pollster::block_on(measure(&machine, &place, workload, &data))
            });
            match measured {
                Ok(measured) => report.results.push(measured),
                Err(faults) => {
                    faults.iter().for_each(|f| eprintln!("{f}"));
                    report.missing.push(Missing { workload: workload.id.to_owned(), device, faults });
                }
            }
        }
    }
    if args.json {
        say(report::pretty(&json!(report)))?;
    } else if !report.results.is_empty() {
        say(readable(&report.results).trim_end())?;
    }
    // Each reason has been told already.
    Ok(if report.results.is_empty() { Outcome::Failed } else { Outcome::Done })
}

fn chosen(ids: &[String]) -> Result<Vec<Workload>, Vec<Diagnostic>> {
    let all = workloads();
    let known: Vec<_> = all.iter().map(|w| w.id).collect();
    let unknown = |id: &&String| !known.contains(&id.as_str());
    let faults: Vec<_> = ids
        .iter()
        .filter(unknown)
        .map(|id| Diagnostic::new("workload", format!("there is no `{id}`"), instead(id, &known)))
        .collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(all.into_iter().filter(|w| ids.is_empty() || ids.iter().any(|id| id == w.id)).collect())
}

fn readable(results: &[Measured]) -> String {
    let head = ["workload", "device", "ms", "GFLOP/s", "at most", "of it", "dispatches"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(results.iter().map(|m| {
        vec![
            format!("{} {}", m.workload, m.what),
            called(m.device, &m.name),
            format!("{:.4}", m.milliseconds),
            format!("{:.1}", m.gflops),
            format!("{:.1}", m.ceiling_gflops),
            format!("{:.0} %", 100.0 * m.fraction_of_ceiling),
            grouped(m.dispatches),
        ]
    }));
    table(&rows)
}
