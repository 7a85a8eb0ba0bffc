//! A trained network changed by a transform.

use std::path::PathBuf;

use clap::Args as Arguments;
use engine::data::Data;
use engine::diagnostic::Diagnostic;
use engine::export::safetensors;
use engine::spec::{Spec, text};
use engine::transforms::{Changed, TRANSFORMS};
use engine::weights::Weights;

use crate::run::said;
use crate::say::say;
use crate::table::table;
use crate::trainer::Trainer;
use crate::{Answer, Outcome, files, weights};

#[derive(Debug, Arguments)]
pub struct Args {
    /// The experiment that was trained, as JSON
    spec: PathBuf,
    /// Its weights, as `run --weights` writes them
    #[arg(long, value_name = "W.safetensors")]
    weights: PathBuf,
    /// The transform: its id, or JSON such as {"id": "magnitude-pruning", "density": 0.1}
    #[arg(long, value_name = "TRANSFORM")]
    by: String,
    /// Where to write the new experiment
    #[arg(long, value_name = "OUT.json")]
    spec_out: Option<PathBuf>,
    /// Where to write the new weights
    #[arg(long, value_name = "OUT.safetensors")]
    weights_out: Option<PathBuf>,
    #[command(flatten)]
    own: files::Own,
}

pub fn transform(args: &Args) -> Answer {
    let spec = files::spec(&args.spec)?;
    let by = text::read_choice(&args.by, TRANSFORMS, "--by")?;
    let data = files::data(&spec, &args.own)?;
    let (before, touches) = weights::read(&args.weights)?;
    args.spec_out.iter().chain(&args.weights_out).try_for_each(|path| files::writable(path))?;
    let mut told = vec![vec!["before".to_owned(), accuracy(&spec, &data, &before)?]];
    let Changed { spec, weights, figures } = engine::transforms::transform(&spec, &data, &before, &by)?;
    told.push(vec!["after".to_owned(), accuracy(&spec, &data, &weights)?]);
    told.extend(figures.into_iter().map(|(name, value)| vec![name, format!("{value:.4}")]));
    say(table(&told).trim_end())?;
    if let Some(path) = &args.spec_out {
        files::write(path, text::write(&spec).as_bytes())?;
    }
    if let Some(path) = &args.weights_out {
        files::write(path, &safetensors::pack(&weights, &spec, &touches)?)?;
    }
    Ok(Outcome::Done)
}

/// How the network does on both splits.
fn accuracy(spec: &Spec, data: &Data, weights: &Weights) -> Result<String, Vec<Diagnostic>> {
    let [train, test] = Trainer::begun(spec, data.clone(), weights.clone())?.evaluate()?;
    Ok(format!("train {}, test {}", said(train, data.answer), said(test, data.answer)))
}
