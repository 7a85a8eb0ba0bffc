//! Every rule on the same tasks at the page's defaults, as `docs/rules.md`.
//!
//! What has been measured is kept in a file beside it, so that a run that was interrupted goes on where it was, and a
//! new rule is measured alone.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args as Arguments;
use engine::diagnostic::Diagnostic;
use engine::protocol::CostInfo;
use engine::race::spread;
use engine::registry::find;
use engine::rules::{RULES, Rule};
use engine::spec::{BlockSpec, Choice, Spec};
use serde::{Deserialize, Serialize};

use crate::run::{Trained, train};
use crate::table::grouped;
use crate::trainer::Trainer;
use crate::{Answer, Outcome, files};

const SEEDS: [u32; 3] = [1, 2, 3];

#[derive(Debug, Arguments)]
pub struct Args {
    /// Ids of rules; all when none is given
    rules: Vec<String>,
    /// Where to write the tables
    #[arg(long, default_value = "docs/rules.md")]
    out: PathBuf,
    /// What has been measured; read if it is there, and written
    #[arg(long, default_value = "docs/rules.json")]
    keep: PathBuf,
    /// Measure anew what is there already
    #[arg(long)]
    again: bool,
    /// Then count and time a step of each rule anew, one after the other: on an idle machine
    #[arg(long)]
    time: bool,
}

/// What all rules are tried on.
struct Task {
    id: &'static str,
    name: &'static str,
    data: &'static str,
    hidden: &'static [i64],
    steps: u32,
}

const TASKS: [Task; 4] = [
    Task { id: "digits", name: "Digits, 64-64-32-10", data: "digits", hidden: &[64, 32], steps: 1000 },
    Task {
        id: "mnist",
        name: "MNIST (8,000 + 2,000), 784-256-256-10",
        data: "mnist",
        hidden: &[256, 256],
        steps: 2000,
    },
    Task {
        id: "mnist1d",
        name: "MNIST-1D (4,000 + 1,000), 40-128-128-10",
        data: "mnist1d",
        hidden: &[128, 128],
        steps: 2000,
    },
    Task {
        id: "deep",
        name: "MNIST-1D, six hidden layers of 64",
        data: "mnist1d",
        hidden: &[64, 64, 64, 64, 64, 64],
        steps: 2000,
    },
];

/// How near rules are to come to backpropagation's accuracy on MNIST, in points.
const GOALS: [(f64, &[&str]); 2] = [
    (
        1.0,
        &[
            "direct-feedback-alignment",
            "product-feedback-alignment",
            "mono-forward",
            "predictive-coding",
            "counter-current",
        ],
    ),
    (3.0, &["forward-forward", "pepita", "lls", "noprop"]),
];

/// What one rule came to on one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Measured {
    Refused(String),
    Trained { runs: Vec<One>, step: Step },
}

/// A step's cost, counted, and its time, measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Step {
    work: u64,
    span: u64,
    makespan: u64,
    memory: u64,
    order: String,
    /// Absent until steps were timed.
    milliseconds: Option<f64>,
}

/// With one seed. Figures that are not finite are absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct One {
    accuracy: Option<f64>,
    /// Mean over the hidden stages of the cosine between the rule's update and backpropagation's, after a tenth of the
    /// steps and after all of them.
    cosines: Option<[f64; 2]>,
}

/// By task and rule.
type Kept = BTreeMap<String, BTreeMap<String, Measured>>;

fn spec(task: &Task, rule: &str, seed: u32) -> Spec {
    let hidden = |&w: &i64| vec![BlockSpec::new("linear").with("units", w), BlockSpec::new("activation")];
    let mut stages: Vec<_> = task.hidden.iter().map(hidden).collect();
    stages.push(vec![BlockSpec::new("linear")]);
    Spec { rule: Choice::new(rule), seed, steps: task.steps, ..Spec::new(Choice::new(task.data), stages) }
}

pub fn tabulate(args: &Args) -> Answer {
    let mut rules: Vec<&'static dyn Rule> = Vec::new();
    for id in &args.rules {
        rules.push(find(RULES, id, "rule").map_err(|f| vec![f])?);
    }
    if rules.is_empty() {
        rules = RULES.to_vec();
    }
    let mut kept = read(&args.keep)?;
    for task in &TASKS {
        for rule in &rules {
            let id = rule.meta().id;
            let known = kept.get(task.id).is_some_and(|t| t.contains_key(id));
            if known && !args.again {
                continue;
            }
            let measured = measure(task, id)?;
            kept.entry(task.id.to_owned()).or_default().insert(id.to_owned(), measured);
            write(args, &kept)?;
        }
    }
    if args.time {
        for task in &TASKS {
            for rule in &rules {
                let id = rule.meta().id;
                if let Some(Measured::Trained { step, .. }) = kept.get_mut(task.id).and_then(|t| t.get_mut(id)) {
                    *step = timed(task, id)?;
                    eprintln!("{} › {id}: {:.3} ms a step", task.id, step.milliseconds.unwrap_or(f64::NAN));
                }
            }
        }
    }
    write(args, &kept)?;
    Ok(Outcome::Done)
}

/// Keeps what has been measured, and writes the tables.
fn write(args: &Args, kept: &Kept) -> Result<(), Vec<Diagnostic>> {
    let text = serde_json::to_string_pretty(kept).map_err(|e| vec![Diagnostic::new("", e.to_string(), "")])?;
    files::write(&args.keep, format!("{text}\n").as_bytes())?;
    files::write(&args.out, written(kept).as_bytes())
}

fn read(path: &std::path::Path) -> Result<Kept, Vec<Diagnostic>> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(Kept::new()) };
    serde_json::from_str(&text).map_err(|e| {
        vec![Diagnostic::new(path.display().to_string(), e.to_string(), "remove it, or name another with --keep")]
    })
}

fn measure(task: &Task, rule: &str) -> Result<Measured, Vec<Diagnostic>> {
    let mut runs = Vec::new();
    let mut step = None;
    for seed in SEEDS {
        let spec = spec(task, rule, seed);
        let data = files::data(&spec, &files::Own::default())?;
        let mut trainer = match Trainer::new(&spec, data) {
            Ok(trainer) => trainer,
            Err(faults) => {
                return Ok(Measured::Refused(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")));
            }
        };
        step = Some(counted(&trainer));
        let tenth = task.steps / 10;
        let Trained { diverged, .. } = train(&mut trainer, tenth, usize::MAX)?;
        let first = cosine(&mut trainer)?;
        let rest = train(&mut trainer, task.steps - tenth, usize::MAX)?;
        let last = cosine(&mut trainer)?;
        let accuracy = rest.curve.last().and_then(|p| p.splits).map(|s| f64::from(s[1].accuracy));
        let accuracy = accuracy.filter(|_| diverged.is_none() && rest.diverged.is_none());
        eprintln!("{} › {rule} with seed {seed}: accuracy {accuracy:?}", task.id);
        runs.push(One { accuracy, cosines: first.zip(last).map(|(a, b)| [a, b]) });
    }
    let step = step.ok_or_else(|| vec![Diagnostic::new("", "there is no seed", "")])?;
    Ok(Measured::Trained { runs, step })
}

/// What a step costs, untimed.
fn counted(trainer: &Trainer) -> Step {
    let CostInfo { work, span, makespan, memory, order, .. } = trainer.lab.cost;
    Step { work, span, makespan, memory, order: format!("{order:?}"), milliseconds: None }
}

/// What a step costs, and how long it takes once the caches are warm.
fn timed(task: &Task, rule: &str) -> Result<Step, Vec<Diagnostic>> {
    const STEPS: u32 = 3;
    const LEAST: Duration = Duration::from_millis(400);
    let spec = spec(task, rule, SEEDS[0]);
    let mut trainer = Trainer::new(&spec, files::data(&spec, &files::Own::default())?)?;
    trainer.step(STEPS);
    trainer.last()?;
    let (begin, mut steps) = (Instant::now(), 0);
    while begin.elapsed() < LEAST {
        trainer.step(STEPS);
        trainer.last()?;
        steps += STEPS;
    }
    let milliseconds = begin.elapsed().as_secs_f64() * 1e3 / f64::from(steps);
    Ok(Step { milliseconds: Some(milliseconds), ..counted(&trainer) })
}

/// The mean of the hidden stages' cosines with backpropagation's updates, now.
fn cosine(trainer: &mut Trainer) -> Result<Option<f64>, Vec<Diagnostic>> {
    let Some(probe) = trainer.lab.measurements.iter().find(|m| m.probe == "alignment") else { return Ok(None) };
    let (program, slots) = (probe.program, probe.tensors.iter().map(|t| t.1).collect::<Vec<_>>());
    trainer.executor.run(program, 1);
    let values = trainer.read(&slots)?;
    let hidden = &values[..values.len().saturating_sub(1)];
    let mean = hidden.iter().map(|v| f64::from(*v)).sum::<f64>() / hidden.len().max(1) as f64;
    Ok(mean.is_finite().then_some(mean))
}

/// The tables, as Markdown.
fn written(kept: &Kept) -> String {
    let mut out = String::from(
        "# The rules, measured\n\n\
         Written by `cargo run --release -p engine --bin signalbox -- tabulate`; the figures lie in `rules.json`. Every \
         rule at the page's defaults (Adam at 0.003, batches of 128, the rule's own knobs untouched), seeds 1 to 3, on \
         the CPU. Accuracy is the share of right answers on the whole test split, mean over the seeds ± half the \
         distance from the least to the greatest. The cosine is that between the rule's update and backpropagation's, \
         mean over the hidden stages, after a tenth of the steps and after all. Operations, span and temporaries are \
         counted from the program of one step, and so is the time of a step with a worker a stage, in operations. Seconds \
         are those of all steps, from the time of one step of each rule after the other on two idle cores.\n",
    );
    for task in &TASKS {
        let Some(rules) = kept.get(task.id) else { continue };
        out += &format!("\n## {}\n\n{} steps.\n\n", task.name, grouped(task.steps.into()));
        out += "| rule | test accuracy, % | cosine at 10 % | at 100 % | operations a step | span | with a worker a stage | temporaries, bytes | seconds |\n";
        out += "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
        for rule in RULES {
            let meta = rule.meta();
            match rules.get(meta.id) {
                Some(Measured::Trained { runs, step }) => out += &row(meta.name, runs, step, task.steps),
                Some(Measured::Refused(why)) => {
                    out += &format!("| {} | does not fit: {why} | | | | | | | |\n", meta.name)
                }
                None => {}
            }
        }
    }
    if let Some(rules) = kept.get("mnist") {
        out += &beside(rules);
    }
    out += "\n## What the papers report\n\n| rule | figure | source |\n| --- | --- | --- |\n";
    for rule in RULES {
        let published = rule.published();
        let said = if published.is_empty() { "none read" } else { published };
        out += &format!("| {} | {said} | {} |\n", rule.meta().name, rule.meta().source);
    }
    out
}

/// How near the rules of [`GOALS`] came, as Markdown; nothing before backpropagation is measured.
fn beside(rules: &BTreeMap<String, Measured>) -> String {
    let mean = |id: &str| match rules.get(id) {
        Some(Measured::Trained { runs, .. }) => {
            let values: Option<Vec<f64>> = runs.iter().map(|r| r.accuracy).collect();
            values.and_then(|v| spread(&v)).map(|(mean, _)| mean)
        }
        Some(Measured::Refused(_)) | None => None,
    };
    let Some(best) = mean(RULES[0].meta().id) else { return String::new() };
    let mut out = String::from(
        "\n## Beside backpropagation on MNIST\n\n| rule | points behind | aim | |\n| --- | --- | --- | --- |\n",
    );
    for (goal, ids) in GOALS {
        for rule in RULES.iter().filter(|r| ids.contains(&r.meta().id)) {
            let Some(behind) = mean(rule.meta().id).map(|mean| 100.0 * (best - mean)) else { continue };
            let said = if behind <= goal { "reached" } else { "missed" };
            out += &format!("| {} | {behind:.2} | {goal} | {said} |\n", rule.meta().name);
        }
    }
    out
}

fn row(name: &str, runs: &[One], step: &Step, steps: u32) -> String {
    let all = |figure: &dyn Fn(&One) -> Option<f64>| {
        let values: Option<Vec<f64>> = runs.iter().map(figure).collect();
        values.and_then(|v| spread(&v))
    };
    let accuracy = all(&|r| r.accuracy)
        .map_or_else(|| "diverged".to_owned(), |(m, s)| format!("{:.2} ± {:.2}", 100.0 * m, 100.0 * s));
    let cosine =
        |i: usize| all(&|r| r.cosines.map(|c| c[i])).map_or_else(|| "–".to_owned(), |(m, _)| format!("{m:.2}"));
    let seconds = step.milliseconds.map_or_else(|| "–".to_owned(), |ms| format!("{:.1}", ms * f64::from(steps) / 1e3));
    format!(
        "| {name} | {accuracy} | {} | {} | {} | {} | {} | {} | {seconds} |\n",
        cosine(0),
        cosine(1),
        grouped(step.work),
        grouped(step.span),
        grouped(step.makespan),
        grouped(step.memory)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_hold_what_was_measured() {
        let one = |accuracy| One { accuracy, cosines: Some([0.5, 0.25]) };
        let step = Step {
            work: 1000,
            span: 7,
            makespan: 500,
            memory: 64,
            order: "AsBuilt".to_owned(),
            milliseconds: Some(2.0),
        };
        let trained = |runs| Measured::Trained { runs, step: step.clone() };
        let rules = BTreeMap::from([
            ("backprop".to_owned(), trained(vec![one(Some(0.9)), one(Some(0.8))])),
            ("forward-forward".to_owned(), trained(vec![one(None)])),
            ("direct-feedback-alignment".to_owned(), Measured::Refused("why".to_owned())),
        ]);
        let near = BTreeMap::from([
            ("backprop".to_owned(), trained(vec![one(Some(0.96))])),
            ("pepita".to_owned(), trained(vec![one(Some(0.94))])),
            ("mono-forward".to_owned(), trained(vec![one(Some(0.94))])),
        ]);
        let text = written(&BTreeMap::from([("digits".to_owned(), rules), ("mnist".to_owned(), near)]));
        assert!(text.contains("| PEPITA | 2.00 | 3 | reached |"), "{text}");
        assert!(text.contains("| Mono-Forward | 2.00 | 1 | missed |"), "{text}");
        assert!(
            text.contains("| Backpropagation | 85.00 ± 5.00 | 0.50 | 0.25 | 1,000 | 7 | 500 | 64 | 2.0 |"),
            "{text}"
        );
        assert!(text.contains("| Forward-forward | diverged |") && text.contains("does not fit: why"), "{text}");
    }
}
