//! A run taken away: as a model in ONNX, as a script for PyTorch.

use std::path::{Path, PathBuf};

use clap::Args as Arguments;
use engine::diagnostic::Diagnostic;
use engine::export::{onnx, safetensors, torch};
use engine::touch::Past;
use engine::weights::Weights;

use crate::say::say;
use crate::trainer::Trainer;
use crate::{Answer, Outcome, files, weights};

#[derive(Debug, Arguments)]
pub struct Args {
    /// The experiment, as JSON
    spec: PathBuf,
    /// Where to write the network as it answers
    #[arg(long, value_name = "OUT.onnx")]
    onnx: Option<PathBuf>,
    /// How many samples the ONNX model takes at once; any number where that is possible, else 1
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), requires = "onnx")]
    batch: Option<u32>,
    /// Where to write the training as a script; what it begins with lies beside it, as OUT.safetensors
    #[arg(long, value_name = "OUT.py")]
    torch: Option<PathBuf>,
    /// Steps to train before
    #[arg(long, default_value_t = 0)]
    steps: u32,
    /// Weights to begin with, in the place of the initial ones
    #[arg(long, value_name = "W.safetensors")]
    from: Option<PathBuf>,
    #[command(flatten)]
    own: files::Own,
}

pub fn export(args: &Args) -> Answer {
    if args.onnx.is_none() && args.torch.is_none() {
        let mend = "give --onnx OUT.onnx, or --torch OUT.py, or both";
        return Err(vec![Diagnostic::new("export", "nothing is asked for", mend)]);
    }
    let spec = files::spec(&args.spec)?;
    let data = files::data(&spec, &args.own)?;
    let beside = args.torch.as_ref().map(|path| path.with_extension("safetensors"));
    args.onnx.iter().chain(&args.torch).chain(&beside).try_for_each(|path| files::writable(path))?;
    let (from, touches) = args.from.as_deref().map(weights::begin).transpose()?.unwrap_or_default();
    let mut trainer = Trainer::begun(&spec, data, from)?;
    trainer.step(args.steps);
    let registers = trainer.registers()?;
    if let Some(path) = &args.onnx {
        let batch = args.batch.map(|n| n as usize);
        let past = Past { step: args.steps.into(), touches: touches.clone() };
        let made = onnx::model(&spec, &trainer.data, &registers, &past, batch)?;
        files::write(path, &made.bytes)?;
        let takes = made.batch.map_or_else(|| "any number of samples".to_owned(), |n| format!("{n} at once"));
        say(format!("{}: takes {takes}", path.display()))?;
    }
    if let (Some(path), Some(beside)) = (&args.torch, &beside) {
        let wanted = torch::registers(&trainer.lab);
        let held: Weights = registers.into_iter().filter(|(name, _)| wanted.contains(name.as_str())).collect();
        files::write(beside, &safetensors::pack(&held, &spec, &touches)?)?;
        files::write(path, torch::script(&spec, &trainer.lab, &file_name(beside), &touches).as_bytes())?;
        say(format!("{}: begins with {}", path.display(), beside.display()))?;
    }
    Ok(Outcome::Done)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
