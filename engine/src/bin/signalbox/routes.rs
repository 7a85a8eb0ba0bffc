//! Every routing on the same tasks, beside dense networks of equal active and of equal total size, as `docs/routing.md`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args as Arguments;
use engine::diagnostic::Diagnostic;
use engine::dial::answer;
use engine::ir::Role;
use engine::race::spread;
use engine::spec::resolve::resolve;
use engine::spec::{BlockSpec, Choice, Spec};

use crate::run::train;
use crate::table::grouped;
use crate::trainer::Trainer;
use crate::{Answer, Outcome, files};

const SEEDS: [u32; 3] = [1, 2, 3];
/// Experts of every route, and hidden units of each.
const EXPERTS: i64 = 8;
const HIDDEN: i64 = 32;

#[derive(Debug, Arguments)]
pub struct Args {
    /// Where to write the tables
    #[arg(long, default_value = "docs/routing.md")]
    out: PathBuf,
    /// Steps of each run
    #[arg(long, default_value_t = 600)]
    steps: u32,
}

/// What stands in the place of the feed-forward part.
enum Way {
    /// So many hidden units, for every input.
    Dense(i64),
    Routed(Choice),
}

struct Contender {
    name: &'static str,
    way: Way,
}

/// Dense networks of one expert's, two experts' and all experts' size, and every routing.
fn contenders(tokens: bool) -> Vec<Contender> {
    let dense = |name, experts| Contender { name, way: Way::Dense(experts * HIDDEN) };
    let routed = |name, choice| Contender { name, way: Way::Routed(choice) };
    let mut all = vec![
        dense("dense, as large as one expert", 1),
        dense("dense, as large as two experts", 2),
        dense("dense, as large as all experts", EXPERTS),
        routed("soft mixture of all", Choice::new("dense")),
        routed("top-1", Choice::new("top-k").with("k", 1)),
        routed("top-2", Choice::new("top-k")),
        routed("top-2, Switch's balance", Choice::new("top-k").with("bias-rate", 0.0).with("balance", 0.01)),
        routed("top-2, not balanced", Choice::new("top-k").with("bias-rate", 0.0)),
        routed("expert choice", Choice::new("expert-choice")),
        routed("importance", Choice::new("importance")),
        routed("tree", Choice::new("tree")),
    ];
    if tokens {
        let hash = |by: &str| Choice::new("hash").with("by", by);
        all.push(routed("hash, random", hash("random")));
        all.push(routed("hash, balanced", hash("balanced")));
        all.push(routed("hash, by position", hash("position")));
    }
    all
}

struct Task {
    name: &'static str,
    data: &'static str,
    tokens: bool,
    batch: u32,
}

const TASKS: [Task; 2] = [
    Task { name: "Characters: a transformer of width 32, one layer, 64 places", data: "text", tokens: true, batch: 16 },
    Task { name: "Digits in 16 patches: one layer of width 32", data: "digits", tokens: false, batch: 64 },
];

fn spec(task: &Task, way: &Way, seed: u32) -> Spec {
    let block = BlockSpec::new;
    let linear = |units: i64| block("linear").with("units", units);
    let past = |inside: Vec<BlockSpec>| block("residual").holding([vec![block("layer-norm")], inside].concat());
    let part = |hidden: i64| vec![linear(hidden), block("activation").with("function", "gelu"), linear(32)];
    let feed_forward = match way {
        Way::Dense(hidden) => part(*hidden),
        Way::Routed(routing) => {
            vec![block("route").with("experts", EXPERTS).routed(routing.clone()).holding(part(HIDDEN))]
        }
    };
    let mask = if task.tokens { "causal" } else { "none" };
    let first =
        if task.tokens { vec![block("embedding").with("width", 32_i64)] } else { vec![block("patches"), linear(32)] };
    let mut last = vec![block("layer-norm")];
    if !task.tokens {
        last.push(block("pool-sequence"));
    }
    last.push(block("linear"));
    let layer = vec![past(vec![block("attention").with("mask", mask)]), past(feed_forward)];
    let stages = vec![[first, vec![block("position")]].concat(), layer, last];
    Spec { batch: task.batch, seed, ..Spec::new(Choice::new(task.data), stages) }
}

/// What one contender came to.
struct Row {
    name: &'static str,
    accuracy: Vec<f64>,
    loss: Vec<f64>,
    parameters: u64,
    active: u64,
    /// Floating-point operations of the answer to one sample.
    operations: u64,
    milliseconds: f64,
    /// Least and greatest share of an expert, over the seeds; and the share of experts below a tenth of an even one.
    load: Option<[f64; 3]>,
}

pub fn routes(args: &Args) -> Answer {
    let mut out = format!(
        "# The routings, measured\n\n\
         Written by `cargo run --release -p engine --bin signalbox -- routes --steps {}`. {EXPERTS} experts of {HIDDEN} \
         hidden units stand in the place of the feed-forward part, each routing at its defaults where nothing else is \
         said; Adam at 0.003, seeds 1 to 3, on the CPU. Accuracy and loss are those of the test split, mean over the \
         seeds ± half the distance from the least to the greatest. Operations are those of the answer to one sample, \
         counted; milliseconds those of a training step, measured one contender after the other. The load is the least \
         and the greatest share that an expert had of the last step's rows (an even one is {:.3}), and how many of the \
         experts had less than a tenth of an even share.\n",
        args.steps,
        1.0 / EXPERTS as f64
    );
    for task in &TASKS {
        out += &format!("\n## {}\n\n{} steps of {} samples.\n\n", task.name, args.steps, task.batch);
        out += "| | test loss | test accuracy, % | parameters | of them active | operations a sample | ms a step | least and greatest load | idle |\n";
        out += "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
        for contender in contenders(task.tokens) {
            let row = measure(task, contender, args.steps)?;
            out += &line(&row);
            files::write(&args.out, out.as_bytes())?;
        }
    }
    Ok(Outcome::Done)
}

fn measure(task: &Task, contender: Contender, steps: u32) -> Result<Row, Vec<Diagnostic>> {
    let mut row = Row {
        name: contender.name,
        accuracy: Vec::new(),
        loss: Vec::new(),
        parameters: 0,
        active: 0,
        operations: 0,
        milliseconds: f64::INFINITY,
        load: None,
    };
    for seed in SEEDS {
        let spec = spec(task, &contender.way, seed);
        let mut trainer = Trainer::new(&spec, files::data(&spec, &files::Own::default())?)?;
        let (begin, warm) = (Instant::now(), (steps / 10).max(1));
        trainer.step(warm);
        trainer.last()?;
        let took: Duration = begin.elapsed();
        row.milliseconds = row.milliseconds.min(took.as_secs_f64() * 1e3 / f64::from(warm));
        train(&mut trainer, steps.saturating_sub(warm), usize::MAX)?;
        let [_, test] = trainer.evaluate()?;
        row.accuracy.push(test.accuracy.into());
        row.loss.push(test.loss.into());
        row.parameters = trainer.lab.cost.parameters;
        row.active = trainer.lab.cost.active_parameters;
        row.operations = answer(&resolve(&spec)?, &trainer.data).unwrap_or(0);
        if let Some(load) = load(&mut trainer)? {
            let even = 1.0 / load.len().max(1) as f64;
            let idle = load.iter().filter(|share| **share < even / 10.0).count() as f64;
            let (least, most) = load.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), &v| (a.min(v), b.max(v)));
            let [a, b, c] = row.load.unwrap_or([f64::INFINITY, 0.0, 0.0]);
            row.load = Some([a.min(least), b.max(most), c + idle / SEEDS.len() as f64]);
        }
        eprintln!(
            "{} › {} with seed {seed}: loss {:.3}, accuracy {:.3}",
            task.data, row.name, test.loss, test.accuracy
        );
    }
    Ok(row)
}

/// The share of each expert in the last step; `None` without a route.
fn load(trainer: &mut Trainer) -> Result<Option<Vec<f64>>, Vec<Diagnostic>> {
    let graph = trainer.lab.graph.clone();
    let is_load = |name: &str| name.starts_with("route/") && name.ends_with("/load");
    let slot = graph.slot_ids().find(|&id| graph.slot(id).role == Role::Metric && is_load(&graph.slot(id).name));
    let Some(slot) = slot else { return Ok(None) };
    Ok(Some(trainer.read(&[slot])?.into_iter().map(f64::from).collect()))
}

fn line(row: &Row) -> String {
    let spread = |values: &[f64], factor: f64, places: usize| {
        spread(values).map_or_else(
            || "diverged".to_owned(),
            |(mean, s)| format!("{:.places$} ± {:.places$}", factor * mean, factor * s),
        )
    };
    let (load, idle) = row.load.map_or_else(
        || ("–".to_owned(), "–".to_owned()),
        |[least, most, idle]| (format!("{least:.3} to {most:.3}"), format!("{idle:.1}")),
    );
    format!(
        "| {} | {} | {} | {} | {} | {} | {:.1} | {load} | {idle} |\n",
        row.name,
        spread(&row.loss, 1.0, 3),
        spread(&row.accuracy, 100.0, 1),
        grouped(row.parameters),
        grouped(row.active),
        grouped(row.operations),
        row.milliseconds,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contender_can_be_built() {
        for task in &TASKS {
            for contender in contenders(task.tokens) {
                assert_eq!(resolve(&spec(task, &contender.way, 1)).err(), None, "{}", contender.name);
            }
        }
    }
}
