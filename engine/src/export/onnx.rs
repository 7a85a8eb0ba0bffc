//! The network as it answers, as a model in ONNX (opset 18): what `rule.predict` builds, with the weights in it.
//!
//! One input, `input [batch, …]`, and one output, `logits [batch, …]`: features and channels are the last axis, tokens
//! whole numbers in floats, as everywhere here. The file says of itself (`metadata_props`): `spec`, the experiment's
//! text; `step`, how long it was trained; `touched`, where anything was done to the run that the experiment does not tell;
//! `outputs`, their names; `batch`, `any` or the number of samples that it takes.
//! It takes any number where the network can be written for any: not where a routing's capacity or a table of noise
//! depends on how many there are.
//!
//! Noise in an answer is a function of seed and step, and stands in the file as numbers.

mod batch;
pub mod lower;
pub mod model;
mod protobuf;

use crate::answer::Prediction;
use crate::data::Data;
use crate::diagnostic::Diagnostic;
use crate::spec::resolve::resolve;
use crate::spec::{Spec, text};
use crate::touch::{self, Past};
use crate::weights::Weights;
use model::Model;

const INPUT: &str = "input";
const LOGITS: &str = "logits";

/// A model's file.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    pub bytes: Vec<u8>,
    /// How many samples it takes; `None` for any number.
    pub batch: Option<usize>,
}

/// The network of `spec` with what `registers` hold where its run stood. Where it cannot take any number of samples, or
/// where `batch` says so, it takes a fixed one: `batch`, else 1.
///
/// # Errors
/// The network cannot be built, or has what ONNX cannot say.
pub fn model(
    spec: &Spec,
    data: &Data,
    registers: &Weights,
    past: &Past,
    batch: Option<usize>,
) -> Result<Exported, Vec<Diagnostic>> {
    let resolved = resolve(spec)?;
    let lowered = |samples: usize| {
        let prediction = Prediction::new(&resolved, data, samples)?;
        let registers = prediction.filled(registers)?;
        let Prediction { g, input, logits } = prediction;
        let lowered = lower::lower(&g, &registers, &[(input, INPUT)], &[(logits, LOGITS)]);
        lowered.map(|m| (m, g.shape(logits).clone(), registers)).map_err(|f| vec![f])
    };
    let any = || {
        let tried: Vec<Model> = batch::TRIED.iter().map(|&n| Some(lowered(n).ok()?.0)).collect::<Option<_>>()?;
        batch::any(&tried, INPUT)
    };
    let open = if batch.is_none() { any() } else { None };
    let samples = open.is_none().then(|| batch.unwrap_or(1).max(1));
    let (fixed, logits, registers) = lowered(samples.unwrap_or(1))?;
    let mut model = open.unwrap_or(fixed);
    let input = [&[samples.unwrap_or(1)], data.input.as_slice()].concat();
    model.inputs = vec![(INPUT.to_owned(), batch::extents(&input, samples.is_none()))];
    model.outputs = vec![(LOGITS.to_owned(), batch::extents(&logits, samples.is_none()))];
    model.about = vec![
        ("spec", text::compact(spec)),
        ("step", past.step.to_string()),
        ("outputs", data.outputs.join("\n")),
        ("batch", samples.map_or_else(|| "any".to_owned(), |n| n.to_string())),
    ];
    if !past.touches.is_empty() {
        model.about.push(("touched", touch::write(&past.touches)));
    }
    Ok(Exported { bytes: model.bytes(&registers), batch: samples })
}
