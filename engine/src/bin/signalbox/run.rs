//! Training what a spec describes: one run, or the lanes of a race.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args as Arguments;
use engine::data;
use engine::diagnostic::Diagnostic;
use engine::export::safetensors;
use engine::session::devices::Machine;
use indicatif::{ProgressBar, ProgressStyle};

use crate::device::{Where, settle};
use crate::report::{Point, Report, pretty};
use crate::say::say;
use crate::table::grouped;
use crate::trainer::{Figures, Trainer};
use crate::{Answer, Outcome, files, race, score, weights};

/// Points of a run's curve.
const POINTS: u32 = 200;
/// Every so many of them both splits are looked at.
pub const EVALUATE: usize = 20;

#[derive(Debug, Arguments)]
pub struct Args {
    /// The experiment, as JSON
    spec: PathBuf,
    /// In the place of the spec's own
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    steps: Option<u32>,
    /// In the place of the spec's own
    #[arg(long, allow_negative_numbers = true)]
    seed: Option<u32>,
    #[arg(long, value_enum, default_value_t = Where::Auto)]
    pub device: Where,
    /// Where to write curve, final figures, cost, device and time, as JSON
    #[arg(long, value_name = "OUT.json")]
    pub report: Option<PathBuf>,
    /// Where to write the weights
    #[arg(long, value_name = "OUT.safetensors")]
    pub weights: Option<PathBuf>,
    /// Weights to begin with, in the place of the initial ones
    #[arg(long, value_name = "W.safetensors")]
    pub from: Option<PathBuf>,
    #[command(flatten)]
    pub own: files::Own,
}

/// What came of training.
pub struct Trained {
    pub curve: Vec<Point>,
    pub time: Duration,
    pub diverged: Option<u64>,
}

pub fn run(args: &Args) -> Answer {
    let mut spec = files::spec(&args.spec)?;
    spec.seed = args.seed.unwrap_or(spec.seed);
    spec.steps = args.steps.unwrap_or(spec.steps);
    if !spec.lanes.is_empty() || !spec.sweep.is_empty() || spec.seeds > 1 {
        return race::race(&spec, args);
    }
    let data = files::data(&spec, &args.own)?;
    args.report.iter().chain(&args.weights).try_for_each(|path| files::writable(path))?;
    let (from, touches) = args.from.as_deref().map(weights::begin).transpose()?.unwrap_or_default();
    let mut trainer = Trainer::begun(&spec, data, from)?;
    let place = settle(&mut trainer, &Machine::default(), args.device)?;
    eprintln!("{place}");
    let asked = trainer.lab.task.answer;
    let Trained { curve, time, diverged } = train(&mut trainer, spec.steps, EVALUATE)?;
    let steps = curve.last().map_or(0, |p| p.step);
    let speed = steps as f64 * f64::from(spec.batch) / time.as_secs_f64();
    let took = time.as_secs_f64();
    say(format!("{} steps in {took:.2} s, {} samples/s", grouped(steps), grouped(speed as u64)))?;
    for (name, figures) in
        curve.iter().rev().find_map(|p| p.splits).into_iter().flat_map(|s| ["train", "test"].into_iter().zip(s))
    {
        say(format!("{name:<5}  {}", said(figures, asked)))?;
    }
    if let Some(path) = &args.report {
        let report = Report { spec: &spec, lab: &trainer.lab, device: place.json(), time, curve: &curve, diverged };
        files::write(path, format!("{}\n", pretty(&report.json())).as_bytes())?;
    }
    if let Some(path) = &args.weights {
        files::write(path, &safetensors::pack(&trainer.weights()?, &spec, &touches)?)?;
    }
    if let Some(step) = diverged {
        let mend = "lower the learning rate, or clip the gradient";
        eprintln!("{}", Diagnostic::new(format!("step {step}"), "the loss is no longer finite", mend));
        return Ok(Outcome::Failed);
    }
    Ok(Outcome::Done)
}

pub fn said(figures: Figures, asked: data::Answer) -> String {
    format!("loss {:.4}  {}", figures.loss, score::said(asked, figures.accuracy))
}

/// Trains, with a bar; both splits are looked at every `evaluate` points and at the end. Stops where the loss is not
/// finite.
pub fn train(trainer: &mut Trainer, steps: u32, evaluate: usize) -> Result<Trained, Vec<Diagnostic>> {
    let asked = trainer.lab.task.answer;
    let bar = bar(steps);
    let chunk = steps.div_ceil(POINTS).max(1);
    let mut curve = Vec::new();
    let mut time = Duration::ZERO;
    let mut done = 0;
    while done < steps {
        let begin = Instant::now();
        let now = chunk.min(steps - done);
        trainer.step(now);
        let batch = trainer.last()?;
        time += begin.elapsed();
        done += now;
        bar.set_position(done.into());
        bar.set_message(said(batch, asked));
        let look = (curve.len() + 1).is_multiple_of(evaluate) || done == steps || !batch.loss.is_finite();
        let splits = if look { Some(trainer.evaluate()?) } else { None };
        curve.push(Point { step: done.into(), batch, splits });
        if !batch.loss.is_finite() {
            bar.abandon();
            return Ok(Trained { curve, time, diverged: Some(done.into()) });
        }
    }
    bar.finish_and_clear();
    Ok(Trained { curve, time, diverged: None })
}

/// A bar of so many steps.
pub fn bar(steps: u32) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}  {eta} left");
    ProgressBar::new(steps.into()).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
